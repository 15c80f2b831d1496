import numpy as np
import pytest

from uadray.data.preprocess.slices import FAR, EnoughBrain, MiddleSlices, SliceRange
from uadray.data.volume import Volume
from uadray.errors import DataError


def volume(shape, seed=0):
    data = np.random.default_rng(seed).random(shape).astype(np.float32)
    return Volume(data, np.diag([1.0, 2.0, 3.0, 1.0]), (1.0, 2.0, 3.0))


def cut(count, shape, brain_slices, rule=None, lesion_slices=()):
    brain, lesion = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    brain[2:-2, 2:-2, brain_slices] = True
    lesion[4, 4, list(lesion_slices)] = True
    return (rule or MiddleSlices(count=count)).cut(volume(shape), brain, lesion)


def test_slices_surround_the_middle_of_the_brain():
    assert cut(4, (9, 9, 30), slice(10, 20)).indices.tolist() == [13, 14, 15, 16]
    assert cut(10, (9, 9, 30), slice(10, 20)).indices.tolist() == list(range(10, 20))


def test_a_single_slice_is_taken_as_it_is():
    assert cut(20, (9, 9, 1), slice(0, 1)).indices.tolist() == [0]


def test_a_brain_in_fewer_slices_gives_all_of_them_and_no_brain_is_refused():
    assert cut(20, (9, 9, 15), slice(2, 14)).indices.tolist() == list(range(2, 14))
    with pytest.raises(DataError, match=r"UAD-111 .*20 around the middle of the brain"):
        cut(20, (9, 9, 15), slice(0, 0))


def test_a_range_in_mm_takes_the_slices_with_brain_between_two_heights():
    assert cut(0, (9, 9, 30), slice(5, 20), SliceRange(lower=6, upper=24)).indices.tolist() == [5, 6, 7, 8]
    with pytest.raises(DataError, match=r"UAD-111 .*with brain at z of 100 to 120 mm"):
        cut(0, (9, 9, 30), slice(5, 20), SliceRange(lower=100, upper=120))


def test_a_range_is_not_empty_by_mistake():
    with pytest.raises(ValueError, match="lower must be below upper"):
        SliceRange(lower=5, upper=5)


def test_slices_with_enough_brain_are_taken_and_specks_are_not():
    brain = np.zeros((30, 30, 6), np.bool_)
    for z, side in enumerate((0, 3, 10, 20, 9, 1)):
        brain[:side, :side, z] = True
    rule = EnoughBrain(least_cm2=1.5)  # pixels of 2 mm2
    assert rule.cut(volume(brain.shape), brain, ~brain).indices.tolist() == [2, 3, 4]


def test_every_slice_knows_how_far_the_next_lesion_is_even_outside_the_stack():
    assert cut(4, (9, 9, 30), slice(10, 20), lesion_slices=[15, 29]).to_lesion.tolist() == [2, 1, 0, 1]
    assert cut(2, (9, 9, 30), slice(10, 20), lesion_slices=[29]).to_lesion.tolist() == [15, 14]
    assert cut(2, (9, 9, 30), slice(10, 20)).to_lesion.tolist() == [FAR, FAR]


def test_a_pixel_knows_where_in_the_scan_it_is():
    scan, brain = volume((8, 10, 6)), np.ones((8, 10, 6), np.bool_)
    stack = MiddleSlices().cut(scan, brain, ~brain)
    for n, row, column in ((0, 0, 0), (3, 2, 5), (5, 9, 7)):
        x, y, z, _ = np.linalg.inv(scan.affine) @ stack.to_native @ (row, column, stack.indices[n], 1)
        assert scan.data[round(x), round(y), round(z)] == stack.images[n, row, column]


def test_anterior_is_up_and_the_patients_right_is_left():
    scan, empty = volume((8, 10, 1)), np.zeros((8, 10, 1), np.bool_)
    right, anterior = empty.copy(), empty.copy()
    right[-1], anterior[:, -1] = True, True  # the ends of R and A in RAS+
    shown = MiddleSlices().cut(scan, right, anterior)
    assert shown.images.shape == (1, 10, 8)
    assert np.argwhere(shown.brain[0].any(axis=0)).tolist() == [[0]]
    assert np.argwhere(shown.lesion[0].any(axis=1)).tolist() == [[0]]
    assert shown.images[0, 2, 3] == scan.data[-1 - 3, -1 - 2, 0]


def test_spacing_follows_rows_columns_and_slices():
    assert cut(2, (9, 9, 5), slice(0, 5)).spacing_mm == (2.0, 1.0, 3.0)


def test_slices_of_a_sagittal_scan_are_refused():
    scan = Volume(np.ones((6, 40, 40), np.float32), np.diag([6.0, 1.0, 1.0, 1.0]), (6.0, 1.0, 1.0))
    brain = np.ones((6, 40, 40), np.bool_)
    with pytest.raises(DataError, match=r"UAD-164 .*6 x 1 mm.*register_to"):
        MiddleSlices().cut(scan, brain, ~brain)
