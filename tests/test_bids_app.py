"""The form that BIDS Apps are called in."""

import pytest
import typer
from commanding import uadray
from typer.testing import CliRunner

from uadray import assess, opening
from uadray.bids_app import ManyLabels, bids_app
from uadray.prediction.runtime import RUNTIMES


@pytest.fixture
def bids(tmp_path):
    for stem in ("sub-01_ses-1", "sub-01_ses-2", "sub-02", "sub-03"):
        anat = tmp_path.joinpath("bids", *stem.split("_"), "anat")
        anat.mkdir(parents=True)
        (anat / f"{stem}_FLAIR.nii.gz").touch()
    return tmp_path / "bids"


@pytest.fixture
def asked(monkeypatch):
    """What the command would assess, and how."""
    found = {}
    monkeypatch.setattr(opening, "opened", lambda *how: found.update(model=how))
    monkeypatch.setattr(
        assess, "assess", lambda _, scans, *how: found.update(scans=[scan.stem for scan in scans], how=how)
    )
    return found


def told(*arguments):
    return uadray("bids-app", *arguments)


@pytest.mark.parametrize(
    ("labels", "scans"),
    [
        ([], ["sub-01_ses-1", "sub-01_ses-2", "sub-02", "sub-03"]),
        (["--participant-label", "02", "03"], ["sub-02", "sub-03"]),
        (["--participant_label", "sub-02", "--participant-label", "03"], ["sub-02", "sub-03"]),
        (["--participant-label", "01", "03", "--session-label", "2"], ["sub-01_ses-2"]),
        (["--session_label", "ses-1", "2"], ["sub-01_ses-1", "sub-01_ses-2"]),
    ],
)
def test_labels_say_which_scans_are_assessed(bids, asked, tmp_path, labels, scans):
    done = told(bids, tmp_path / "out", "participant", *labels, "--model", "latent:best")
    assert done.exit_code == 0, done.output
    assert asked["scans"] == scans
    assert asked["model"][0] == "latent:best"


def test_options_of_bids_apps_have_their_meaning(bids, asked, tmp_path):
    options = ["--skip-bids-validation", "--n-cpus", 3, "--runtime", "openvino", "--model", "m"]
    options += ["-w", tmp_path / "work"]
    assert told(bids, tmp_path / "out", "participant", *options).exit_code == 0
    assert asked["how"] == (tmp_path / "out", 3, "cpu", RUNTIMES["openvino"])
    assert asked["model"] == ("m", tmp_path / "work", None)


@pytest.mark.parametrize("labels", [["--participant-label", "02", "9"], ["--session-label", "3"]])
def test_a_label_that_no_scan_has_is_refused_with_those_that_there_are(bids, asked, tmp_path, labels):
    done = told(bids, tmp_path / "out", "participant", *labels, "--model", "m")
    assert done.exit_code == 2
    assert "UAD-377" in done.output
    assert "there are s" in done.output
    assert asked == {}


@pytest.mark.parametrize(
    "arguments",
    [
        ["group", "--model", "m"],
        ["participant"],
        ["participant", "--model", "m", "--participant-label"],
        ["participant", "--participant-label", "--model", "m"],
    ],
)
def test_another_level_and_what_is_missing_are_refused(bids, asked, tmp_path, arguments):
    assert told(bids, tmp_path / "out", *arguments).exit_code == 2
    assert asked == {}


def test_a_folder_that_is_not_there_is_refused(asked, tmp_path):
    done = told(tmp_path / "none", tmp_path / "out", "participant", "--model", "m")
    assert (done.exit_code, "UAD-120" in done.output) == (2, True)


def test_values_in_a_row_are_read_as_if_each_had_its_option(bids, asked, tmp_path):
    own = typer.Typer()
    own.command(cls=ManyLabels)(bids_app)
    arguments = ["--participant-label", "02", "03", "--", str(bids), str(tmp_path / "out"), "participant"]
    done = CliRunner().invoke(own, ["--model", "m", *arguments])
    assert done.exit_code == 0, done.output
    assert asked["scans"] == ["sub-02", "sub-03"]
