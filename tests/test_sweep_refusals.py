"""What a sweep refuses before it computes."""

import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import ray
from sweeping import SPACE, command, run

from uadray.data.phantom.cohort import PhantomCohort

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    subjects = PhantomCohort(healthy=5, lesion=2, spacing_mm=4).subjects(folder)
    return subjects[0].image.parents[2]


@pytest.fixture
def copied(cohort, tmp_path):
    return Path(shutil.copytree(cohort, tmp_path / "cohort"))


def refused(tmp_path, *options, space=SPACE):
    """What the sweep prints of wrong input; Ray and stores must not have begun."""
    arguments = command(tmp_path, *options)
    (tmp_path / "tiny.yaml").write_text(space)
    done = run(arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs" / "studies").exists()
    assert not ray.is_initialized()
    return done.stderr


def test_a_misspelt_key_is_refused(tmp_path):
    assert "UAD-210" in (said := refused(tmp_path, space=SPACE.replace("trials: 5", "trails: 5")))
    assert "tiny.yaml:5:18 budget.trails" in said
    assert "Did you mean `trials`?" in said


def test_overrides_are_refused_together_with_the_file_that_they_change(tmp_path):
    said = refused(tmp_path, "budget.hour=3", "epochs", space=SPACE.replace("trials: 5", "trails: 5"))
    assert "UAD-210 override budget.hour: must be a known key; got 'hour'. Did you mean `hours`?" in said
    assert "UAD-217 override epochs: must be KEY=VALUE" in said
    assert "tiny.yaml:5:18 budget.trails" in said
    assert "3 problems; nothing was computed" in said


def test_a_truncated_scan_and_a_mask_of_another_shape_are_refused_together(copied, tmp_path):
    scan = copied / "sub-healthy001" / "anat" / "sub-healthy001_FLAIR.nii.gz"
    scan.write_bytes(scan.read_bytes()[:5000])
    mask = next(copied.glob("derivatives/masks/*/anat/*_label-lesion_mask.nii.gz"))
    image = nib.load(mask)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj)[:-1], image.affine), mask)
    said = refused(tmp_path, "--bids", str(copied))
    assert "UAD-102 sub-healthy001" in said
    assert "UAD-109" in said
    assert "2 problems; nothing was computed" in said


def test_an_empty_cohort_is_refused(copied, tmp_path):
    (copied / "participants.tsv").write_text("participant_id\tgroup\n")
    assert "UAD-122" in refused(tmp_path, "--bids", str(copied))


def test_a_missing_cohort_is_refused(tmp_path):
    assert "UAD-120" in refused(tmp_path, "--bids", str(tmp_path / "absent"))


def test_patients_are_asked_for_where_an_objective_needs_them(tmp_path):
    assert "patients to validate on, for val/dice_mean" in refused(
        tmp_path, space=SPACE.replace("lesion: 4", "lesion: 0")
    )


def test_a_trial_that_asks_for_more_gpus_than_there_are_does_not_wait_for_ever(tmp_path):
    done = run(command(tmp_path, "resources.gpus_per_worker=64"))
    assert done.returncode == 2, done.stdout
    assert "UAD-303 resources: a trial needs 64 GPUs; got 0 here" in done.stderr
    assert "Traceback" not in done.stderr
