import json

import numpy as np
import pytest

from uadray.data.bids import BidsCohort
from uadray.errors import DataError


def codes(cohort):
    with pytest.raises(DataError) as caught:
        cohort.subjects(cohort.root)
    return sorted(problem.code for problem in caught.value.problems)


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"found, not opened")
    return path


@pytest.fixture
def pixel():
    return np.zeros((1, 1, 1), np.uint8)


def test_participants_are_listed_in_their_order_with_their_files(folder, pixel):
    folder.add("sub-b", "lesion", pixel, lesion=pixel)
    folder.add("sub-a", "healthy", pixel)
    patient, healthy = folder.subjects()
    assert (patient.id, patient.group, patient.site) == ("sub-b", "lesion", "here")
    assert (patient.image, patient.lesion_mask) == (folder.scan("sub-b"), folder.lesion_mask("sub-b"))
    assert (healthy.id, healthy.lesion_mask, healthy.brain_mask) == ("sub-a", None, None)


def test_a_scan_may_have_entities_and_be_uncompressed(folder, pixel):
    folder.add("sub-a", "healthy", pixel)
    renamed = folder.scan("sub-a").rename(folder.scan("sub-a").with_name("sub-a_acq-3D_run-1_FLAIR.nii"))
    assert folder.subjects()[0].image == renamed


def test_a_site_may_be_unknown(folder, pixel):
    folder.add("sub-a", "healthy", pixel)
    folder.lines = ["participant_id\tgroup", "sub-a\thealthy"]
    assert folder.subjects()[0].site == "unknown"


def test_a_cohort_can_be_written_in_a_configuration(tmp_path):
    cohort = BidsCohort.parse({"root": str(tmp_path)})
    assert cohort.root == tmp_path
    assert json.loads(cohort.model_dump_json()) == {"kind": "bids", "root": str(tmp_path)}


def test_a_missing_or_empty_cohort_is_refused(tmp_path, folder):
    assert codes(BidsCohort(root=tmp_path / "nowhere")) == ["UAD-120"]
    assert codes(folder.cohort()) == ["UAD-122"]
    (folder.root / "participants.tsv").unlink()
    assert codes(BidsCohort(root=folder.root)) == ["UAD-122"]


def test_without_a_table_all_folders_of_subjects_are_unlabelled_scans(folder, pixel):
    folder.add("sub-b", "lesion", pixel)
    folder.add("sub-a", "healthy", pixel)
    (folder.root / "sub-a.txt").touch()
    found = BidsCohort(root=folder.root).subjects(folder.root)
    assert [(subject.id, subject.group) for subject in found] == [("sub-a", "unlabelled"), ("sub-b", "unlabelled")]


def test_a_table_that_is_not_a_file_is_no_missing_table(folder, pixel):
    folder.add("sub-a", "healthy", pixel)
    (folder.root / "participants.tsv").mkdir()
    assert codes(BidsCohort(root=folder.root)) == ["UAD-121"]


@pytest.mark.parametrize("table", [b"participant_id\tsex\nsub-a\tF\n", b"", b"participant_id\tgroup\n\xff\xfe\n"])
def test_a_table_that_cannot_be_understood_is_refused(folder, table):
    cohort = folder.cohort()
    (folder.root / "participants.tsv").write_bytes(table)
    assert codes(cohort) == ["UAD-121"]


def test_all_problems_are_told_at_once(folder, pixel):
    folder.add("sub-a", "ill", pixel)
    folder.add("sub-b", "healthy", pixel)
    folder.add("sub-b", "healthy", pixel)
    folder.add("sub-c", "lesion", pixel)
    folder.lines += ["sub-d\thealthy\there", "patient 5\tlesion\there"]
    assert codes(folder.cohort()) == ["UAD-123", "UAD-124", "UAD-125", "UAD-126", "UAD-128"]


@pytest.mark.parametrize(
    "name", ["../sub-a", "/sub-a", "sub-a/..", "sub-", "sub-a_b", "sub-\u00e4", "sub-a\0", "", "*"]
)
def test_a_name_that_could_be_a_path_is_refused(folder, name):
    folder.lines.append(f"{name}\thealthy\there")
    assert codes(folder.cohort()) == ["UAD-125"]


@pytest.mark.parametrize(
    ("words", "group"), [(["healthy", "Control", "HC"], "healthy"), (["lesion", "PATIENT", "ms"], "lesion")]
)
def test_a_group_has_several_words_in_any_case_and_the_column_two_names(folder, pixel, words, group):
    for number, word in enumerate(words):
        folder.add(f"sub-{number}", word, pixel, lesion=pixel)
    assert {subject.group for subject in folder.subjects()} == {group}
    folder.lines[0] = "participant_id\tdiagnosis\tsite"
    assert {subject.group for subject in folder.subjects()} == {group}


