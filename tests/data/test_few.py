from uadray.data.few import FewSubjects
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.splits import SplitConfig, assign


def test_a_few_subjects_fill_every_part(tmp_path):
    few = FewSubjects(of=PhantomCohort(healthy=9, lesion=8, spacing_mm=5), healthy=4, lesion=3)
    subjects = few.subjects(tmp_path)
    assert [subject.id for subject in subjects if subject.group == "healthy"] == [
        f"sub-healthy00{n}" for n in range(1, 5)
    ]
    assert len(subjects) == 7
    assert len(set(assign(subjects, SplitConfig()).values())) == 5


def test_each_split_that_the_cohort_gives_is_among_the_few(tmp_path):
    listing = tmp_path / "scans.csv"
    whole = PhantomCohort(healthy=6, lesion=1, spacing_mm=5).subjects(tmp_path)
    healthy = [subject for subject in whole if subject.group == "healthy"]
    rows = [
        f"{s.id},healthy,{s.image.relative_to(tmp_path)},{split}"
        for s, split in zip(healthy, ["train"] * 4 + ["val", "test"], strict=True)
    ]
    listing.write_text("\n".join(["subject,group,image,split", *rows]) + "\n")
    few = FewSubjects.parse({"of": {"kind": "manifest", "path": str(listing)}, "healthy": 3})
    assert {subject.split for subject in few.subjects(tmp_path)} == {"train", "val", "test"}
