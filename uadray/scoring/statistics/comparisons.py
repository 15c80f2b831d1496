"""Which of several methods is better on the same patients, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from uadray.errors import DataError, Problem
from uadray.scoring.statistics.intervals import Interval, bootstrap
from uadray.scoring.statistics.paired import holm, permutation_p, rank_biserial, wilcoxon_p
from uadray.scoring.statistics.per_patient import Values, at_least, judged, judged_by_all


@dataclass(frozen=True)
class Comparison:
    """A method against another on the same n patients; every number is about method - other.

    Two tests are given, and one has to be named before looking: `permutation_p` goes with `difference`, the mean;
    `wilcoxon_p` with `rank_biserial`. Those ending in _holm are adjusted within the `family` comparisons made together,
    each test for itself. A p-value that is not small shows no equality; look at how wide `difference` is.
    """

    method: str
    other: str
    n: int
    difference: Interval
    better: int  # patients of n
    equal: int
    worse: int
    rank_biserial: float
    permutation_p: float
    wilcoxon_p: float
    family: int
    permutation_holm: float
    wilcoxon_holm: float

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        adjusted = f"permutation p = {self.permutation_p:.4f}, {self.permutation_holm:.4f} by Holm of {self.family}"
        return f"{self.method} - {self.other}: {self.difference:.3f}, {adjusted}"


def compare(table: Mapping[str, Values], method: str, other: str, level: float = 0.95, seed: int = 0) -> Comparison:
    """One comparison, a family of its own; the table has the values of each method by patient.

    Patients without a value (None) must have none in both methods and are left out. Raises DataError: UAD-342 if the
    methods do not share their patients or are not in the table, UAD-343 for NaN, UAD-344 for fewer than two patients.
    Wrong for a choice among many: compare those together, or choose on other patients first.
    """
    _check_named(table, [method, other])
    judged_by_all({name: table[name] for name in (method, other)})
    differences = judged(table[method]) - judged(table[other])
    permutation, wilcoxon = permutation_p(differences, seed), wilcoxon_p(differences)
    return Comparison(
        method=method,
        other=other,
        n=len(differences),
        difference=bootstrap(differences, np.mean, level, seed=seed),
        better=int(np.sum(differences > 0)),
        equal=int(np.sum(differences == 0)),
        worse=int(np.sum(differences < 0)),
        rank_biserial=rank_biserial(differences),
        permutation_p=permutation,
        wilcoxon_p=wilcoxon,
        family=1,
        permutation_holm=permutation,
        wilcoxon_holm=wilcoxon,
    )


def compare_all(table: Mapping[str, Values], level: float = 0.95, seed: int = 0) -> list[Comparison]:
    """Every method with every one after it in the table, k (k - 1) / 2 comparisons as one family."""
    at_least(2, len(table), "table", "methods to compare", "Add a method.")
    return _family(table, list(combinations(table, 2)), level, seed)


def compare_with_baseline(
    table: Mapping[str, Values], baseline: str, level: float = 0.95, seed: int = 0
) -> list[Comparison]:
    """Every other method against the baseline, k - 1 comparisons as one family: a milder correction."""
    at_least(2, len(table), "table", "methods to compare", "Add a method.")
    return _family(table, [(method, baseline) for method in table if method != baseline], level, seed)


def _family(table: Mapping[str, Values], pairs: Sequence[tuple[str, str]], level: float, seed: int) -> list[Comparison]:
    _check_named(table, [name for pair in pairs for name in pair])
    judged_by_all(table)  # all problems at once
    found = [compare(table, method, other, level, seed) for method, other in pairs]
    permutation, wilcoxon = holm([c.permutation_p for c in found]), holm([c.wilcoxon_p for c in found])
    return [
        replace(comparison, family=len(found), permutation_holm=permutation[i], wilcoxon_holm=wilcoxon[i])
        for i, comparison in enumerate(found)
    ]


def _check_named(table: Mapping[str, Values], names: Sequence[str]) -> None:
    for name in names:
        if name not in table:
            must, got = "a compared method must be in the table", f"only {', '.join(table)}"
            raise DataError(Problem("UAD-342", name, must, got, "Score the method, or compare another."))
