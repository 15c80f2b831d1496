"""Tests of paired differences, one difference a patient, and what several of them at once are worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from uadray.scoring.statistics.per_patient import Floats

EXACT_UP_TO = 12  # patients: 4096 sign patterns
DRAWS = 9999  # sign patterns beyond; the smallest p-value is 1 / 10000


def permutation_p(differences: Floats, seed: int = 0) -> float:
    """Two-sided p-value of the mean difference by flipping signs (Fisher 1935, The Design of Experiments, sec. 21).

    If the methods are alike, the difference of each patient could as well have the other sign. p is the share of sign
    patterns whose mean is as far from 0 as the one found: of all 2^n up to 12 patients, else of 9999 random patterns
    and the one found, (b + 1) / (9999 + 1) (Phipson and Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9, 39).

    Wrong where the patients are not independent. With fewer than six it cannot be below 0.05: the least p is 2 / 2^n.

    >>> permutation_p(np.array([0.1, 0.2, 0.3]))
    0.25
    """
    n = len(differences)
    found = abs(differences.sum()) - 1e-9 * np.abs(differences).sum()  # sums differ in their last digits
    if n <= EXACT_UP_TO:
        patterns = np.arange(2**n)[:, None] >> np.arange(n) & 1
        return float(np.mean(np.abs((2 * patterns - 1) @ differences) >= found))
    signs = 2 * np.random.default_rng(seed).integers(0, 2, (DRAWS, n), dtype=np.int8) - 1
    return float((1 + np.count_nonzero(np.abs(signs @ differences) >= found)) / (1 + DRAWS))


def wilcoxon_p(differences: Floats) -> float:
    """Two-sided p-value of Wilcoxon's signed-rank test (1945, Biometrics Bull. 1, 80).

    Differences of 0 are ranked too and share their ranks between both signs ("zsplit", as Demsar 2006, sec. 3.1.3):
    patients whom both methods fail on, with Dice 0, are evidence of no difference, and to drop them forgets that. Ties
    have their mean rank. Up to 12 patients p is exact, over all sign patterns of these ranks. Beyond, scipy's: exact up
    to 50 without ties and zeros, else from the normal distribution.

    It tests whether differences are symmetric about 0, not whether their mean is 0: with skewed differences it may be
    small while the mean is 0, and with a few large differences the reverse.
    """
    if len(differences) <= EXACT_UP_TO:
        return permutation_p(_signed_ranks(differences))
    return float(stats.wilcoxon(_without_noise(differences), zero_method="zsplit").pvalue)


def rank_biserial(differences: Floats) -> float:
    """Matched-pairs rank-biserial correlation (Kerby 2014, Compr. Psychol. 3, 11): the effect size to Wilcoxon's test.

    r = (W+ - W-) / (W+ + W-), W the sums of the ranks of |d| of each sign; zeros are ranked and split as there. 1 when
    every patient gains, -1 when every one loses, 0 when the methods are alike. It says how reliably, not how much.

    >>> round(rank_biserial(np.array([0.1, 0.3, -0.2])), 2)
    0.33
    """
    n = len(differences)
    return float(_signed_ranks(differences).sum() / (n * (n + 1) / 2))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values of one family, adjusted so that the chance of any false finding keeps to the level (Holm 1979).

    With p_(1) <= ... <= p_(m), the i-th is max over j <= i of min(1, (m - j + 1) p_(j)). Valid whatever the tests
    depend on. The family is everything that was looked at, not what was found worth reporting.
    Scand. J. Stat. 6, 65.

    >>> holm([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.04]
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(np.minimum(1, factors * p[order]))
    return [float(value) for value in adjusted]


def _signed_ranks(differences: Floats) -> Floats:
    """sign(d) times the rank of |d|."""
    exact = _without_noise(differences)
    ranks: Floats = np.sign(exact) * stats.rankdata(np.abs(exact))
    return ranks


def _without_noise(differences: Floats) -> Floats:
    """Without the last digits, in which 0.3 - 0.2 and 0.2 - 0.1 differ and would not tie."""
    return np.round(differences, 12)
