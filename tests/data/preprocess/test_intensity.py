import numpy as np
import pytest
from pydantic import ValidationError

from uadray.data.preprocess.intensity import PercentileWindow
from uadray.errors import DataError


@pytest.fixture
def brain():
    mask = np.zeros((12, 14, 3), np.bool_)
    mask[2:-2, 2:-2] = True
    return mask


@pytest.fixture
def data(brain):
    return np.where(brain, np.random.default_rng(0).normal(500, 80, brain.shape), -1024).astype(np.float32)


def test_the_brain_fills_the_range_and_the_rest_is_zero(data, brain):
    scaled = PercentileWindow().apply(data, brain)
    assert scaled.dtype == np.float32
    assert (scaled[brain].min(), scaled[brain].max()) == (0, 1)
    assert not scaled[~brain].any()


def test_the_scanner_s_unit_does_not_matter(data, brain):
    window = PercentileWindow()
    assert np.allclose(window.apply(data, brain), window.apply(data * 7 - 300, brain), atol=1e-5)


def test_what_lies_around_the_brain_does_not_matter(data, brain):
    window = PercentileWindow()
    assert np.array_equal(window.apply(data, brain), window.apply(np.where(brain, data, 9999), brain))


def test_a_bright_artefact_does_not_darken_the_scan(data, brain):
    spoiled = data.copy()
    spoiled[6, 6, 1] = 1e6
    assert np.median(PercentileWindow(upper=99).apply(spoiled, brain)[brain]) > 0.4
    assert np.median(PercentileWindow(upper=100).apply(spoiled, brain)[brain]) < 0.01


@pytest.mark.parametrize("extreme", [1e-30, 3e38])
def test_wild_intensities_stay_in_range(data, brain, extreme):
    scaled = PercentileWindow().apply(data / np.abs(data).max() * np.float32(extreme), brain)
    assert np.isfinite(scaled).all()
    assert (scaled.min(), scaled.max()) == (0, 1)


def test_a_brain_without_contrast_is_refused(brain):
    with pytest.raises(DataError, match="UAD-115"):
        PercentileWindow().apply(np.full(brain.shape, 5, np.float32), brain)


def test_a_window_must_have_width():
    with pytest.raises(ValidationError, match="lower must be below upper"):
        PercentileWindow(lower=60, upper=40)
