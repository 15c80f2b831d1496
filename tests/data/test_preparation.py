import gzip
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from breaking import CONFIG, overwrite, problems, rot, voxels, with_

from uadray.data import fsck
from uadray.data.abandoned import unfinished_folder
from uadray.data.bids import BidsCohort
from uadray.data.pipeline import Pipeline
from uadray.data.preparation import PrepareConfig, check, content_key, prepare
from uadray.data.reading import read
from uadray.data.study_needs import require_lesions, require_parts
from uadray.errors import DataError


def test_every_subject_is_in_one_split_with_its_slices(made):
    store = made()
    everyone = {name: m for split in ("train", "val", "test") for name, m in store.subjects(split).items()}
    assert len(everyone) == 10
    assert {member.slices for member in everyone.values()} == {4}
    assert set(store.subjects("train")) == set(store.subjects("train", "healthy"))
    assert store.size == 64


def test_intensities_and_masks_are_where_they_belong(made):
    slices = made().read("val")
    assert (slices.images.min(), slices.images.max()) == (0, 1)
    assert not slices.images[~slices.brain].any()
    patient = np.char.startswith(slices.subjects, "sub-p")
    assert not slices.lesion[~patient].any()
    assert slices.lesion[patient].sum(axis=(1, 2, 3)).tolist() == [0, 12, 12, 0] * 2
    rows, columns = (np.flatnonzero(slices.lesion.any(axis=axes)) for axes in ((0, 1, 3), (0, 1, 2)))
    assert max(rows.max(), columns.max()) < 32  # anterior is up, the patient's right is left


def test_what_was_prepared_is_not_prepared_again(made, small_cohort, tmp_path):
    first, calls = made(), []
    again = prepare(small_cohort.subjects()[::-1], CONFIG, tmp_path / "stores", lambda *call: calls.append(call))
    assert again == first
    assert calls == []


def test_progress_is_told_subject_by_subject(small_cohort, tmp_path):
    calls = []
    prepare(small_cohort.subjects(), CONFIG, tmp_path / "stores", lambda *call: calls.append(call))
    assert [call[:2] for call in calls] == [(done, 10) for done in range(1, 11)]
    assert calls[0][2] == "sub-h0"


def test_the_key_names_files_and_settings(small_cohort):
    subjects = small_cohort.subjects()
    key = content_key(subjects, CONFIG)
    assert content_key(subjects[::-1], CONFIG) == key
    assert content_key(subjects, PrepareConfig()) != key
    assert content_key(subjects[1:], CONFIG) != key
    assert content_key([replace(subjects[0], site="there"), *subjects[1:]], CONFIG) != key
    overwrite(subjects[0].image, voxels(subjects[0].image) * 2)
    assert content_key(subjects, CONFIG) != key


def test_all_problems_of_all_subjects_are_told_and_nothing_is_written(made, small_cohort, tmp_path):
    small_cohort.scan("sub-h1").unlink()
    small_cohort.scan("sub-h1").symlink_to(small_cohort.root / "missing")
    overwrite(small_cohort.scan("sub-h2"), np.full((40, 48, 6), np.nan, np.float32))
    overwrite(small_cohort.lesion_mask("sub-p0"), np.zeros((4, 4, 4), np.uint8))
    found = problems(made)
    assert [(p.code, p.where.split(",")[0]) for p in found] == [
        ("UAD-101", "sub-h1"),
        ("UAD-105", "sub-h2"),
        ("UAD-109", "sub-p0"),
    ]
    assert list((tmp_path / "stores").iterdir()) == []


def test_a_healthy_subject_with_a_lesion_is_refused(made, small_cohort):
    small_cohort.lines = [line.replace("sub-p0\tlesion", "sub-p0\thealthy") for line in small_cohort.lines]
    assert [(p.code, p.got) for p in problems(made)] == [("UAD-113", "24 lesion voxels")]


def test_an_empty_scan_or_a_speck_is_no_brain(made, small_cohort):
    speck = np.zeros((40, 48, 6), np.float32)
    speck[20, 20:23] = 1
    overwrite(small_cohort.scan("sub-h0"), speck)
    assert [p.code for p in problems(made)] == ["UAD-114"]


def test_a_mask_of_another_head_is_refused(made, small_cohort):
    corner = np.zeros((40, 48, 6), np.uint8)
    corner[:2, :2] = 1
    overwrite(small_cohort.lesion_mask("sub-p0"), corner)
    assert [p.code for p in problems(made)] == ["UAD-116"]


def test_the_same_scan_under_two_names_is_refused(made, small_cohort):
    copy = nib.load(small_cohort.scan("sub-h0")).as_reoriented(np.array([[1, -1], [0, 1], [2, -1]]))
    small_cohort.scan("sub-h3").unlink()
    small_cohort.scan("sub-h3").with_suffix("").write_bytes(copy.to_bytes())  # uncompressed and turned
    (problem,) = problems(made)
    assert (problem.code, problem.where, problem.got) == ("UAD-131", "sub-h3", "the voxels of sub-h0")


