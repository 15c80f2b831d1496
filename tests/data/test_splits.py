from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError

from uadray.data.splits import SplitConfig, assign
from uadray.data.subject import Subject
from uadray.errors import DataError


def people(healthy, lesion):
    groups = ["healthy"] * healthy + ["lesion"] * lesion
    return [Subject(f"sub-{n:03d}", group, "here", Path("scan.nii"), None, None) for n, group in enumerate(groups)]


def parts(subjects, config=SplitConfig()):
    splits = assign(subjects, config)
    return Counter((subject.group, splits[subject.id]) for subject in subjects)


def test_each_group_is_shared_out_as_configured():
    assert parts(people(100, 30)) == {
        ("healthy", "train"): 60,
        ("healthy", "val"): 20,
        ("healthy", "test"): 20,
        ("lesion", "val"): 15,
        ("lesion", "test"): 15,
    }


@pytest.mark.parametrize(("healthy", "lesion"), [(3, 2), (4, 3), (5, 2), (7, 9), (83, 49)])
def test_no_part_is_empty_and_nobody_is_left_out(healthy, lesion):
    found = parts(people(healthy, lesion), SplitConfig.parse({"healthy": {"train": 0.98, "val": 0.01, "test": 0.01}}))
    assert len(found) == 5
    assert found.total() == healthy + lesion


def test_the_order_of_the_listing_does_not_matter():
    subjects = people(20, 10)
    assert assign(subjects, SplitConfig()) == assign(subjects[::-1], SplitConfig())


def test_another_seed_is_another_draw():
    subjects = people(20, 10)
    assert assign(subjects, SplitConfig()) != assign(subjects, SplitConfig(seed=1))


def test_patients_are_never_trained_on():
    assert ("lesion", "train") not in parts(people(10, 50))


def test_groups_that_are_too_small_are_refused_with_their_counts():
    with pytest.raises(DataError) as caught:
        assign(people(2, 1), SplitConfig())
    assert [(p.code, p.got) for p in caught.value.problems] == [("UAD-130", "2 of 3"), ("UAD-130", "1 of 3")]


@pytest.mark.parametrize("shares", [{"val": 0.5, "test": 0.4}, {"val": 1.0, "test": 0.0}])
def test_shares_must_sum_to_one_and_leave_no_part_out(shares):
    with pytest.raises(ValidationError):
        SplitConfig.parse({"lesion": shares})
