import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from making import made_stack, made_store

from uadray.data.store import Store, decode
from uadray.data.store_writer import encode
from uadray.data.subject import Subject
from uadray.errors import DataError

SIZE = 18  # 324 pixels: masks end within a byte


def stack(seed, count=3, lesion=True):
    random = np.random.default_rng(seed)
    brain = random.random((count, SIZE, SIZE)) > 0.4
    images = (random.random(brain.shape) * brain).astype(np.float32)
    return made_stack(images, brain, brain & (random.random(brain.shape) > 0.8) & lesion, first=40)


def person(name, group):
    return Subject(name, group, "here", Path("scan.nii"), None, None)


MEMBERS = [
    (person("sub-h2", "healthy"), "train", stack(2, lesion=False)),
    (person("sub-h1", "healthy"), "train", stack(1, lesion=False)),
    (person("sub-h3", "healthy"), "val", stack(3, count=2, lesion=False)),
    (person("sub-p2", "lesion"), "val", stack(4, lesion=False)),
    (person("sub-p1", "lesion"), "val", stack(5)),
]


@pytest.fixture
def store(tmp_path):
    return made_store(tmp_path, SIZE, iter(MEMBERS))


def refusal(action):
    with pytest.raises(DataError) as caught:
        action()
    return [problem.code for problem in caught.value.problems]


def test_slices_come_back_as_they_were(store):
    slices = store.read("val", "lesion")
    assert slices.images.shape == slices.brain.shape == slices.lesion.shape == (6, 1, SIZE, SIZE)
    assert slices.images.dtype == np.float32
    for rows, (_, _, before) in ((slice(0, 3), MEMBERS[4]), (slice(3, 6), MEMBERS[3])):
        assert np.abs(slices.images[rows, 0] - before.images).max() <= 0.5 / 65535 + 1e-7
        assert np.array_equal(slices.brain[rows, 0], before.brain)
        assert np.array_equal(slices.lesion[rows, 0], before.lesion)


def test_slices_are_sorted_by_subject_and_index(store):
    slices = store.read("train")
    assert slices.subjects.tolist() == ["sub-h1"] * 3 + ["sub-h2"] * 3
    assert slices.slice_indices.tolist() == [40, 41, 42] * 2


def test_the_order_of_rows_does_not_matter(store):
    rows = store.rows("val")
    shuffled = rows.take(np.random.default_rng(0).permutation(rows.num_rows))
    for name in ("images", "brain", "lesion", "subjects", "slice_indices"):
        assert np.array_equal(getattr(decode(rows), name), getattr(decode(shuffled), name))


def test_zero_and_one_are_exact():
    before = stack(0, count=1)
    before.images[0, 0, :2] = (0, 1)
    assert decode(encode(person("sub-a", "lesion"), before)).images[0, 0, 0, :2].tolist() == [0, 1]


def test_subjects_and_files_are_those_of_the_split_and_group(store):
    assert list(store.subjects("val")) == ["sub-h3", "sub-p1", "sub-p2"]
    assert list(store.subjects("val", "lesion")) == ["sub-p1", "sub-p2"]
    assert [Path(file).parent.name for file in store.files("val")] == ["cohort=healthy", "cohort=lesion"]
    assert store.files("test") == []
    assert (store.key, store.size) == ("key", SIZE)


def test_the_manifest_tells_what_the_store_holds(store):
    manifest = json.loads((store.path / "manifest.json").read_text())
    assert manifest["settings"]["canvas"] == {"kind": "pad", "size": SIZE}
    assert manifest["patients_without_lesion"] == 1
    assert manifest["subjects"]["sub-p1"]["lesion_voxels"] == MEMBERS[4][2].lesion.sum()
    assert [file["rows"] for file in manifest["files"]] == [6, 2, 6]


def test_other_programs_can_read_it(store):
    table = pyarrow.dataset.dataset(store.path, partitioning="hive", exclude_invalid_files=True).to_table()
    assert table.num_rows == 14
    assert {"split", "cohort"} <= set(table.column_names)
    assert table.schema.field("image").type == pa.binary(2 * SIZE * SIZE)
    assert table["spacing_mm"][0].as_py() == [1, 2, 3]


def test_a_subject_is_a_row_group(store):
    assert pq.ParquetFile(store.files("train")[0]).num_row_groups == 2


def test_an_error_on_the_way_leaves_nothing(tmp_path):
    def failing():
        yield MEMBERS[0]
        raise DataError([])

    with pytest.raises(DataError):
        made_store(tmp_path / "stores", SIZE, failing())
    assert list((tmp_path / "stores").iterdir()) == []


def test_a_store_that_is_already_there_is_kept(store, tmp_path):
    before = (store.path / "manifest.json").stat().st_ino
    assert made_store(tmp_path, SIZE, iter(MEMBERS)) == store
    assert (store.path / "manifest.json").stat().st_ino == before


def test_a_damaged_store_is_written_again(store, tmp_path):
    Path(store.files("train")[0]).unlink()
    assert made_store(tmp_path, SIZE, iter(MEMBERS)).read("train").images.shape[0] == 6
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_store_without_a_manifest_is_refused(tmp_path):
    assert refusal(lambda: Store.open(tmp_path)) == ["UAD-140"]


@pytest.mark.parametrize(
    ("old", "new"),
    [('"version": 2', '"version": 3'), ("middle", "muddle"), ("split=val/", "../"), ('"size"', '"sise"'), ("}", "")],
    ids=["another version", "another setting", "a path out of the store", "a wrong key", "broken JSON"],
)
def test_a_changed_manifest_is_refused(store, old, new):
    manifest = store.path / "manifest.json"
    assert old in manifest.read_text()
    manifest.write_text(manifest.read_text().replace(old, new))
    assert refusal(lambda: Store.open(store.path)) == ["UAD-141"]


def test_missing_and_cut_files_are_all_told(store):
    healthy, lesion = map(Path, store.files("val"))
    healthy.unlink()
    lesion.write_bytes(lesion.read_bytes()[:-1])
    assert refusal(lambda: Store.open(store.path)) == ["UAD-142", "UAD-143"]


def test_a_flipped_bit_in_a_page_is_found_when_it_is_read(store):
    (file,) = map(Path, store.files("train"))
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)
    assert refusal(lambda: Store.open(store.path).read("train")) == ["UAD-144"]


def test_a_part_without_slices_is_refused(store):
    assert refusal(lambda: store.read("train", "lesion")) == ["UAD-144"]