def test_a_brain_that_does_not_fit_is_refused(made):
    narrow = PrepareConfig.parse({"slices": {"kind": "middle", "count": 4}, "canvas": {"kind": "pad", "size": 16}})
    assert [p.code for p in problems(lambda: made(narrow))] == ["UAD-112"] * 10


def test_a_patient_without_a_lesion_in_these_slices_is_kept_and_counted(made, small_cohort):
    elsewhere = np.zeros((40, 48, 6), np.uint8)
    elsewhere[20:24, 20:24, 5] = 1
    overwrite(small_cohort.lesion_mask("sub-p0"), elsewhere)
    assert made().manifest.patients_without_lesion == 1


def test_a_study_of_patients_without_a_lesion_in_these_slices_is_refused(made, small_cohort):
    elsewhere = np.zeros((40, 48, 6), np.uint8)
    elsewhere[20:24, 20:24, 5] = 1
    for subject in small_cohort.subjects():
        if subject.group == "lesion":
            overwrite(subject.lesion_mask, elsewhere)
    store = made()
    assert [p.code for p in problems(lambda: require_lesions(store))] == ["UAD-117", "UAD-117"]


def test_holes_belong_to_the_brain_and_specks_do_not(small_cohort, tmp_path):
    data = voxels(small_cohort.scan("sub-h0")).copy()
    data[18:22, 20:26] = 0  # a ventricle
    data[0, 0] = 50  # a remnant
    overwrite(small_cohort.scan("sub-h0"), data)
    brain = Pipeline(CONFIG, tmp_path).prepare(read(small_cohort.subjects()[0])).brain
    assert brain[18:22, 20:26].all()
    assert not brain[0, 0].any()


def test_a_given_brain_mask_is_used(small_cohort, tmp_path):
    path = small_cohort.lesion_mask("sub-h0").with_name("sub-h0_desc-brain_mask.nii.gz")
    path.parent.mkdir(parents=True)
    mask = np.zeros((40, 48, 6), np.uint8)
    mask[10:30, 12:36] = 1
    nib.save(nib.Nifti1Image(mask, nib.load(small_cohort.scan("sub-h0")).affine), path)
    subject = small_cohort.subjects()[0]
    assert np.array_equal(read(subject).brain, mask > 0)
    assert Pipeline(CONFIG, tmp_path)(subject).stack.brain.sum() == 4 * 20 * 24


def test_a_check_finds_what_preparing_would_and_leaves_no_store(small_cohort, tmp_path):
    assert check(small_cohort.subjects(), CONFIG, tmp_path / "stores", lambda *_: None) == []
    scan = small_cohort.scan("sub-h0")
    scan.write_bytes(scan.read_bytes()[:-9])
    found = check(small_cohort.subjects(), CONFIG, tmp_path / "stores", lambda *_: None)
    assert [problem.code for problem in found] == ["UAD-102"]
    assert not list((tmp_path / "stores").glob("*/manifest.json"))


def test_a_rotten_scan_is_not_hidden_by_an_older_store(made, small_cohort):
    made()
    scan = small_cohort.scan("sub-h0")
    scan.write_bytes(gzip.compress(gzip.decompress(scan.read_bytes()))[:-9])
    assert [p.code for p in problems(made)] == ["UAD-102"]


def test_a_study_without_enough_people_is_refused_before_a_scan_is_read(small_cohort, tmp_path):
    healthy, calls = [s for s in small_cohort.subjects() if s.group == "healthy"], []
    with pytest.raises(DataError, match="UAD-130"):
        prepare(healthy, CONFIG, tmp_path / "stores", lambda *call: calls.append(call), require=require_parts)
    assert calls == []


def test_scans_that_nobody_labelled_are_prepared_for_the_test_and_not_scored(small_cohort, tmp_path):
    root = small_cohort.cohort().root
    (root / "participants.tsv").unlink()
    store = prepare(BidsCohort(root=root).subjects(root), CONFIG, tmp_path / "stores", lambda *_: None)
    assert {(m.split, m.group) for m in store.manifest.subjects.values()} == {("test", "unlabelled")}


def test_values_above_a_threshold_are_lesion(made, small_cohort):
    probabilities = np.zeros((40, 48, 6), np.float32)
    probabilities[26:29, 30:34, 2:4] = 0.4
    probabilities[26:29, 30:32, 2:4] = 0.8
    for name in ("sub-p0", "sub-p1", "sub-p2", "sub-p3"):
        overwrite(small_cohort.lesion_mask(name), probabilities)
    assert {p.code for p in problems(made)} == {"UAD-110"}
    members = made(with_(lesion_above=0.5)).manifest.subjects.values()
    assert {m.lesion_voxels for m in members if m.group == "lesion"} == {12}
    assert {m.lesion_ml for m in members if m.group == "lesion"} == {12 * 3 * 3 * 6 / 1000}


