"""How sure a number about patients is: bootstrap intervals over patients (Efron 1987, J. Am. Stat. Assoc. 82, 171).

The patients are the sample, not their voxels or slices: those of one patient resemble each other, and an interval over
voxels is far too narrow. Patients of one site, or scans of one person, are no independent sample either.
The interval says how the number would vary with other patients of the same kind; how it varies with another training of
the same method is another question (uadray/scoring/statistics/trainings.py).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

import numpy as np
from scipy import stats

from uadray.errors import DataError, Problem
from uadray.scoring.statistics.per_patient import Floats, Values, at_least, judged

Patient = TypeVar("Patient")


@dataclass(frozen=True)
class Interval:
    """A number computed from n patients with its confidence interval over patients.

    `method` is "BCa", or "percentile" where BCa does not exist: when the resamples are all alike, or all lie on one
    side of the value.
    """

    value: float
    low: float
    high: float
    n: int
    level: float
    method: Literal["BCa", "percentile"]

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def __format__(self, spec: str) -> str:
        number = spec or ".2f"
        return f"{self.value:{number}} [{self.low:{number}}, {self.high:{number}}], n = {self.n}"

    def __str__(self) -> str:
        return format(self)


def interval(
    values: Values,
    statistic: Callable[[Floats], Any] = np.mean,
    level: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
) -> Interval:
    """A statistic of the patients' values with its BCa bootstrap interval.

    Patients are drawn with replacement `resamples` times. BCa takes the quantiles
    Phi(z_0 + (z_0 + z_a) / (1 - a (z_0 + z_a))) of the resampled statistics, z_0 for their bias and a, from leaving out
    one patient at a time, for their skewness (Efron 1987; Efron and Tibshirani 1993, ch. 14).

    Wrong with few patients, where it is too narrow: of 95 % intervals of the mean of values from beta(1, 3), skewed as
    Dice is, 84 % hold the truth for 5 patients, 90 % for 10, 93 % for 20, 94 % for 50 (3000 trials each). Wrong for a
    minimum or maximum; rough for a median, which jumps between patients.
    Raises DataError: UAD-343 and UAD-344 for values without meaning and for fewer than two (`judged`).

    >>> print(interval({"sub-01": 0.3, "sub-02": 0.5, "sub-03": 0.4, "sub-04": None}))
    0.40 [0.33, 0.50], n = 3
    """
    return bootstrap(judged(values), statistic, level, resamples, seed)


def pooled_interval(
    patients: Mapping[str, Patient],
    statistic: Callable[[Sequence[Patient]], float],
    level: float = 0.95,
    resamples: int = 1999,
    seed: int = 0,
) -> Interval:
    """A statistic of all patients together, as a pooled AUPRC, with its BCa bootstrap interval over patients.

    The statistic is computed anew from each resample, a list in which a patient may be several times: resamples + n + 1
    calls in all; for AUPRC see pooled.py. Few patients with large lesions dominate a pooled AUPRC, so
    its interval may be much wider than that of the mean over patients.
    Raises DataError: UAD-343 when the statistic has no value in a resample, as when nobody in it has a lesion; UAD-344
    for fewer than two patients.
    """
    at_least(2, len(patients), "patients", "patients", "Score more patients.")
    ordered = [patient for _, patient in sorted(patients.items(), key=lambda item: item[0])]

    def of_rows(rows: Floats) -> float:
        return statistic([ordered[int(row)] for row in rows])

    return bootstrap(np.arange(len(ordered), dtype=np.float64), of_rows, level, resamples, seed)


def bootstrap(
    sample: Floats, statistic: Callable[[Floats], Any], level: float = 0.95, resamples: int = 9999, seed: int = 0
) -> Interval:
    """The same of two or more numbers, one a patient, whose order decides which resamples are drawn."""
    value = float(statistic(sample))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        draws = {"n_resamples": resamples, "rng": np.random.default_rng(seed)}
        result = stats.bootstrap((sample,), statistic, confidence_level=level, method="BCa", **draws)
    drawn = result.bootstrap_distribution
    if not (np.isfinite(drawn).all() and np.isfinite(value)):
        must, do = "a statistic must have a value in every resample of the patients", "Take patients that it can judge."
        raise DataError(Problem("UAD-343", "the bootstrap", must, f"{np.sum(~np.isfinite(drawn))} without", do))
    low, high = map(float, result.confidence_interval)
    if np.isfinite([low, high]).all():
        return Interval(value, low, high, len(sample), level, "BCa")
    low, high = map(float, np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]))
    return Interval(value, low, high, len(sample), level, "percentile")
