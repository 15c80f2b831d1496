"""One scale for all scans, learnt from some of them."""

import numpy as np
import pytest

from uadray.data.preprocess.histogram import HistogramMatch, Landmarks
from uadray.errors import DataError


def scan(seed, scale=lambda a: a):
    random = np.random.default_rng(seed)
    data = scale(random.gamma(3.0, size=(12, 12, 12))).astype(np.float32)
    brain = np.zeros(data.shape, np.bool_)
    brain[2:-2, 2:-2] = True
    return data, brain


def fitted(*scans):
    return HistogramMatch().fit(lambda measure: [measure(data, brain) for data, brain in scans])


def test_scans_of_other_scanners_come_to_the_same_scale():
    scale = fitted(*(scan(seed) for seed in range(8)))
    squared, plain = scan(9, np.square), scan(9)
    after, expected = scale.apply(*squared), scale.apply(*plain)
    assert np.abs(after - expected)[plain[1]].mean() < 0.02
    assert np.abs(squared[0] / squared[0].max() - plain[0] / plain[0].max())[plain[1]].mean() > 0.1


def test_intensities_stay_in_range_in_order_and_inside_the_brain():
    data, brain = scan(1)
    after = fitted(scan(2), scan(3)).apply(data, brain)
    assert (after.min(), after.max()) == (0, 1)
    assert not after[~brain].any()
    order = np.argsort(data[brain])
    assert (np.diff(after[brain][order]) >= 0).all()


def test_the_scale_is_kept_as_numbers_that_apply_it_again():
    scale = fitted(scan(0), scan(1))
    assert Landmarks.parse(scale.plain()) == scale


def test_without_training_scans_and_without_contrast_there_is_no_scale():
    with pytest.raises(DataError, match="UAD-119"):
        fitted()
    with pytest.raises(DataError, match="UAD-115"):
        fitted((np.ones((4, 4, 4), np.float32), np.ones((4, 4, 4), np.bool_)))


@pytest.mark.parametrize("values", [(0.0,) * 11, (0.0, *np.linspace(1, 0.1, 9).tolist(), 1.0), (0.0, 1.0)])
def test_landmarks_that_do_not_rise_from_0_to_1_are_refused(values):
    with pytest.raises(ValueError, match=r"rise from 0 to 1|at least 11"):
        Landmarks(values=values)
