import numpy as np
import pytest

from uadray.data.preprocess.slices import PadCanvas, ResampleCanvas, SliceSelection, SliceStack
from uadray.data.volume import Volume
from uadray.errors import DataError


def volume(shape, seed=0):
    data = np.random.default_rng(seed).random(shape).astype(np.float32)
    return Volume(data, np.diag([1.0, 2.0, 3.0, 1.0]), (1.0, 2.0, 3.0))


def cut(count, shape, brain_slices):
    brain = np.zeros(shape, np.bool_)
    brain[2:-2, 2:-2, brain_slices] = True
    return SliceSelection(count=count).cut(volume(shape), brain, np.zeros(shape, np.bool_))


def stack(height, width, box):
    """One slice whose brain is a box: (row, column, rows, columns)."""
    row, column, rows, columns = box
    brain = np.zeros((1, height, width), np.bool_)
    brain[0, row : row + rows, column : column + columns] = True
    images = brain * np.random.default_rng(0).uniform(0.2, 1, brain.shape).astype(np.float32)
    return SliceStack(images, brain, brain & (images > 0.9), np.array([7], np.int32), (1.0, 2.0, 3.0))


def test_slices_surround_the_middle_of_the_brain():
    assert cut(4, (9, 9, 30), slice(10, 20)).indices.tolist() == [13, 14, 15, 16]
    assert cut(10, (9, 9, 30), slice(10, 20)).indices.tolist() == list(range(10, 20))


def test_a_single_slice_is_taken_as_it_is():
    assert cut(20, (9, 9, 1), slice(0, 1)).indices.tolist() == [0]


def test_too_few_slices_are_refused_with_their_number():
    with pytest.raises(DataError, match=r"UAD-111 .* over 20 .* brain in 12 of 15 slices"):
        cut(20, (9, 9, 15), slice(2, 14))
    with pytest.raises(DataError, match="brain in 0 of 15"):
        cut(1, (9, 9, 15), slice(0, 0))


def test_anterior_is_up_and_the_patients_right_is_left():
    scan, empty = volume((8, 10, 1)), np.zeros((8, 10, 1), np.bool_)
    right, anterior = empty.copy(), empty.copy()
    right[-1], anterior[:, -1] = True, True  # the ends of R and A in RAS+
    shown = SliceSelection().cut(scan, right, anterior)
    assert shown.images.shape == (1, 10, 8)
    assert np.argwhere(shown.brain[0].any(axis=0)).tolist() == [[0]]
    assert np.argwhere(shown.lesion[0].any(axis=1)).tolist() == [[0]]
    assert shown.images[0, 2, 3] == scan.data[-1 - 3, -1 - 2, 0]


def test_spacing_follows_rows_columns_and_slices():
    assert cut(2, (9, 9, 5), slice(0, 5)).spacing_mm == (2.0, 1.0, 3.0)


@pytest.mark.parametrize("shape", [(20, 15), (40, 20), (20, 41), (50, 45)])
def test_padding_keeps_every_brain_voxel(shape):
    before = stack(*shape, (shape[0] // 2 - 4, shape[1] // 2 - 3, 8, 6))
    after = PadCanvas(size=32).fit(before)
    assert after.images.shape == after.brain.shape == after.lesion.shape == (1, 32, 32)
    assert np.array_equal(after.images[after.brain], before.images[before.brain])
    assert np.array_equal(after.lesion[after.brain], before.lesion[before.brain])
    assert after.spacing_mm == before.spacing_mm


def test_padding_centres_the_field_of_view():
    after = PadCanvas(size=32).fit(stack(20, 16, (0, 0, 20, 16)))
    assert np.flatnonzero(after.brain.any(axis=(0, 2)))[[0, -1]].tolist() == [6, 25]
    assert np.flatnonzero(after.brain.any(axis=(0, 1)))[[0, -1]].tolist() == [8, 23]


def test_a_brain_that_does_not_fit_is_refused():
    with pytest.raises(DataError, match=r"UAD-112 .* 40 x 30 in \(60, 60\)"):
        PadCanvas(size=32).fit(stack(60, 60, (10, 15, 40, 30)))


def test_resampling_keeps_the_field_of_view():
    before = stack(60, 40, (10, 10, 40, 20))
    after = ResampleCanvas(size=32).fit(before)
    assert after.images.shape == (1, 32, 32)
    assert after.spacing_mm == pytest.approx((60 / 32, 2 * 60 / 32, 3.0))
    assert after.brain.sum() * after.spacing_mm[0] * after.spacing_mm[1] == pytest.approx(40 * 20 * 2, rel=0.1)


def test_resampling_averages_instead_of_skipping_pixels():
    chequered = np.indices((1, 128, 128)).sum(axis=0) % 2
    everywhere = np.ones((1, 128, 128), np.bool_)
    before = SliceStack(chequered.astype(np.float32), everywhere, ~everywhere, np.zeros(1, np.int32), (1.0, 1.0, 1.0))
    assert np.allclose(ResampleCanvas(size=32).fit(before).images[0, 1:-1, 1:-1], 0.5, atol=0.02)


@pytest.mark.parametrize("size", [17, 32, 64, 100])
def test_resampled_images_stay_in_range_and_in_the_brain(size):
    after = ResampleCanvas(size=size).fit(stack(60, 40, (10, 10, 40, 20)))
    assert after.images.dtype == np.float32
    assert 0 <= after.images.min() <= after.images.max() <= 1
    assert not after.images[~after.brain].any()


def test_resampling_keeps_the_area_of_small_lesions_on_average():
    random = np.random.default_rng(0)
    lesion = np.zeros((200, 96, 96), np.bool_)
    for mask in lesion:
        row, column = random.integers(0, 94, 2)
        mask[row : row + 2, column : column + 2] = True
    nothing = np.zeros(lesion.shape, np.float32)
    before = SliceStack(nothing, ~lesion, lesion, np.arange(200, dtype=np.int32), (1.0, 1.0, 1.0))
    assert ResampleCanvas(size=32).fit(before).lesion.sum() * 9 == pytest.approx(lesion.sum(), rel=0.15)
