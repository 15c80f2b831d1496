import csv
import json
import os
from collections import Counter

import pytest

from uadray.data.manifest_cohort import ManifestCohort
from uadray.data.splits import SplitConfig, assign
from uadray.errors import DataError

COLUMNS = ["subject", "session", "image", "lesion_mask", "brain_mask", "group", "split", "site"]


class Table:
    def __init__(self, path):
        self.path, self.rows = path, []
        path.parent.mkdir()
        for name in ("scan", "mask"):
            (path.parent / f"{name}.nii.gz").write_bytes(b"found, not opened")

    def add(self, subject, group="healthy", image="scan.nii.gz", **cells):
        cells = {"lesion_mask": "mask.nii.gz" if group == "lesion" else "", **cells}
        self.rows.append({"subject": subject, "group": group, "image": image, **cells})

    def cohort(self, **settings):
        with self.path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, delimiter="\t" if self.path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(self.rows)
        return ManifestCohort(path=self.path, **settings)

    def subjects(self, **settings):
        return self.cohort(**settings).subjects(self.path.parent)

    def problems(self, **settings):
        with pytest.raises(DataError) as caught:
            self.subjects(**settings)
        return [(p.code, int(p.where.partition(", line ")[2].partition(",")[0] or 0)) for p in caught.value.problems]


@pytest.fixture
def table(tmp_path):
    """An empty table in a folder with a scan and a mask."""
    return Table(tmp_path / "cohort" / "scans.csv")


def write(table, text):
    table.path.write_text(text)
    with pytest.raises(DataError) as caught:
        ManifestCohort(path=table.path).subjects(table.path.parent)
    return [problem.code for problem in caught.value.problems]


def test_scans_are_listed_in_their_order_with_their_files(table):
    table.add("b", "lesion", site="there", brain_mask="mask.nii.gz", split="test")
    table.add("sub-a")
    patient, healthy = table.subjects()
    here = table.path.parent
    assert (patient.id, patient.group, patient.site, patient.split) == ("sub-b", "lesion", "there", "test")
    assert (patient.image, patient.lesion_mask) == (here / "scan.nii.gz", here / "mask.nii.gz")
    assert (healthy.id, healthy.person, healthy.site, healthy.split) == ("sub-a", "sub-a", "unknown", None)
    assert (healthy.lesion_mask, healthy.brain_mask) == (None, None)


def test_sessions_are_scans_of_one_person(table):
    table.add("a", session="1")
    table.add("sub-a", session="ses-2")
    first, second = table.subjects()
    assert (first.id, second.id) == ("sub-a_ses-1", "sub-a_ses-2")
    assert first.person == second.person == "sub-a"


def test_a_table_may_have_tabs_a_root_and_the_column_diagnosis(table, tmp_path):
    path = tmp_path / "elsewhere.tsv"
    path.write_text(
        'subject\timage\tdiagnosis\tlesion_mask\nn1\t"scan".nii.gz\tHC\tn/a\np1\tscan.nii.gz\tMS\tmask.nii.gz\n'
    )
    (table.path.parent / '"scan".nii.gz').write_bytes(b"found, not opened")
    subjects = ManifestCohort(path=path, root=table.path.parent).subjects(tmp_path)
    assert [(s.id, s.group) for s in subjects] == [("sub-n1", "healthy"), ("sub-p1", "lesion")]


def test_a_cohort_can_be_written_in_a_configuration(tmp_path):
    cohort = ManifestCohort.parse({"path": str(tmp_path / "scans.csv")})
    assert json.loads(cohort.model_dump_json()) == {
        "kind": "manifest",
        "path": str(tmp_path / "scans.csv"),
        "root": None,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "subject,image\na,scan.nii.gz\n",
        "subject;image;group\na;scan.nii.gz;healthy\n",
        "subject,image,group,lesionmask\na,scan.nii.gz,healthy,\n",
        "subject,image,group,group\na,scan.nii.gz,healthy,lesion\n",
        "subject,image,group\na,scan,1.nii.gz,healthy\n",
        'subject,image,group\na,"scan.nii.gz,healthy\nb,scan.nii.gz,healthy\n',
    ],
)
def test_a_table_that_cannot_be_understood_is_refused(table, text):
    assert write(table, text) == ["UAD-121"]


