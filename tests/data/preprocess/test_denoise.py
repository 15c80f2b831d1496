from dataclasses import replace

import numpy as np
import pytest

from uadray.data.preprocess.denoise import CurvatureFlow, NoDenoising
from uadray.data.scan import Scan
from uadray.data.volume import Volume

pytest.importorskip("SimpleITK")


@pytest.fixture
def scan():
    """A dark and a bright half with noise; thick slices."""
    data = np.random.default_rng(0).normal(0, 5, (40, 40, 12)).astype(np.float32)
    data[20:] += 100
    everywhere = np.ones(data.shape, np.bool_)
    return Scan(Volume(data, np.diag([0.5, 0.5, 6.0, 1]), (0.5, 0.5, 6.0)), everywhere, ~everywhere)


def test_none_changes_nothing(scan):
    assert NoDenoising().apply(scan) is scan


def test_noise_goes_and_the_edge_stays(scan):
    before, after = scan.volume.data, CurvatureFlow().apply(scan).volume.data
    inside = (slice(4, 16), slice(4, -4), slice(2, -2))
    assert after[inside].std() < 0.7 * before[inside].std()
    step = after[20, 4:-4].mean() - after[19, 4:-4].mean()
    assert step == pytest.approx(100, abs=5)


def test_more_iterations_smooth_more(scan):
    deviations = [CurvatureFlow(iterations=n).apply(scan).volume.data[4:16].std() for n in (1, 3, 10)]
    assert deviations == sorted(deviations, reverse=True)


def test_masks_grid_and_input_are_left_alone(scan):
    before = scan.volume.data.copy()
    after = CurvatureFlow().apply(scan)
    assert np.array_equal(scan.volume.data, before)
    assert after.volume.data.dtype == np.float32
    assert after.brain is scan.brain
    assert after.volume.affine is scan.volume.affine


def test_the_size_of_voxels_does_not_matter(scan):
    thin = replace(scan, volume=replace(scan.volume, affine=np.eye(4), spacing_mm=(1.0, 1.0, 1.0)))
    first, second = (CurvatureFlow().apply(s).volume.data for s in (scan, thin))
    assert np.array_equal(first, second)
