"""Many methods by their ranks on the same patients (Demsar 2006, J. Mach. Learn. Res. 7, 1, sec. 3.2).

Demsar ranks classifiers on data sets; here patients take the place of the data sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import factorial, sqrt
from typing import Any

import numpy as np
from scipy import stats

from uadray.scoring.statistics.per_patient import Floats, Values, at_least, judged_by_all


@dataclass(frozen=True)
class Ranks:
    """Average ranks of the methods, the best first, and which of them the patients cannot tell apart.

    `friedman_p` is of chi^2_F, corrected for ties, with k - 1 degrees of freedom; `iman_davenport_p` of
    F_F = (N - 1) chi^2_F / (N (k - 1) - chi^2_F), less conservative. Read `cliques` only where one of them, named
    before, is below `alpha`. Two methods differ when their average ranks are `critical_difference` or more apart, by
    Nemenyi's test.
    """

    average: Mapping[str, float]  # 1 is the best
    patients: int
    friedman_p: float
    iman_davenport_p: float
    alpha: float
    critical_difference: float
    cliques: tuple[tuple[str, ...], ...]  # largest sets of neighbours that do not differ, two methods or more

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "average": dict(self.average), "cliques": [list(clique) for clique in self.cliques]}


def rank(table: Mapping[str, Values], alpha: float = 0.05) -> Ranks:
    """Rank three or more methods on every patient, high values first, test that all are alike, and form the cliques.

    A patient's ties have their mean rank. CD = q_alpha sqrt(k (k + 1) / (6 N)), k methods, N patients, q_alpha the
    quantile of the studentised range for k groups and infinite degrees of freedom, divided by sqrt 2. Where a low value
    is the better one, hand in its negative.

    Wrong with few patients: the distributions are those of many, N > 10 and k > 5 says Demsar. With many ties, as Dice
    0 by all methods, CD does not know of them and is too wide. A rank forgets by how much, and that of a method depends
    on which others are in the table (Benavoli et al. 2016, J. Mach. Learn. Res. 17(5), 1): two methods may change
    between alike and different when a third is left out. `compare_all` has neither fault, and for a new method against
    others `compare_with_baseline` has more power.
    Raises DataError: UAD-342 to 344 as `judged_by_all`, UAD-344 for fewer than three methods: `compare` two.
    """
    at_least(3, len(table), "table", "methods to rank", "Compare two methods with a paired test.")
    values = judged_by_all(table)
    ranks = stats.rankdata(-np.round(values, 12), axis=1)
    order = np.argsort(ranks.mean(axis=0), kind="stable")
    names = list(table)
    average = {names[i]: float(ranks[:, i].mean()) for i in order}
    friedman_p, iman_davenport_p = _friedman(ranks)
    cd = critical_difference(len(names), len(values), alpha)
    return Ranks(average, len(values), friedman_p, iman_davenport_p, alpha, cd, _cliques(average, cd))


def critical_difference(methods: int, patients: int, alpha: float = 0.05) -> float:
    """Nemenyi's CD; Demsar's example has 4 methods on 14 data sets.

    >>> round(critical_difference(4, 14), 2)
    1.25
    """
    q = stats.studentized_range.ppf(1 - alpha, methods, np.inf) / sqrt(2)
    return float(q * sqrt(methods * (methods + 1) / (6 * patients)))


def _friedman(ranks: Floats) -> tuple[float, float]:
    """p-values of chi^2_F and of F_F, ranks (N, k)."""
    n, k = ranks.shape
    between = n * np.sum((ranks.mean(axis=0) - (k + 1) / 2) ** 2)
    within = np.sum((ranks - (k + 1) / 2) ** 2) / (n * (k - 1))  # k (k + 1) / 12 without ties
    if within == 0:  # every patient ties all methods
        return 1.0, 1.0
    chi = between / within
    rest = n * (k - 1) - chi
    chi_p = float(stats.chi2.sf(chi, k - 1))
    if rest <= 1e-9 * n:  # every patient has the same order: F_F is infinite, and one order in k! is that of the first
        return chi_p, float(factorial(k)) ** (1 - n)
    return chi_p, float(stats.f.sf((n - 1) * chi / rest, k - 1, (k - 1) * (n - 1)))


def _cliques(average: Mapping[str, float], cd: float) -> tuple[tuple[str, ...], ...]:
    """Runs of neighbours whose ends are less than CD apart, none of them inside another."""
    found: list[Sequence[str]] = []
    names, reached = list(average), 0
    for first, name in enumerate(names):
        run = [other for other in names[first:] if average[other] - average[name] < cd]
        if len(run) > 1 and first + len(run) > reached:
            found.append(run)
            reached = first + len(run)
    return tuple(map(tuple, found))
