import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uadray.scoring.metrics import dice

masks = st.lists(st.booleans(), min_size=6, max_size=6).map(np.array)


@given(masks, masks)
def test_dice_is_twice_the_overlap_over_the_sum_of_both(segmentation, truth):
    if not truth.any():
        assert dice(segmentation, truth) is None
        return
    overlap = sum(s and t for s, t in zip(segmentation, truth, strict=True))
    assert dice(segmentation, truth) == pytest.approx(2 * overlap / (segmentation.sum() + truth.sum()))


def test_a_perfect_segmentation_has_dice_one_and_a_disjoint_one_zero():
    truth = np.array([True, False, True])
    assert dice(truth, truth) == 1
    assert dice(~truth, truth) == 0
