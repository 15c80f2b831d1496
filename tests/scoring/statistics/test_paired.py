from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from uadray.scoring.statistics.paired import EXACT_UP_TO, holm, permutation_p, rank_biserial, wilcoxon_p

few = st.lists(st.floats(-1, 1), min_size=2, max_size=7).map(np.array)


@settings(deadline=None)
@given(few)
def test_the_permutation_p_is_the_share_of_sign_patterns_that_are_as_far_from_zero(differences):
    sums = [abs(np.dot(signs, differences)) for signs in product([-1, 1], repeat=len(differences))]
    tolerance = 1e-9 * np.abs(differences).sum()
    expected = np.mean([s >= abs(differences.sum()) - tolerance for s in sums])
    assert permutation_p(differences) == pytest.approx(expected)


@settings(deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=2, max_size=12).map(lambda d: np.array(d) / 20))
def test_which_method_comes_first_changes_no_p_value_and_the_sign_of_the_effect(differences):
    assert permutation_p(-differences) == permutation_p(differences)
    assert wilcoxon_p(-differences) == pytest.approx(wilcoxon_p(differences))
    if differences.any():
        assert rank_biserial(-differences) == pytest.approx(-rank_biserial(differences))


@pytest.mark.parametrize("n", [2, EXACT_UP_TO, EXACT_UP_TO + 1, 60])
def test_identical_methods_have_p_one_and_no_effect(n):
    assert permutation_p(np.zeros(n)) == 1
    assert wilcoxon_p(np.zeros(n)) == 1
    assert rank_biserial(np.zeros(n)) == 0


def test_random_patterns_agree_with_all_of_them():
    differences = np.random.default_rng(3).normal(0.4, 1, EXACT_UP_TO)
    more = np.append(differences, 0.0)  # flipping a zero changes nothing, but 13 patients are drawn
    assert permutation_p(more) == pytest.approx(permutation_p(differences), abs=0.015)
    assert 0.05 < permutation_p(differences) < 0.6


def test_a_p_value_from_random_patterns_is_never_zero():
    assert permutation_p(np.full(40, 0.1)) == 1 / 10_000


def test_p_values_of_alike_methods_are_below_five_percent_five_times_in_hundred():
    draw = np.random.default_rng(0)
    differences = draw.exponential(size=(600, 10)) * draw.choice([-1, 1], (600, 10))
    for test in (permutation_p, wilcoxon_p):
        assert np.mean([test(d) <= 0.05 for d in differences]) == pytest.approx(0.05, abs=0.027)


def test_patients_without_a_difference_weaken_wilcoxons_evidence():
    differences = np.arange(1, 9) / 10
    p_values = [wilcoxon_p(np.append(differences, np.zeros(zeros))) for zeros in (0, 8, 30)]
    assert p_values[0] == pytest.approx(2 / 2**8)
    assert p_values == sorted(p_values)
    assert p_values[2] > 3 * p_values[0]


@pytest.mark.parametrize("n", [5, EXACT_UP_TO, EXACT_UP_TO + 1, 30])
def test_wilcoxons_p_is_scipys_exact_one_without_ties_and_zeros(n):
    differences = np.random.default_rng(n).normal(0.3, 1, n)
    assert wilcoxon_p(differences) == pytest.approx(stats.wilcoxon(differences, method="exact").pvalue)


def test_wilcoxons_p_with_ties_and_zeros_counts_all_sign_patterns():
    ranks = np.array([1.5, 1.5, 3.5, 3.5, 5])  # of 0, 0, 1, -1 and 2
    patterns = np.array(list(product([-1, 1], repeat=3)))
    expected = np.mean(np.abs(patterns @ ranks[2:]) >= 5)
    assert wilcoxon_p(np.array([0, 0, 0.1, -0.1, 0.2])) == pytest.approx(expected)


def test_differences_that_differ_in_their_last_digits_only_are_ties():
    noisy = np.array([0.3 - 0.2, -(0.2 - 0.1), 0.5])
    assert abs(noisy[0]) != abs(noisy[1])
    assert rank_biserial(noisy) == pytest.approx(3 / 6)


def test_the_rank_biserial_correlation_is_one_when_every_patient_gains():
    assert rank_biserial(np.array([0.1, 0.7, 0.2])) == 1
    assert rank_biserial(np.array([0.1, 0.3, -0.2])) == pytest.approx((1 + 3 - 2) / 6)


def test_holm_multiplies_by_what_is_left_and_never_decreases():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == [1, 1]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_holm_lies_between_no_correction_and_bonferroni_in_any_order(p, random):
    adjusted = holm(p)
    assert all(raw <= a <= min(1, len(p) * raw) + 1e-12 for raw, a in zip(p, adjusted, strict=True))
    order = list(range(len(p)))
    random.shuffle(order)
    assert holm([p[i] for i in order]) == [adjusted[i] for i in order]