def test_a_missing_table_another_kind_of_file_or_a_pipe_is_refused(table, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for path, code in [
        ("absent.csv", "UAD-121"),
        ("table.xlsx", "UAD-121"),
        ("pipe.csv", "UAD-121"),
        ("no/a.csv", "UAD-120"),
    ]:
        with pytest.raises(DataError, match=code):
            ManifestCohort(path=tmp_path / path).subjects(tmp_path)


def test_an_empty_table_and_a_missing_root_are_refused(table, tmp_path):
    assert write(table, "subject,image,group\n") == ["UAD-122"]
    assert table.problems(root=tmp_path / "nowhere") == [("UAD-120", 0)]


def test_all_problems_are_told_at_once_with_their_lines(table):
    table.add("a", "ill", image="absent.nii.gz", split="training")
    table.add("b", "lesion", lesion_mask="")
    table.add("c", session="1/2")
    table.add("c_1", session="..")
    table.add("d", image="")
    table.add("e", image="../scan.nii.gz", brain_mask="/scan.nii.gz")
    table.add("b")
    assert table.problems() == [
        ("UAD-133", 2),
        ("UAD-123", 2),
        ("UAD-136", 2),
        ("UAD-128", 3),
        ("UAD-132", 4),
        ("UAD-125", 5),
        ("UAD-132", 5),
        ("UAD-126", 6),
        ("UAD-129", 7),
        ("UAD-129", 7),
        ("UAD-124", 8),
    ]


def test_a_scan_listed_twice_is_refused_with_both_lines(table):
    table.add("a", session="1")
    table.add("sub-a", session="ses-1")
    with pytest.raises(DataError, match=r"line 3: .* sub-a_ses-1 again, first in line 2"):
        table.subjects()


@pytest.mark.parametrize(
    "name", ["", "sub-", "a_b", "../a", "/a", "a/b", "\u00e4", "a\0", "sub-sub-a", "*", "a.b", "\uff41"]
)
def test_a_name_that_could_be_a_path_is_refused(table, name):
    table.add(name)
    table.add("a", session=f"ses-{name}")
    assert table.problems() == [("UAD-125", 2), ("UAD-132", 3)]


def test_given_splits_are_kept_for_the_whole_person(table):
    for number in range(6):
        table.add(f"h{number}")
        table.add(f"p{number}", "lesion", session="1", split="val" if number == 0 else "")
        table.add(f"p{number}", "lesion", session="2")
    subjects = table.subjects()
    splits = {name: part.split for name, part in assign(subjects, SplitConfig()).items()}
    assert splits["sub-p0_ses-1"] == splits["sub-p0_ses-2"] == "val"
    assert Counter(splits[s.id] for s in subjects if s.group == "lesion") == {"val": 6, "test": 6}


HOSTILE = [
    "..", "../secret.nii.gz", "../../secret.nii.gz", "./../secret.nii.gz", "x/../../secret.nii.gz", "scan.nii.gz/../../secret.nii.gz",
    "..//secret.nii.gz", ".././secret.nii.gz", "../cohort/scan.nii.gz", "deep/../scan.nii.gz", "deep/../../secret.nii.gz", "/secret.nii.gz",
    "//secret.nii.gz", "///etc/passwd", "/etc/passwd", "/dev/zero", "/dev/stdin", "/proc/self/environ", "/proc/self/root/etc/passwd",
    "{outside}/secret.nii.gz", "{inside}/scan.nii.gz", "/{outside}/secret.nii.gz", "..\\secret.nii.gz", "..\\..\\secret.nii.gz",
    "deep\\..\\..\\secret.nii.gz", "\\secret.nii.gz", "\\\\server\\share\\secret.nii.gz", "//server/share/secret.nii.gz",
    "C:\\secret.nii.gz", "C:secret.nii.gz", "c:/secret.nii.gz", "\\\\?\\C:\\secret.nii.gz", "~/secret.nii.gz", "~root/secret.nii.gz",
    "$HOME/secret.nii.gz", "${{HOME}}/secret.nii.gz", "file:///etc/passwd", "file://{outside}/secret.nii.gz", "http://localhost/secret.nii.gz",
    "%2e%2e/secret.nii.gz", "..%2fsecret.nii.gz", "\uff0e\uff0e/secret.nii.gz", "\u2025/secret.nii.gz", "..\u2215secret.nii.gz", "..\u2044secret.nii.gz",
    "..\0/secret.nii.gz", "scan.nii.gz\0", "\0", "scan.nii.gz\0../secret.nii.gz", "\u202e../secret.nii.gz",
    "link.nii.gz", "folder/secret.nii.gz", "chain.nii.gz", "loop.nii.gz", "broken.nii.gz", "pipe.nii.gz", "device.nii.gz", "deep", ".",
    "x" * 5000, "x/" * 5000 + "y", "../" * 40 + "etc/passwd", "*.nii.gz", "deep/", "`id`", "; id", "-rf",
]  # fmt: skip


@pytest.mark.parametrize("column", ["image", "lesion_mask", "brain_mask"])
def test_no_hostile_path_escapes(table, tmp_path, column):
    assert len(HOSTILE) >= 50
    here, secret = table.path.parent, tmp_path / "secret.nii.gz"
    secret.write_bytes(b"not for this cohort")
    (here / "deep").mkdir()
    (here / "link.nii.gz").symlink_to(secret)
    (here / "folder").symlink_to(tmp_path)
    (here / "chain.nii.gz").symlink_to("link.nii.gz")
    (here / "loop.nii.gz").symlink_to("loop.nii.gz")
    (here / "broken.nii.gz").symlink_to(tmp_path / "absent")
    (here / "device.nii.gz").symlink_to("/dev/zero")
    os.mkfifo(here / "pipe.nii.gz")
    for number, path in enumerate(HOSTILE):
        cell = path.format(outside=tmp_path, inside=here)
        table.add(f"a{number}", "lesion", **{column: cell})
    found = table.problems()
    assert {code for code, _ in found} == {"UAD-129", "UAD-133"}
    assert [line for _, line in found] == list(range(2, len(HOSTILE) + 2))  # one for each, none lets another pass


def test_a_link_that_stays_inside_is_followed(table):
    (table.path.parent / "link.nii.gz").symlink_to("scan.nii.gz")
    table.add("a", image="link.nii.gz")
    table.add("b", image="./scan.nii.gz")
    assert len(table.subjects()) == 2
