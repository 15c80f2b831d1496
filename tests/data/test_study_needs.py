"""Who must be there for a study, by what the study reads."""

import numpy as np
import pytest
from making import made_stack, made_store

from uadray.data.study_needs import has_lesions, require_lesions, require_parts
from uadray.data.subject import Part, Subject
from uadray.errors import DataError

HEALTHY = [Part("train", "healthy"), Part("val", "healthy")]
PATIENTS = [Part("val", "lesion"), Part("test", "lesion")]


def test_patients_are_needed_by_what_reads_their_labels_and_it_is_named():
    require_parts(HEALTHY, labels_for=[])
    require_parts([*HEALTHY, *PATIENTS], labels_for=["val/auprc"])
    with pytest.raises(DataError) as caught:
        require_parts(HEALTHY, labels_for=["val/auprc", "the threshold validation_optimum"])
    validate, test = caught.value.problems
    assert "for val/auprc and the threshold validation_optimum" in validate.must
    assert "test" in test.must


@pytest.mark.parametrize("part", HEALTHY)
def test_healthy_slices_are_always_needed(part):
    with pytest.raises(DataError, match="UAD-130"):
        require_parts([other for other in [*HEALTHY, *PATIENTS] if other != part], labels_for=[])


def store_of(folder, lesion):
    """Healthy scans for training and validation, a patient for each of the others; all lesions or none."""
    image, brain = np.full((2, 16, 16), 0.5, np.float32), np.ones((2, 16, 16), np.bool_)
    people = [
        ("sub-a", "train", "healthy"),
        ("sub-b", "val", "healthy"),
        ("sub-c", "val", "lesion"),
        ("sub-d", "test", "lesion"),
    ]
    members = [
        (
            Subject(name, group, "here", folder / name, None, None),
            split,
            made_stack(image + 0.01 * number, brain, brain & (group == "lesion" and lesion)),
        )
        for number, (name, split, group) in enumerate(people)
    ]
    return made_store(folder, 16, members)


def test_a_lesion_voxel_is_needed_where_labels_are(tmp_path):
    without = store_of(tmp_path / "without", lesion=False)
    assert not has_lesions(without, "test")
    require_lesions(without, labels_for=[])
    with pytest.raises(DataError) as caught:
        require_lesions(without, labels_for=["val/dice_mean"])
    assert [problem.code for problem in caught.value.problems] == ["UAD-117", "UAD-117"]
    with_lesions = store_of(tmp_path / "with", lesion=True)
    assert has_lesions(with_lesions, "test")
    require_lesions(with_lesions)
