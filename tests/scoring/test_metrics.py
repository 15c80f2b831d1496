import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from uadray.scoring.metrics import average_precision, dice

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


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.5, 0.9])), min_size=2).filter(
        lambda d: any(t for t, _ in d)
    )
)
def test_auprc_is_scikit_learns_average_precision_ties_included(drawn):
    truth, scores = np.array([t for t, _ in drawn]), np.array([s for _, s in drawn], np.float32)
    assert average_precision(truth, scores) == pytest.approx(average_precision_score(truth, scores), abs=1e-6)


def test_constant_scores_have_the_prevalence_as_auprc():
    truth = np.arange(100) < 7
    assert average_precision(truth, np.ones(100, np.float32)) == pytest.approx(0.07)
