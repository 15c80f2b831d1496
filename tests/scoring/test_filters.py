import numpy as np

from uadray.scoring.filters import median_filter


def test_a_structure_smaller_than_half_the_window_disappears_and_a_larger_one_stays():
    maps = np.zeros((1, 20, 20), np.float32)
    maps[0, 3:6, 3:6] = 1  # 9 of 25 pixels
    maps[0, 10:17, 10:17] = 1
    filtered = median_filter(maps, 5)
    assert filtered[0, :9, :9].max() == 0
    assert filtered[0, 13, 13] == 1


def test_slices_do_not_mix():
    maps = np.zeros((3, 8, 8), np.float32)
    maps[1] = 1
    assert median_filter(maps, 3)[[0, 2]].max() == 0


def test_size_one_changes_nothing():
    maps = np.random.default_rng(0).random((2, 8, 8), np.float32)
    assert np.array_equal(median_filter(maps, 1), maps)


def test_the_border_repeats_its_nearest_pixel():
    maps = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    assert median_filter(maps, 3)[0, 0, 0] == np.median([0, 0, 1, 0, 0, 1, 4, 4, 5])
