"""What a method reached on each patient, and what may be computed from it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from uadray.errors import DataError, Problem

Values = Mapping[str, float | None]  # by subject; None where the measure cannot judge the patient
Floats = NDArray[np.float64]


def judged(values: Values, where: str = "values") -> Floats:
    """The numbers among the values, by the subjects' names, so that the order they came in does not matter.

    None is left out: the measure cannot judge that patient, as Dice cannot where the truth is empty. NaN and infinity
    are refused, since leaving out a failure makes a method look better than it is. Raises DataError: UAD-343 for them,
    UAD-344 for fewer than two numbers.

    >>> judged({"sub-02": 0.5, "sub-01": 0.25, "sub-03": None})
    array([0.25, 0.5 ])
    """
    if problems := list(_not_finite(values, where)):
        raise DataError(problems)
    numbers = [value for _, value in sorted(values.items()) if value is not None]
    at_least(2, len(numbers), where, "patients that the measure can judge", "Score more patients.")
    return np.array(numbers, np.float64)


def judged_by_all(table: Mapping[str, Values]) -> Floats:
    """The numbers of every method on the same patients, (patients, methods), by the subjects' names.

    A patient is judged by all methods or by none. Raises DataError: UAD-342 if the methods were scored on different
    patients, UAD-343 and UAD-344 as `judged`.
    """
    first = next(iter(table))
    if problems := [problem for name in table for problem in _unshared(table, first, name)]:
        raise DataError(problems)
    if problems := [problem for name, values in table.items() for problem in _not_finite(values, name)]:
        raise DataError(problems)
    return np.stack([judged(values, name) for name, values in table.items()], axis=1)


def at_least(least: int, count: int, where: str, what: str, do: str) -> None:
    """Raises DataError (UAD-344) when there is too little to compute with."""
    if count < least:
        raise DataError(Problem("UAD-344", where, f"there must be {least} or more {what}", str(count), do))


def _not_finite(values: Values, where: str) -> Iterator[Problem]:
    must, do = "values of patients must be finite, or None", "Find out why this patient could not be scored."
    for subject, value in sorted(values.items()):
        if value is not None and not math.isfinite(value):
            yield Problem("UAD-343", f"{where}, {subject}", must, str(value), do)


def _unshared(table: Mapping[str, Values], first: str, name: str) -> Iterator[Problem]:
    """Patients that one method was judged on and the other was not."""
    must, do = "compared methods must be scored on the same patients", "Score both on the same split."
    ours, theirs = ({s for s, value in table[method].items() if value is not None} for method in (first, name))
    for subject in sorted(ours ^ theirs):
        have, lack = (first, name) if subject in ours else (name, first)
        yield Problem("UAD-342", subject, must, f"a value of {have} and none of {lack}", do)
