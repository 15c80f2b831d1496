"""Which scans are assessed, and under which names."""

from pathlib import Path

import pytest

from uadray.errors import DataError
from uadray.prediction.scans import stem_of, wanted


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("sub-01_FLAIR.nii.gz", "sub-01"),
        ("sub-01_ses-2_run-1_FLAIR.nii", "sub-01_ses-2_run-1"),
        ("sub-01_space-MNI_desc-n4_FLAIR.nii.gz", "sub-01"),
        ("scan.nii.gz", "sub-scan"),
        ("Patient 3 - follow_up.nii", "sub-Patient3followup"),
        ("sub-.nii.gz", "sub-sub"),
    ],
)
def test_a_scan_keeps_its_bids_name_or_gets_one_of_letters_and_digits(name, stem):
    assert stem_of(Path(name)) == stem


def test_a_name_of_signs_alone_is_refused():
    with pytest.raises(DataError, match="UAD-378"):
        stem_of(Path("___.nii.gz"))


def test_a_folder_gives_every_flair_scan_of_every_session_with_its_brain_mask(tmp_path):
    touch(
        tmp_path / "sub-02" / "ses-1" / "anat" / "sub-02_ses-1_FLAIR.nii.gz",
        tmp_path / "sub-02" / "ses-2" / "anat" / "sub-02_ses-2_run-1_FLAIR.nii.gz",
        tmp_path / "sub-02" / "ses-2" / "anat" / "sub-02_ses-2_run-2_FLAIR.nii.gz",
        tmp_path / "sub-01" / "anat" / "sub-01_FLAIR.nii",
        tmp_path / "sub-01" / "anat" / "sub-01_T1w.nii",
        tmp_path / "sub-01" / "anat" / "sub-01_FLAIR.nii.json",
        tmp_path / "derivatives" / "masks" / "sub-01" / "anat" / "sub-01_desc-brain_mask.nii.gz",
        tmp_path / "derivatives" / "other" / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz",
    )
    found = wanted(tmp_path)
    assert [each.stem for each in found] == ["sub-01", "sub-02_ses-1", "sub-02_ses-2_run-1", "sub-02_ses-2_run-2"]
    assert found[0].brain_mask is not None
    assert found[1].brain_mask is None
    assert found[2].folder == Path("sub-02", "ses-2", "anat")
    assert found[0].sources({tmp_path: "raw"}) == [
        "bids:raw:sub-01/anat/sub-01_FLAIR.nii",
        "bids:raw:derivatives/masks/sub-01/anat/sub-01_desc-brain_mask.nii.gz",
    ]


def test_two_brain_masks_that_are_as_near_to_a_scan_are_refused(tmp_path):
    anat = tmp_path / "sub-01" / "anat"
    masks = ("sub-01_acq-3d_desc-brain_mask.nii", "sub-01_run-1_desc-brain_mask.nii")
    touch(anat / "sub-01_acq-3d_run-1_FLAIR.nii", *(anat / mask for mask in masks))
    with pytest.raises(DataError, match="UAD-127"):
        wanted(tmp_path)


def test_a_scan_has_its_own_runs_brain_mask_else_its_sessions_and_never_another_runs(tmp_path):
    anat = tmp_path / "sub-01" / "anat"
    scans = [anat / f"sub-01_run-{number}_FLAIR.nii" for number in (1, 2)]
    touch(*scans, anat / "sub-01_run-1_desc-brain_mask.nii", anat / "sub-01_run-1_desc-brain_mask.json")
    assert [each.brain_mask for each in wanted(tmp_path)] == [anat / "sub-01_run-1_desc-brain_mask.nii", None]
    touch(anat / "sub-01_desc-brain_mask.nii")
    own, shared = wanted(tmp_path)
    assert (own.brain_mask, shared.brain_mask) == (
        anat / "sub-01_run-1_desc-brain_mask.nii",
        anat / "sub-01_desc-brain_mask.nii",
    )


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    touch(tmp_path / "elsewhere.nii", tmp_path / "bids" / "sub-01" / "anat" / "x")
    (tmp_path / "bids" / "sub-01" / "anat" / "sub-01_FLAIR.nii").symlink_to(tmp_path / "elsewhere.nii")
    with pytest.raises(DataError, match="UAD-129"):
        wanted(tmp_path / "bids")


def test_a_table_names_scans_and_tells_all_that_is_wrong_with_it(tmp_path):
    touch(tmp_path / "a.nii", tmp_path / "b.nii.gz", tmp_path / "mask.nii")
    table = tmp_path / "scans.csv"
    table.write_text("subject,session,image,brain_mask\n01,2,a.nii,mask.nii\nsub-02,,b.nii.gz,\n")
    first, second = wanted(table)
    assert (first.stem, first.brain_mask) == ("sub-01_ses-2", tmp_path / "mask.nii")
    assert (second.stem, second.image) == ("sub-02", tmp_path / "b.nii.gz")
    table.write_text("subject,image\n0 1,a.nii\n02,../b.nii.gz\n03,none.nii\n04,\n")
    with pytest.raises(DataError) as refused:
        wanted(table)
    assert [problem.code for problem in refused.value.problems] == ["UAD-125", "UAD-129", "UAD-133", "UAD-126"]


def test_scans_whose_results_would_lie_in_the_same_files_are_refused(tmp_path):
    touch(tmp_path / "a.nii")
    table = tmp_path / "scans.csv"
    table.write_text("subject,image\nAb,a.nii\naB,a.nii\n")
    with pytest.raises(DataError, match="UAD-378"):
        wanted(table)


def test_a_place_without_a_scan_is_refused_and_so_is_one_mask_for_many(tmp_path):
    touch(tmp_path / "mask.nii")
    with pytest.raises(DataError, match="UAD-377"):
        wanted(tmp_path)
    touch(tmp_path / "sub-01" / "anat" / "sub-01_FLAIR.nii")
    with pytest.raises(DataError, match="UAD-377"):
        wanted(tmp_path, tmp_path / "mask.nii")
