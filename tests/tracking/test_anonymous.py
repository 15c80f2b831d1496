import socket

import pytest

from uadray.pseudonyms import pseudonym
from uadray.tracking.anonymous import Anonymous, without_places


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UAD-310 trial 3: losses must be finite; got nan.", "UAD-310 trial 3: losses must be finite; got nan."),
        ("val/auprc of 1/2 and train/discriminator/real", "val/auprc of 1/2 and train/discriminator/real"),
        ("see /home/ann/x.nii, '/tmp/a b'", "see (path), '(path) b'"),
        ("file:///home/ann/x", "(path)"),
        ("runs/studies/ann/trials", "(path)"),
        ("../x ./y ~/z", "(path) (path) (path)"),
        ("node 10.1.2.3 died", "node (address) died"),
        (f"on {socket.gethostname()}.", "on (name)."),
        ("sub-77_FLAIR", f"{pseudonym('sub-77')}_FLAIR"),
        ("case_1 and case_10", f"{pseudonym('case_1')} and {pseudonym('case_10')}"),
    ],
)
def test_a_text_loses_subjects_paths_and_names_and_nothing_else(text, expected):
    assert Anonymous(["case_1", "case_10"]).text(text) == expected


def test_a_tree_has_pseudonyms_for_subjects_in_values_and_in_keys():
    tree = {"patients": [{"subject": "case_1", "dice": 0.5}], "auprc": {"case_1": 1, "sub-2": None}, "model": "model"}
    one = pseudonym("case_1")
    assert Anonymous(["case_1"]).tree(tree) == {
        "patients": [{"subject": one, "dice": 0.5}],
        "auprc": {one: 1, pseudonym("sub-2"): None},
        "model": "model",
    }


def test_a_pseudonym_is_the_same_everywhere():
    assert pseudonym("sub-01") == "p-41c1ca2f"


def test_a_configuration_loses_its_files_and_keeps_its_metrics():
    tree = {"template": "/data/sri24.nii", "metric": "val/l1", "studies": ["../other"], "size": 3}
    assert without_places(tree) == {"template": "(path)", "metric": "val/l1", "studies": ["(path)"], "size": 3}
