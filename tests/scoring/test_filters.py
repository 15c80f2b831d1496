from dataclasses import replace

import numpy as np
import pytest
from making import made_slices
from scipy import ndimage

from uadray.scoring import median
from uadray.scoring.filters import SliceMedian, VolumeMedian
from uadray.scoring.median import median_2d, median_3d
from uadray.scoring.settings import ScoringConfig

SHAPES = [(2, 17, 20), (1, 8, 7), (3, 5, 4), (4, 1, 3), (2, 40, 33)]


def noise(shape, seed=0):
    """Values of both signs, some of them equal, with no margin that would hide a wrong border."""
    return np.random.default_rng(seed).standard_normal(shape).round(1).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1, 3, 5, 7, 9, 11, 13])
def test_medians_of_slices_are_scipys(shape, size):
    maps = noise(shape)
    assert np.array_equal(median_2d(maps, size), ndimage.median_filter(maps, (1, size, size), mode="nearest"))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1, 3, 5, 7])
def test_medians_of_volumes_are_scipys(shape, size):
    maps = noise(shape)
    assert np.array_equal(median_3d(maps, size), ndimage.median_filter(maps, size, mode="nearest"))


@pytest.mark.parametrize("chunk", [1, 40, 300])
def test_medians_do_not_depend_on_how_the_maps_are_cut(monkeypatch, chunk):
    maps = noise((5, 21, 18))
    monkeypatch.setattr(median, "CHUNK", chunk)
    assert np.array_equal(median_2d(maps, 5), ndimage.median_filter(maps, (1, 5, 5), mode="nearest"))
    assert np.array_equal(median_3d(maps, 3), ndimage.median_filter(maps, 3, mode="nearest"))


@pytest.mark.parametrize("place", [np.s_[:, 9:16, 4:20], np.s_[:, :3, 17:], np.s_[1, 0, 0], np.s_[:0]])
def test_zeros_around_the_brain_change_nothing(place):
    maps = np.zeros((3, 24, 24), np.float32)
    maps[place] = noise(maps.shape)[place]
    assert np.array_equal(median_2d(maps, 5), ndimage.median_filter(maps, (1, 5, 5), mode="nearest"))
    assert np.array_equal(median_3d(maps, 5), ndimage.median_filter(maps, 5, mode="nearest"))


def test_the_maps_that_are_filtered_stay_as_they_were():
    maps = noise((2, 16, 16))
    before = maps.copy()
    median_2d(maps, 5)
    median_3d(maps, 3)
    assert np.array_equal(maps, before)


def test_a_window_with_a_nan_has_no_median_and_others_do():
    maps = noise((1, 20, 20))
    maps[0, 10, 10] = np.nan
    lost = np.isnan(median_2d(maps, 5)[0])
    assert lost[8:13, 8:13].all()
    assert lost.sum() == 25


def test_a_structure_smaller_than_half_the_window_disappears_and_a_larger_one_stays():
    maps = np.zeros((1, 20, 20), np.float32)
    maps[0, 3:6, 3:6] = 1  # 9 of 25 pixels
    maps[0, 10:17, 10:17] = 1
    filtered = median_2d(maps, 5)
    assert filtered[0, :9, :9].max() == 0
    assert filtered[0, 13, 13] == 1


def test_a_filter_within_slices_does_not_mix_them(patients):
    maps = np.zeros(patients.images[:, 0].shape, np.float32)
    maps[1] = 1
    assert SliceMedian(size=3)(maps, patients)[[0, 2]].max() == 0


def test_a_filter_over_volumes_joins_a_patients_slices_and_no_others():
    slices = made_slices(patients=2, per_patient=4)
    maps = noise(slices.images[:, 0].shape)
    expected = [ndimage.median_filter(own, 3, mode="nearest") for own in (maps[:4], maps[4:])]
    assert np.array_equal(VolumeMedian(size=3)(maps, slices), np.concatenate(expected))


def test_a_missing_slice_ends_the_volume_that_is_filtered():
    slices = made_slices(patients=1, per_patient=6)
    gap = replace(slices, slice_indices=np.array([0, 1, 2, 4, 5, 6], np.int32))
    maps = noise(slices.images[:, 0].shape)
    expected = [ndimage.median_filter(own, 3, mode="nearest") for own in (maps[:3], maps[3:])]
    assert np.array_equal(VolumeMedian(size=3)(maps, gap), np.concatenate(expected))


def test_the_order_of_slices_does_not_matter_to_a_filter_over_volumes():
    slices = made_slices(patients=2, per_patient=3)
    maps, order = noise(slices.images[:, 0].shape), [4, 0, 3, 2, 5, 1]
    filtered = VolumeMedian(size=3)(maps, slices)
    assert np.array_equal(VolumeMedian(size=3)(maps[order], slices.only(order)), filtered[order])


@pytest.mark.parametrize(
    ("written", "size", "kind"),
    [(3, 3, "slice"), ({"kind": "slice", "size": 7}, 7, "slice"), ({"kind": "volume"}, 5, "volume")],
)
def test_a_filter_is_written_as_a_number_or_in_full(written, size, kind):
    config = ScoringConfig.parse({"median_filter": written})
    assert ScoringConfig.parse(config.plain()) == config
    assert config.post_processing()["median_filter"] == size
    assert config.post_processing()["median_window"] == kind
