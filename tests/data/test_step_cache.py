from dataclasses import replace

import numpy as np
import pytest

from uadray.data.scan import Scan
from uadray.data.step_cache import StepCache
from uadray.data.volume import Volume
from uadray.section import Section


class Brighter(Section):
    """A step that counts how often it is made."""

    by: float

    def apply(self, scan):
        made.append(self.by)
        return replace(scan, volume=replace(scan.volume, data=scan.volume.data + np.float32(self.by)))


made = []


@pytest.fixture(autouse=True)
def _nothing_made():
    made.clear()


@pytest.fixture
def scan():
    random = np.random.default_rng(0)
    brain = random.random((5, 6, 7)) > 0.5
    volume = Volume(random.random((5, 6, 7), np.float32), np.diag([1.0, 2, 3, 1]), (1.0, 2.0, 3.0))
    return Scan(volume, brain, ~brain, np.diag([2.0, 1, 1, 1]))


def chain(folder, scan, *steps, origin="a scan", slow_s=0.0):
    cache = StepCache(folder, origin, slow_s=slow_s)
    for step in steps:
        scan = cache.apply(step, scan)
    return scan


def test_only_what_changed_is_made_again(tmp_path, scan):
    chain(tmp_path, scan, Brighter(by=1), Brighter(by=2))
    chain(tmp_path, scan, Brighter(by=1), Brighter(by=3))
    assert made == [1, 2, 3]


def test_what_comes_back_is_what_was_made(tmp_path, scan):
    first = chain(tmp_path, scan, Brighter(by=1))
    again = chain(tmp_path, scan, Brighter(by=1))
    assert made == [1]
    assert np.array_equal(first.volume.data, again.volume.data)
    assert again.volume.data.dtype == np.float32
    assert np.array_equal(first.brain, again.brain)
    assert np.array_equal(first.lesion, again.lesion)
    assert np.array_equal(first.to_native, again.to_native)
    assert first.volume.spacing_mm == again.volume.spacing_mm


def test_an_earlier_step_and_another_scan_have_names_of_their_own(tmp_path, scan):
    chain(tmp_path, scan, Brighter(by=1), Brighter(by=2))
    chain(tmp_path, scan, Brighter(by=5), Brighter(by=2))
    chain(tmp_path, scan, Brighter(by=1), origin="another")
    assert made == [1, 2, 5, 2, 1]


def test_a_quick_step_is_not_kept(tmp_path, scan):
    chain(tmp_path, scan, Brighter(by=1), slow_s=60)
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_made_again(tmp_path, scan):
    chain(tmp_path, scan, Brighter(by=1))
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[300] ^= 1
    file.write_bytes(content)
    again = chain(tmp_path, scan, Brighter(by=1))
    assert made == [1, 1]
    assert np.array_equal(again.volume.data, scan.volume.data + 1)
