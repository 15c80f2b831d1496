from pathlib import Path

import numpy as np
import pytest
import ray

from uadray.data import batches
from uadray.data.mapping import over_cores
from uadray.data.preparation import PrepareConfig, prepare
from uadray.errors import DataError

CONFIG = PrepareConfig.parse({"slices": {"kind": "middle", "count": 4}, "canvas": {"kind": "resample", "size": 32}})


@pytest.fixture(scope="module")
def cores():
    yield over_cores(2)
    ray.shutdown()


@pytest.mark.slow
def test_two_cores_give_the_same_results_in_the_same_order_as_one(cores):
    assert list(cores(lambda number: number**2, range(7))) == [number**2 for number in range(7)]


@pytest.mark.slow
def test_trials_get_the_slices_as_they_were_written_or_an_error(cores, small_cohort, tmp_path):
    store = prepare(small_cohort.subjects(), CONFIG, tmp_path / "stores", lambda *_: None)
    rows = batches.collect(batches.dataset(store, "train", "healthy").iterator())
    assert np.array_equal(rows.images, store.read("train", "healthy").images)
    file = Path(store.files("train", "healthy")[0])
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(DataError, match="UAD-144"):
        batches.dataset(store, "train", "healthy")


@pytest.mark.slow
def test_two_cores_prepare_the_same_pixels_to_the_last_bit(cores, small_cohort, tmp_path):
    one = prepare(small_cohort.subjects(), CONFIG, tmp_path / "one", lambda *_: None)
    two = prepare(small_cohort.subjects(), CONFIG, tmp_path / "two", lambda *_: None, cores)
    assert one.key == two.key
    assert [file.sha256 for file in one.manifest.files] == [file.sha256 for file in two.manifest.files]
    assert np.array_equal(one.read("train").images, two.read("train").images)
