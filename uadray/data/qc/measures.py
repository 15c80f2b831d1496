"""What tells a bad scan from the others: four numbers a subject, and how far each lies from the cohort's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from uadray.data.manifest import Member
from uadray.data.row_groups import row_groups
from uadray.data.store import Slices, Store, decode

QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)
STANDS_OUT = 3.5  # the modified z beyond which Iglewicz and Hoaglin 1993 call a value an outlier
UNUSUAL = 2.5


@dataclass(frozen=True, eq=False)
class Person:
    """A subject of a store with their slices; `spacing_mm` is from row to row, column to column, slice to slice."""

    id: str
    member: Member
    slices: Slices
    spacing_mm: tuple[float, float, float]


@dataclass(frozen=True)
class Measures:
    """One subject in numbers; volumes are those of the store's slices, not of the head."""

    brain_mm2: float
    """Mean over the slices."""
    brain_ml: float
    lesion_mm2: float
    """Of the slice with most lesion."""
    lesion_ml: float
    overlap: float
    """Dice of the brain mask with the cohort's median mask, mean over the slices."""
    quantiles: tuple[float, ...]
    """Of the intensities in the brain, at QUANTILES; 0 without a brain."""


@dataclass(frozen=True)
class Score:
    """How unusual a subject is: the largest of their |z|, and the measure it belongs to."""

    value: float
    reason: str
    z: Mapping[str, float]


def people(store: Store) -> Iterator[Person]:
    """The subjects of a store one after the other, one in memory at a time; raises DataError (UAD-144)."""
    for file in store.manifest.files:
        for rows in row_groups(store.path / file.path):
            name = rows["subject"][0].as_py()
            yield Person(name, store.manifest.subjects[name], decode(rows), _spacing(rows))


def brain_share(store: Store) -> NDArray[np.float64]:
    """(P, H, W): the share of subjects in whom a pixel is brain, at P levels from inferior to superior."""
    levels = int(np.median([member.slices for member in store.manifest.subjects.values()]))
    votes = np.zeros((levels, store.size, store.size), np.int32)
    voters = np.zeros((levels, 1, 1), np.int32)
    for person in people(store):
        for level, brain in zip(_levels(person.slices, levels), person.slices.brain[:, 0], strict=True):
            votes[level] += brain
            voters[level] += 1
    return np.asarray(votes / np.maximum(voters, 1))


def measure(person: Person, share: NDArray[np.float64]) -> Measures:
    """The numbers of one subject; the cohort's median brain is where `share` is more than one half."""
    row, column, between = person.spacing_mm
    brain, lesion = person.slices.brain[:, 0], person.slices.lesion[:, 0]
    expected = share[_levels(person.slices, len(share))] > 0.5
    both, either = (np.count_nonzero(a, axis=(1, 2)) for a in (brain & expected, brain | expected))
    inside = person.slices.images[person.slices.brain]
    brain_mm2, lesion_mm2 = (np.count_nonzero(mask, axis=(1, 2)) * row * column for mask in (brain, lesion))
    return Measures(
        brain_mm2=float(brain_mm2.mean()),
        brain_ml=float(brain_mm2.sum()) * between / 1000,
        lesion_mm2=float(lesion_mm2.max()),
        lesion_ml=float(lesion_mm2.sum()) * between / 1000,
        overlap=float(np.mean(2 * both / np.maximum(both + either, 1))),
        quantiles=tuple(np.quantile(inside, QUANTILES).tolist()) if inside.size else (0.0,) * len(QUANTILES),
    )


def scores(cohort: Mapping[str, Measures]) -> dict[str, Score]:
    """Every subject's score. More overlap than others have is no fault; of the rest, both directions count."""
    values = {
        "brain area": [m.brain_mm2 for m in cohort.values()],
        "brain overlap": [m.overlap for m in cohort.values()],
        "median intensity": [m.quantiles[2] for m in cohort.values()],
        "99th percentile": [m.quantiles[4] for m in cohort.values()],
    }
    z = {name: robust_z(np.array(column)) for name, column in values.items()}
    z["brain overlap"] = np.minimum(z["brain overlap"], 0)
    found = {}
    for number, subject in enumerate(cohort):
        own = {name: float(column[number]) for name, column in z.items()}
        reason = max(own, key=lambda name: abs(own[name]))
        found[subject] = Score(abs(own[reason]), reason, own)
    return found


def robust_z(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances from the median in robust standard deviations (1.4826 MAD).

    A deviation is at least 1 % of the median: in a cohort of near twins, noise would stand out.

    >>> robust_z(np.array([9.0, 10.0, 11.0, 10.0, 50.0])).round(1).tolist()
    [-0.7, 0.0, 0.7, 0.0, 27.0]
    """
    centre = np.median(values)
    deviation = max(1.4826 * float(np.median(np.abs(values - centre))), 0.01 * abs(float(centre)), 1e-9)
    return np.asarray((values - centre) / deviation, dtype=np.float64)


def _levels(slices: Slices, levels: int) -> list[int]:
    """Where in the cohort's stack of levels each slice lies; a stack of another length is stretched."""
    count = len(slices.images)
    return [(2 * k + 1) * levels // (2 * count) for k in range(count)]


def _spacing(rows: pa.Table) -> tuple[float, float, float]:
    row, column, between = rows["spacing_mm"][0].as_py()
    return row, column, between
