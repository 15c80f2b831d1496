from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from uadray.data.shares import LesionFreeSlices
from uadray.data.splits import SplitConfig, assign
from uadray.data.study_needs import require_parts
from uadray.data.subject import Subject
from uadray.errors import DataError


def people(healthy, lesion):
    groups = ["healthy"] * healthy + ["lesion"] * lesion
    return [Subject(f"sub-{n:03d}", group, "here", Path("scan.nii"), None, None) for n, group in enumerate(groups)]


def parts(subjects, config=SplitConfig()):
    splits = split_of(subjects, config)
    return Counter((subject.group, splits[subject.id]) for subject in subjects)


def split_of(subjects, config=SplitConfig()):
    return {name: part.split for name, part in assign(subjects, config).items()}


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


@pytest.mark.parametrize(
    ("healthy", "lesion", "expected"),
    [(0, 2, ["val lesion", "test lesion"]), (2, 1, ["train healthy", "val healthy", "val lesion"]), (0, 0, [])],
)
def test_few_people_go_to_the_first_parts_and_a_study_says_what_it_lacks(healthy, lesion, expected):
    found = assign(people(healthy, lesion), SplitConfig())
    assert sorted(found.values()) == sorted(tuple(part.split()) for part in expected)
    with pytest.raises(DataError) as caught:
        require_parts(found.values())
    needed = {"train healthy": "train on", "val healthy": "healthy slices to validate", "val lesion": "patients to val"}
    needed["test lesion"] = "patients to test"
    missing = [words for part, words in needed.items() if part not in expected]
    assert len(caught.value.problems) == len(missing)
    for problem, words in zip(caught.value.problems, missing, strict=True):
        assert problem.code == "UAD-130"
        assert words in problem.must


def test_a_study_has_all_it_needs_of_a_common_cohort():
    require_parts(assign(people(3, 2), SplitConfig()).values())


def test_unlabelled_scans_are_for_the_test_whatever_else_there_is():
    nobody_knows = [
        replace(s, id=f"sub-x{n}", person=f"sub-x{n}", group="unlabelled") for n, s in enumerate(people(3, 0))
    ]
    found = assign([*people(5, 4), *nobody_knows], SplitConfig())
    assert {found[s.id] for s in nobody_knows} == {("test", "unlabelled")}


LESION_FREE = LesionFreeSlices(margin=2, train=0.5, val=0.2)


def test_patients_stand_in_for_healthy_subjects_where_there_are_none():
    found = Counter(assign(people(0, 20), SplitConfig(), LESION_FREE).values())
    assert found == {("train", "healthy"): 10, ("val", "healthy"): 4, ("val", "lesion"): 3, ("test", "lesion"): 3}
    require_parts(found)


def test_stand_ins_are_never_patients_of_validation_or_test():
    subjects = visits(people(6, 20), 2)
    found = assign(subjects, SplitConfig(), LESION_FREE)
    by_person = {}
    for subject in subjects:
        by_person.setdefault(subject.person, set()).add(found[subject.id])
    assert all(len(parts) == 1 for parts in by_person.values())


def test_a_patient_given_to_train_is_a_stand_in_and_one_given_to_val_is_validated_on():
    subjects = people(4, 8)
    subjects[4], subjects[5] = (
        replace(s, split=split) for s, split in zip(subjects[4:6], ("train", "val"), strict=True)
    )
    found = assign(subjects, SplitConfig(), LESION_FREE)
    assert (found["sub-004"], found["sub-005"]) == (("train", "healthy"), ("val", "lesion"))


@pytest.mark.parametrize("shares", [{"val": 0.5, "test": 0.4}, {"val": 1.0, "test": 0.0}])
def test_shares_must_sum_to_one_and_leave_no_part_out(shares):
    with pytest.raises(ValidationError):
        SplitConfig.parse({"lesion": shares})


def test_a_draw_stays_as_it_was_when_studies_were_made():
    splits = split_of(people(9, 4), SplitConfig(seed=3))
    assert "".join(splits[name][1] for name in sorted(splits)) == "raareerrreaae"  # tRain, vAl, tEst


def refusals(subjects):
    with pytest.raises(DataError) as caught:
        assign(subjects, SplitConfig())
    return [(p.code, p.where) for p in caught.value.problems]


