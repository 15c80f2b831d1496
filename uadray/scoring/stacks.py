"""Slices that belong together: a patient's, and of them those that lie on each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from uadray.data.store import Slices

Rows = NDArray[np.int_]


def by_patient(slices: Slices) -> Iterator[tuple[str, Rows]]:
    """Each patient's rows, by rising slice index, in whatever order the slices are."""
    for subject in np.unique(slices.subjects).tolist():
        rows = np.flatnonzero(slices.subjects == subject)
        yield subject, rows[np.argsort(slices.slice_indices[rows], kind="stable")]


def consecutive(slices: Slices) -> Iterator[Rows]:
    """Rows of one patient without a missing slice in between: a gap ends a stack, another begins after it."""
    for _, rows in by_patient(slices):
        yield from runs(rows, slices.slice_indices[rows])


def runs(rows: Rows, indices: NDArray[np.integer]) -> list[Rows]:
    """One patient's rows, cut where the slice index does not rise by one.

    >>> [run.tolist() for run in runs(np.array([4, 5, 6]), np.array([7, 8, 10]))]
    [[4, 5], [6]]
    """
    return np.split(rows, np.flatnonzero(np.diff(indices) != 1) + 1)