def test_of_the_two_columns_group_counts(folder, pixel):
    folder.add("sub-a", "healthy", pixel)
    folder.lines = ["participant_id\tdiagnosis\tgroup", "sub-a\tmigraine\thealthy"]
    assert folder.subjects()[0].group == "healthy"


def test_every_session_is_a_scan_of_the_same_person(folder, pixel):
    folder.lines.append("sub-a\tlesion\there")
    for session in ("ses-2", "ses-1"):
        anat = folder.root / "sub-a" / session / "anat"
        masks = folder.root / "derivatives/masks/sub-a" / session / "anat"
        touch(anat / f"sub-a_{session}_run-1_FLAIR.nii.gz")
        touch(masks / f"sub-a_{session}_label-lesion_mask.nii.gz")
    (folder.root / "sub-a/ses-3/dwi").mkdir(parents=True)
    first, second = folder.subjects()
    assert (first.id, second.id) == ("sub-a_ses-1", "sub-a_ses-2")
    assert first.person == second.person == "sub-a"
    assert first.image == folder.root / "sub-a/ses-1/anat/sub-a_ses-1_run-1_FLAIR.nii.gz"
    assert second.lesion_mask == masks.parents[1] / "ses-2/anat/sub-a_ses-2_label-lesion_mask.nii.gz"


def test_what_is_wrong_with_a_session_is_told_session_by_session(folder):
    folder.lines.append("sub-a\tlesion\there")
    touch(folder.root / "sub-a/ses-1/anat/sub-a_T1w.nii.gz")
    touch(folder.root / "sub-a/ses-2/anat/sub-a_ses-2_FLAIR.nii.gz")
    touch(folder.root / "sub-a/ses-pre op/anat/sub-a_FLAIR.nii.gz")
    assert codes(folder.cohort()) == ["UAD-126", "UAD-128", "UAD-128", "UAD-132"]


def test_masks_may_lie_beside_the_scan_but_not_in_both_places(folder, pixel):
    folder.add("sub-a", "lesion", pixel)
    lesion = touch(folder.scan("sub-a").with_name("sub-a_acq-3D_label-lesion_mask.nii.gz"))
    brain = touch(folder.scan("sub-a").with_name("sub-a_desc-brain_mask.nii"))
    (subject,) = folder.subjects()
    assert (subject.lesion_mask, subject.brain_mask) == (lesion, brain)
    touch(folder.lesion_mask("sub-a"))
    assert codes(folder.cohort()) == ["UAD-127"]


def test_a_session_may_not_be_a_link_out_of_the_cohort(folder, pixel, tmp_path):
    folder.add("sub-a", "healthy", pixel)
    (folder.root / "sub-a").rename(tmp_path / "ses-1")
    (folder.root / "sub-a").mkdir()
    (folder.root / "sub-a/ses-1").symlink_to(tmp_path / "ses-1")
    touch(tmp_path / "ses-1/anat/sub-a_ses-1_FLAIR.nii.gz")
    assert codes(folder.cohort()) == ["UAD-129"]


def test_a_line_and_its_double_are_both_named(folder, pixel):
    folder.add("sub-a", "healthy", pixel)
    folder.add("sub-a", "healthy", pixel)
    with pytest.raises(DataError, match=r"line 3: .* first in line 2"):
        folder.subjects()


def test_of_several_scans_none_is_chosen(folder, pixel):
    folder.add("sub-a", "healthy", pixel)
    folder.scan("sub-a").with_name("sub-a_run-2_FLAIR.nii.gz").write_bytes(b"")
    assert codes(folder.cohort()) == ["UAD-127"]


def test_links_may_not_lead_out_of_the_cohort(folder, pixel, tmp_path):
    folder.add("sub-a", "healthy", pixel)
    folder.add("sub-b", "healthy", pixel)
    inside, outside = folder.root / "annex.nii.gz", tmp_path / "elsewhere.nii.gz"
    folder.scan("sub-a").rename(inside)
    folder.scan("sub-a").symlink_to(inside)
    assert len(folder.subjects()) == 2
    folder.scan("sub-b").rename(outside)
    folder.scan("sub-b").symlink_to(outside)
    assert codes(folder.cohort()) == ["UAD-129"]


def test_a_link_to_itself_is_no_way_out(folder, pixel):
    folder.add("sub-a", "healthy", pixel)
    folder.scan("sub-a").unlink()
    folder.scan("sub-a").symlink_to(folder.scan("sub-a"))
    assert folder.subjects()  # and reading the scan will say what is wrong