def of_sites(*sizes):
    """Healthy subjects, and as many patients, so many at each site."""
    sites = [site for site, size in zip("abcdefgh", sizes, strict=False) for _ in range(size)]
    everyone = people(len(sites), len(sites))
    return [replace(subject, site=site) for subject, site in zip(everyone, sites * 2, strict=True)]


def test_each_site_has_its_share_of_every_part():
    subjects = of_sites(50, 20, 10)
    splits = split_of(subjects)
    found = Counter((s.site, splits[s.id]) for s in subjects if s.group == "healthy")
    assert found == {
        **{("a", "train"): 30, ("a", "val"): 10, ("a", "test"): 10},
        **{("b", "train"): 12, ("b", "val"): 4, ("b", "test"): 4},
        **{("c", "train"): 6, ("c", "val"): 2, ("c", "test"): 2},
    }


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1, 1), (7, 1, 3), (2, 2, 2, 2, 2, 2, 2, 2), (13, 29, 1, 5), (83, 49)])
def test_sites_change_where_people_go_and_not_how_many(sizes):
    subjects = of_sites(*sizes)
    splits = split_of(subjects)
    assert parts(subjects) == parts(people(sum(sizes), sum(sizes)))
    for site, size in zip("abcdefgh", sizes, strict=False):
        train = sum(splits[s.id] == "train" for s in subjects if s.site == site)
        assert abs(train - 0.6 * size) < 2
    assert split_of(subjects[::-1]) == splits


def visits(subjects, count=3):
    return [replace(s, id=f"{s.id}_ses-{number}") for s in subjects for number in range(count)]


def test_all_scans_of_a_person_go_where_the_person_went():
    subjects = people(20, 10)
    by_person = split_of(subjects)
    splits = split_of(visits(subjects)[::-1])
    assert len(splits) == 90
    assert all(split == by_person[name.partition("_")[0]] for name, split in splits.items())


def test_who_has_a_lesion_in_one_scan_is_a_patient_in_all():
    subjects = visits(people(6, 20), 2)
    subjects = [replace(s, group="healthy") if s.id.endswith("ses-0") else s for s in subjects]
    splits = split_of(subjects)
    assert "train" not in {splits[s.id] for s in subjects if s.person >= "sub-006"}


def test_a_given_split_is_kept_and_the_others_fill_up_the_shares():
    subjects = [replace(s, split="test") if s.id < "sub-030" else s for s in people(100, 30)]
    splits = split_of(subjects)
    assert {splits[s.id] for s in subjects[:30]} == {"test"}
    assert parts(subjects)["healthy", "test"] == 30
    assert parts(subjects)["healthy", "val"] == 20
    few = [replace(s, split="test") if s.id < "sub-010" else s for s in people(100, 30)]
    assert parts(few) == parts(people(100, 30))


def test_when_everyone_is_given_a_split_nothing_is_drawn():
    wanted = ["train", "val", "test", "test", "val", "test"]
    subjects = [replace(s, split=split) for s, split in zip(people(4, 2), wanted, strict=True)]
    assert list(split_of(subjects, SplitConfig(seed=5)).values()) == wanted


def test_patients_given_to_train_and_persons_given_to_two_splits_are_refused_together():
    healthy, patient = people(6, 6)[0], people(6, 6)[6]
    both = [replace(healthy, id="sub-x_ses-1", split="val"), replace(healthy, id="sub-x_ses-2", split="test")]
    trained = [replace(patient, id="sub-y_ses-1", split="train", person="sub-y")]
    assert refusals([*people(6, 6), *(replace(s, person="sub-x") for s in both), *trained]) == [
        ("UAD-135", "sub-x"),
        ("UAD-134", "sub-y"),
    ]


def test_an_unlabelled_session_of_a_patient_who_stands_in_is_not_trained_on():
    labelled = [replace(s, id=f"{s.id}_ses-1") for s in people(0, 10)]
    unlabelled = [replace(s, id=f"{s.id}_ses-2", group="unlabelled") for s in people(0, 10)]
    found = assign([*labelled, *unlabelled], SplitConfig(), LESION_FREE)
    assert {found[s.id].group for s in unlabelled} == {"unlabelled"}
