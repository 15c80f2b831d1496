import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commanding import command

from uadray.data.fsck import check
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.preparation import PrepareConfig, prepare
from uadray.data.store_writer import PARQUET
from uadray.files import sha256
from uadray.fsck import fsck
from uadray.section import digest

SETTINGS = {"slices": {"kind": "middle", "count": 6}, "canvas": {"kind": "pad", "size": 64}}
PARTS = ["train/cohort=healthy", "val/cohort=healthy", "val/cohort=lesion", "test/cohort=healthy", "test/cohort=lesion"]


@pytest.fixture(scope="session")
def intact(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantom")
    subjects = PhantomCohort(healthy=5, lesion=2, spacing_mm=4).subjects(folder)
    return prepare(subjects, PrepareConfig.parse(SETTINGS), folder / "stores", lambda *_: None).path


@pytest.fixture(scope="session")
def other(tmp_path_factory):
    """A store of other people, with the same parts."""
    folder = tmp_path_factory.mktemp("others")
    subjects = PhantomCohort(healthy=5, lesion=2, spacing_mm=4, seed=1).subjects(folder)
    return prepare(subjects, PrepareConfig.parse(SETTINGS), folder / "stores", lambda *_: None).path


@pytest.fixture
def store(intact, tmp_path):
    return Path(shutil.copytree(intact, tmp_path / intact.name))


def part(store, name):
    return store / f"split={name}" / "part-00000.parquet"


def codes(store):
    return [problem.code for problem in check(store)]


def change(store, edit):
    """Edits the manifest."""
    manifest = json.loads((store / "manifest.json").read_text())
    edit(manifest)
    manifest["checksum"] = digest({**manifest, "checksum": ""})
    (store / "manifest.json").write_text(json.dumps(manifest))


def seal(store, file):
    """Makes the manifest say that the file's bytes are right, so that only its rows can tell."""

    def edit(manifest):
        (entry,) = [entry for entry in manifest["files"] if store / entry["path"] == file]
        entry |= {"bytes": file.stat().st_size, "sha256": sha256(file)}

    change(store, edit)


def rewrite(store, name, edit):
    """Changes the rows of a part, row group by row group, and seals it."""
    file = part(store, name)
    with pq.ParquetFile(file) as before:
        groups = [before.read_row_group(number) for number in range(before.num_row_groups)]
    groups = edit(groups)
    with pq.ParquetWriter(file, groups[0].schema, **PARQUET) as writer:
        for rows in groups:
            writer.write_table(rows)
    seal(store, file)


def cell(rows, column, values):
    number = rows.schema.get_field_index(column)
    return rows.set_column(number, rows.schema.field(number), pa.array(values, rows.schema.field(number).type))


def test_an_intact_store_has_no_problem(intact, other):
    assert check(intact) == check(other) == []


def test_a_relative_path_is_as_good(intact, monkeypatch):
    monkeypatch.chdir(intact)
    assert check(Path()) == []


@pytest.mark.parametrize("number", range(40))
def test_every_flipped_bit_is_found_and_told_once(store, number):
    random = np.random.default_rng(number)
    file = part(store, PARTS[number % len(PARTS)])
    content = bytearray(file.read_bytes())
    content[random.integers(len(content))] ^= 1 << random.integers(8)
    file.write_bytes(content)
    (problem,) = check(store)
    assert (problem.code, problem.where) == ("UAD-146", str(file))


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_every_truncation_is_found(store, name, kept):
    content = part(store, name).read_bytes()
    part(store, name).write_bytes(content[: int(kept * len(content))])
    assert codes(store) == ["UAD-143"]


@pytest.mark.parametrize("name", PARTS)
def test_every_missing_file_is_found(store, name):
    part(store, name).unlink()
    assert codes(store) == ["UAD-142"]


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_another_store_is_found(store, other, name):
    shutil.copy(part(other, name), part(store, name))
    assert codes(store) in (["UAD-143"], ["UAD-146"])


@pytest.mark.parametrize(("one", "another"), [(0, 1), (1, 3), (2, 4), (1, 2)])
def test_swapped_parts_are_found(store, one, another):
    first, second = part(store, PARTS[one]), part(store, PARTS[another])
    first_content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(first_content)
    assert set(codes(store)) <= {"UAD-143", "UAD-146"}
    assert len(codes(store)) == 2


@pytest.mark.parametrize("name", ["split=val/cohort=lesion/part-00001.parquet", ".draft", "split=new/part.parquet"])
def test_a_file_that_the_manifest_does_not_name_is_found(store, name):
    (store / name).parent.mkdir(exist_ok=True)
    (store / name).write_bytes(b"")
    (problem,) = check(store)
    assert (problem.code, problem.where) == ("UAD-147", str(store / name))


def test_the_manifest_of_another_store_is_found(store, other):
    shutil.copy(other / "manifest.json", store)
    assert codes(store)[-1] != codes(store)[0]
    assert "UAD-145" in codes(store)


def test_another_store_in_the_place_of_this_one_is_found(store, other):
    shutil.rmtree(store)
    shutil.copytree(other, store)
    assert codes(store) == ["UAD-145"]


def test_no_manifest_and_a_broken_one_are_found(store):
    manifest = store / "manifest.json"
    manifest.write_text(manifest.read_text()[:-20])
    assert codes(store) == ["UAD-141"]
    manifest.unlink()
    assert codes(store) == ["UAD-140"]


def first_subject(manifest, **values):
    name = min(manifest["subjects"])
    manifest["subjects"][name] |= values


@pytest.mark.parametrize(
    "edit",
    [
        lambda manifest: first_subject(manifest, site="elsewhere"),
        lambda manifest: first_subject(manifest, slices=7),
        lambda manifest: first_subject(manifest, lesion_voxels=7),
        lambda manifest: first_subject(manifest, group="lesion"),
        lambda manifest: manifest.update(size=32),
        lambda manifest: manifest.update(patients_without_lesion=1),
        lambda manifest: manifest["files"].pop(),
        lambda manifest: manifest["files"].append(manifest["files"][0]),
        lambda manifest: manifest["files"][0].update(rows=1),
        lambda manifest: manifest["files"][0].update(group="lesion"),
        lambda manifest: manifest["subjects"].pop(min(manifest["subjects"])),
        lambda manifest: manifest["subjects"].update({"sub-new": next(iter(manifest["subjects"].values()))}),
    ],
    ids=[
        "site",
        "slices",
        "lesion",
        "other group",
        "size",
        "without",
        "file less",
        "file twice",
        "rows",
        "group",
        "one less",
        "one more",
    ],
)
def test_a_manifest_that_its_rows_contradict_is_found(store, edit):
    change(store, edit)
    assert "UAD-148" in codes(store)
    assert set(codes(store)) <= {"UAD-147", "UAD-148"}


def test_a_damaged_page_is_found_even_if_the_manifest_was_made_for_it(store):
    file = part(store, PARTS[0])
    with pq.ParquetFile(file) as opened:
        column = opened.metadata.row_group(1).column(6)
    content = bytearray(file.read_bytes())
    content[column.data_page_offset + column.total_compressed_size // 2] ^= 4
    file.write_bytes(content)
    seal(store, file)
    (problem,) = check(store)
    assert (problem.code, problem.must) == ("UAD-144", "row group 1 must be intact")


def test_a_file_that_is_no_parquet_is_found_even_if_the_manifest_was_made_for_it(store):
    part(store, PARTS[0]).write_bytes(b"no parquet")
    seal(store, part(store, PARTS[0]))
    assert codes(store) == ["UAD-144"]


def test_a_subject_in_two_splits_is_found(store):
    with pq.ParquetFile(part(store, PARTS[0])) as train:
        leak = train.read_row_group(0)
    rewrite(store, PARTS[1], lambda groups: [*groups, leak])
    problems = check(store)
    assert [problem.code for problem in problems] == ["UAD-148", "UAD-148"]
    assert [problem.got for problem in problems] == [leak["subject"][0].as_py(), "2"]


def test_a_row_group_of_two_subjects_is_found(store):
    rewrite(store, PARTS[0], lambda groups: [pa.concat_tables(groups)])
    assert set(codes(store)) == {"UAD-148"}


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda rows: cell(rows, "brain_mask", [bytes(512)] * len(rows)), "UAD-149"),
        (lambda rows: cell(rows, "image", [bytes(8192)] * len(rows)), "UAD-149"),
        (lambda rows: cell(rows, "lesion_mask", [bytes([255]) * 512] * len(rows)), "UAD-148"),
        (lambda rows: cell(rows, "slice_index", [7] * len(rows)), "UAD-148"),
        (lambda rows: cell(rows, "height", [32] * len(rows)), "UAD-148"),
        (lambda rows: cell(rows, "site", ["elsewhere"] * len(rows)), "UAD-148"),
        (lambda rows: rows.slice(1), "UAD-148"),
    ],
    ids=["no brain", "black", "all lesion", "one slice again", "height", "site", "a row less"],
)
def test_rows_that_cannot_be_right_are_found_even_if_the_manifest_was_made_for_them(store, edit, code):
    rewrite(store, PARTS[0], lambda groups: [edit(groups[0]), *groups[1:]])
    assert codes(store) == [code]


def test_a_column_less_is_found(store):
    rewrite(store, PARTS[0], lambda groups: [rows.drop_columns(["spacing_mm"]) for rows in groups])
    assert check(store)[0].got == "spacing_mm missing"


def test_an_empty_cell_is_found(store):
    def edit(groups):
        schema = pa.schema([field.with_nullable(True) for field in groups[0].schema])
        groups = [rows.cast(schema) for rows in groups]
        return [cell(groups[0], "brain_mask", [None] * len(groups[0])), *groups[1:]]

    rewrite(store, PARTS[0], edit)
    assert check(store)[0].got == "brain_mask with empty cells"


def test_the_program_ends_with_2_and_the_problems_or_with_one_line(store):
    good = command(fsck, store)
    assert (good.exit_code, good.stdout.count("\n")) == (0, 1)
    part(store, PARTS[0]).unlink()
    bad = command(fsck, store)
    assert bad.exit_code == 2
    assert "UAD-142" in bad.stderr
