from dataclasses import replace

import numpy as np
import pytest

from uadray.data.preprocess.bias import N4, NoBiasCorrection
from uadray.data.scan import Scan
from uadray.data.volume import Volume
from uadray.errors import DataError

pytest.importorskip("SimpleITK")


@pytest.fixture(scope="module")
def shading():
    """From 0.7 on the left to 1.3 on the right."""
    return np.broadcast_to(np.linspace(0.7, 1.3, 64)[:, None, None], (64, 64, 20))


@pytest.fixture
def scan(shading):
    """Two tissues in a ball, shaded."""
    x, y, z = (np.linspace(-1, 1, side) for side in shading.shape)
    radius = np.sqrt(x[:, None, None] ** 2 + y[:, None] ** 2 + z**2)
    texture = np.random.default_rng(0).normal(0, 3, radius.shape)
    brain = radius < 0.9
    data = (np.where(radius < 0.6, 200, 140) + texture) * shading * brain
    volume = Volume(data.astype(np.float32), np.diag([3.0, 3.0, 6.0, 1]), (3.0, 3.0, 6.0))
    return Scan(volume, brain, np.zeros_like(brain))


def test_none_changes_nothing(scan):
    assert NoBiasCorrection().apply(scan) is scan


def test_n4_takes_shading_out(scan):
    after = N4().apply(scan)
    core = np.zeros_like(scan.brain)
    core[20:44, 20:44, 8:12] = True
    core &= scan.volume.data > 0

    def tilt(data):
        return abs(data[20:24, 28:36, 9:11].mean() / data[40:44, 28:36, 9:11].mean() - 1)

    assert tilt(after.volume.data) < 0.4 * tilt(scan.volume.data)
    assert after.volume.data.dtype == np.float32
    assert after.brain is scan.brain


def test_n4_repeats_to_the_bit(scan):
    first, second = (N4().apply(scan).volume.data for _ in range(2))
    assert np.array_equal(first, second)


def test_a_scan_around_zero_is_refused(scan):
    centred = replace(scan, volume=replace(scan.volume, data=scan.volume.data - 1000))
    with pytest.raises(DataError, match="UAD-163"):
        N4().apply(centred)
