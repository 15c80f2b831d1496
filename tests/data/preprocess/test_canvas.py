import numpy as np
import pytest
from making import made_stack

from uadray.data.preprocess.canvas import PadCanvas, ResampleCanvas
from uadray.errors import DataError


def stack(height, width, box):
    """One slice whose brain is a box: (row, column, rows, columns)."""
    row, column, rows, columns = box
    brain = np.zeros((1, height, width), np.bool_)
    brain[0, row : row + rows, column : column + columns] = True
    images = brain * np.random.default_rng(0).uniform(0.2, 1, brain.shape).astype(np.float32)
    return made_stack(images, brain, brain & (images > 0.9), first=7)


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
    before = made_stack(chequered.astype(np.float32), everywhere, ~everywhere)
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
    before = made_stack(nothing, ~lesion, lesion)
    assert ResampleCanvas(size=32).fit(before).lesion.sum() * 9 == pytest.approx(lesion.sum(), rel=0.15)


@pytest.mark.parametrize("canvas", [PadCanvas(size=64), PadCanvas(size=33), ResampleCanvas(size=29)])
def test_pixels_on_the_canvas_know_where_they_were(canvas):
    """A box's centre and corners, found on the canvas, lie at the box again within half a pixel."""
    before = stack(51, 40, (20, 12, 11, 9))
    after = canvas.fit(before)
    rows, columns = (np.flatnonzero(after.brain.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    pixel = after.spacing_mm[0] / before.spacing_mm[0]
    for found, first, last in ((0, 20, 30), (1, 12, 20)):
        ends = (rows, columns)[found][[0, -1]] + np.array([-0.5, 0.5])  # outer edges
        where = [(after.to_native @ np.insert([0.0, 7, 1], found, end))[found] for end in ends]
        assert where == pytest.approx([first - 0.5, last + 0.5], abs=pixel / 2 + 1e-9)
