from pathlib import Path

import numpy as np
import pytest
import ray

from uadray.data import batches
from uadray.data.mapping import over_cores
from uadray.data.preparation import PrepareConfig, prepare
from uadray.errors import ConfigError, DataError, Problem

CONFIG = PrepareConfig.parse({"slices": {"kind": "middle", "count": 4}, "canvas": {"kind": "resample", "size": 32}})


@pytest.fixture(scope="module")
def cores():
    yield over_cores(2)
    ray.shutdown()


@pytest.mark.slow
def test_two_cores_give_the_same_results_in_the_same_order_as_one(cores):
    assert list(cores(lambda number: number**2, range(7))) == [number**2 for number in range(7)]


def refuse(number):
    if number == 3:
        raise ConfigError(Problem("UAD-150", "deepbet", "it must be installed", "nothing", "Install it."))
    return number


@pytest.mark.slow
def test_a_mistake_of_the_user_comes_as_it_was_raised(cores):
    results = cores(refuse, range(7))
    assert [next(results), next(results), next(results)] == [0, 1, 2]
    with pytest.raises(ConfigError, match="UAD-150 deepbet"):
        next(results)


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