def test_patients_are_told_apart_by_lesion_load(made, small_cohort):
    for number, depth in enumerate((1, 2, 3)):
        mask = np.zeros((40, 48, 6), np.uint8)
        mask[20:24, 20:24, 1 : 1 + depth] = 1
        overwrite(small_cohort.lesion_mask(f"sub-p{number}"), mask)
    overwrite(small_cohort.lesion_mask("sub-p3"), np.zeros((40, 48, 6), np.uint8))
    members = made().manifest.subjects
    assert [members[f"sub-p{n}"].lesion_load for n in range(4)] == ["low", "middle", "high", "none"]
    assert members["sub-h0"].lesion_load == "none"


def test_histograms_are_matched_to_the_training_scans_alone(made, small_cohort):
    config = with_(intensity={"kind": "histogram_match"})
    fitted = made(config).manifest
    train = {name for name, member in fitted.subjects.items() if member.split == "train"}
    for name in sorted(fitted.subjects.keys() - train):
        overwrite(small_cohort.scan(name), voxels(small_cohort.scan(name)) ** 2)  # another scale
    assert made(config).manifest.intensity == fitted.intensity
    name = min(train)
    overwrite(small_cohort.scan(name), voxels(small_cohort.scan(name)) ** 2)
    assert made(config).manifest.intensity != fitted.intensity
    assert fitted.intensity["kind"] == "landmarks"


def test_a_box_of_the_store_goes_back_to_its_place_in_the_file(small_cohort, tmp_path):
    """The lesion's corners, found in the store, lie at its corners in the file's space within half a voxel."""
    turned = nib.load(small_cohort.scan("sub-p0")).affine @ np.array(
        [[0, -1, 0, 30], [1, 0, 0, 5], [0, 0, -1, 4], [0, 0, 0, 1.0]]
    )
    for path in (small_cohort.scan("sub-p0"), small_cohort.lesion_mask("sub-p0")):
        overwrite(path, voxels(path), turned)
    store = prepare(small_cohort.subjects(), CONFIG, tmp_path / "stores", lambda *_: None)
    member = store.manifest.subjects["sub-p0"]
    slices = store.read(member.split, "lesion")
    own = slices.only(np.flatnonzero(slices.subjects == "sub-p0"))
    n, row, column = np.nonzero(own.lesion[:, 0])
    there = np.array(member.to_native) @ np.stack([row, column, own.slice_indices[n], np.ones(len(n))])
    file = np.argwhere(voxels(small_cohort.lesion_mask("sub-p0")))
    expected = turned[:3, :3] @ file.T + turned[:3, 3:]
    assert sorted(map(tuple, there.T.round(3))) == sorted(map(tuple, expected.T.round(3)))


def test_what_killed_writers_left_is_removed_and_what_others_still_write_is_not(made, tmp_path):
    stores = tmp_path / "stores"
    dead = stores / ".0123-dead"
    (dead / "0123").mkdir(parents=True)
    (dead / ".lock").touch()
    with unfinished_folder(stores, "4567") as alive:
        made()
        assert not dead.exists()
        assert alive.is_dir()
    assert not alive.exists()


def test_a_lesion_mask_that_is_all_of_the_brain_is_refused(made, small_cohort):
    overwrite(small_cohort.lesion_mask("sub-p0"), np.ones((40, 48, 6), np.uint8))
    assert [(p.code, p.got) for p in problems(made)] == [("UAD-116", "lesion everywhere")]


def test_an_empty_brain_mask_is_not_taken_for_none(made, small_cohort):
    path = small_cohort.lesion_mask("sub-h0").with_name("sub-h0_desc-brain_mask.nii.gz")
    path.parent.mkdir(parents=True)
    nib.save(nib.Nifti1Image(np.zeros((40, 48, 6), np.uint8), nib.load(small_cohort.scan("sub-h0")).affine), path)
    assert [p.code for p in problems(made)] == ["UAD-114"]


def test_lesion_voxels_beyond_the_brain_mask_are_no_damage_to_a_store(made, small_cohort):
    wide = np.zeros((40, 48, 6), np.uint8)
    wide[26:29, 30:48, 2:4] = 1
    overwrite(small_cohort.lesion_mask("sub-p0"), wide)
    assert fsck.check(made().path) == []


def test_a_changed_table_of_exclusions_is_found(made, small_cohort):
    rot(small_cohort.scan("sub-h1"))
    store = made(with_(max_excluded=1))
    assert fsck.check(store.path) == []
    (store.path / "exclusions.tsv").unlink()
    assert [problem.code for problem in fsck.check(store.path)] == ["UAD-148"]
