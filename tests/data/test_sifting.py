"""Who goes into a store, who is left out, and what is said of it."""

from pathlib import Path

import numpy as np
import pytest
from breaking import problems, rot, with_
from making import made_stack

from uadray.data.pipeline import Cut
from uadray.data.preparation import _tolerated, prepare
from uadray.data.shares import HealthySubjects
from uadray.data.sifting import Sifting
from uadray.data.study_needs import require_lesions, require_parts
from uadray.data.subject import Part, Subject
from uadray.errors import DataError

PATIENTS_ONLY = with_(train_on={"kind": "lesion_free_slices", "margin": 0, "train": 0.3, "val": 0.2})
BRAIN = np.ones((2, 8, 8), np.bool_)


def test_as_many_subjects_as_allowed_are_left_out_each_with_a_line(made, small_cohort):
    rot(small_cohort.scan("sub-h1"))
    rot(small_cohort.scan("sub-p2"))
    store = made(with_(max_excluded=2))
    assert len(store.manifest.subjects) == 8
    assert store.describe().endswith("2 left out, 64 x 64 pixels")
    header, *lines = (line.split("\t") for line in (store.path / "exclusions.tsv").read_text().splitlines())
    assert header == ["subject", "code", "where", "must", "got", "do"]
    assert [line[:2] for line in lines] == [["sub-h1", "UAD-102"], ["sub-p2", "UAD-102"]]
    assert all(len(line) == 6 for line in lines)


def test_more_faults_than_allowed_are_refused_with_all_of_them(made, small_cohort):
    rot(small_cohort.scan("sub-h1"))
    rot(small_cohort.scan("sub-p2"))
    assert [p.code for p in problems(lambda: made(with_(max_excluded=1)))] == ["UAD-102", "UAD-102", "UAD-118"]


def test_patients_alone_make_a_study_of_their_lesion_free_slices(small_cohort, tmp_path):
    patients = [s for s in small_cohort.subjects() if s.group == "lesion"]
    store = prepare(patients, PATIENTS_ONLY, tmp_path / "stores", lambda *_: None, require=require_parts)
    for split in ("train", "val"):
        healthy = store.read(split, "healthy")
        assert not healthy.lesion.any()
        assert healthy.slice_indices.tolist() == [1, 4]  # of 1 to 4, those with the lesion of slices 2 and 3 left out
    assert store.read("val", "lesion").lesion.any()
    require_lesions(store)


def test_a_stand_in_without_a_slice_far_from_every_lesion_is_left_out_and_said_so(small_cohort, tmp_path):
    patients = [s for s in small_cohort.subjects() if s.group == "lesion"]
    config = with_(train_on={"kind": "lesion_free_slices", "margin": 3, "train": 0.3, "val": 0.2})
    store = prepare(patients, config, tmp_path / "stores", lambda *_: None)
    assert {exclusion.code for exclusion in store.manifest.exclusions} == {"UAD-139"}
    with pytest.raises(DataError, match="UAD-130"):
        require_lesions(store)


def test_when_nobody_is_left_nothing_is_written(small_cohort, tmp_path):
    for subject in small_cohort.subjects():
        rot(subject.image)
    with pytest.raises(DataError, match="UAD-102"):
        prepare(small_cohort.subjects(), with_(max_excluded=10), tmp_path / "stores", lambda *_: None)


def cut(name, group="healthy"):
    stack = made_stack(BRAIN.astype(np.float32), BRAIN, ~BRAIN)
    return Cut(Subject(name, group, "here", Path("scan.nii"), None, None), stack, (), voxels="the same")


def kept(first, second):
    sifting = Sifting({"sub-a": first, "sub-b": second}, HealthySubjects())
    cuts = [cut("sub-a", first.group), cut("sub-b", second.group)]
    return [p.subject.id for p in _tolerated(sifting.sound(cuts, 2, lambda *_: None), sifting, most=5)]


def test_a_copy_in_the_same_part_is_left_out():
    assert kept(Part("train", "healthy"), Part("train", "healthy")) == ["sub-a"]


@pytest.mark.parametrize("other", [Part("test", "healthy"), Part("train", "lesion")])
def test_a_copy_in_another_part_is_never_tolerated(other):
    with pytest.raises(DataError, match="UAD-131"):
        kept(Part("train", "healthy"), other)
