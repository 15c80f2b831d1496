"""A stream of voxel scores, kept so that every threshold can be asked afterwards, exactly.

A curve over all thresholds needs two numbers at each: how many voxels are called lesion (score > t), and how many of
them are. Both are a binary search in sorted scores; no voxel has to remember where it came from. So a patient is kept
as float32, the few lesion voxels a second time by themselves, and nothing is sorted by index, which is where
scikit-learn's time and memory go. Scores are sorted when they are asked for, not when they come: a patient's own where
they lie, those of several patients together in a buffer. Who asks only for the pool pays for one sort.

What is exact, and what memory it takes. Only lesion scores matter as thresholds, but those of a later patient are not
known when an earlier one is counted. One exact pass must therefore keep the multiset of all scores: 4 bytes a brain
voxel, and the ties at a patient's lowest score (half the brain is exactly 0 in a rectified residual) as one count. On
top of that, questions take a buffer of `POOL` scores, whatever the number of patients. Histograms of fixed bins would
be smaller; they are not exact (an error of 3e-4 in AUPRC with 2^16 bins) and were not faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from uadray.errors import Problem, StudyError
from uadray.scoring.stacks import by_patient

if TYPE_CHECKING:
    from uadray.data.store import Slices

Scores = NDArray[np.float32]
Counts = NDArray[np.int64]

POOL = 2**23  # scores sorted together for one search: 32 MiB; 2^24 took 15 % longer for 64 million
FEW = 0.1  # share of ties that is not worth a pass to leave them out


@dataclass(frozen=True, eq=False)
class Patient:
    """Scores of one patient's voxels, in any order; where they lay is forgotten."""

    lowest: float  # 0 where there is no voxel
    lowest_voxels: int  # that are at the lowest score and not among the others; 0 where such ties are few
    others: Scores  # all other voxels
    lesion: Scores  # of the lesion voxels, wherever they are

    @classmethod
    def of(cls, scores: Scores, lesion: Scores) -> Patient:
        """Copies of the scores, (V,), of all voxels, and once more those of the lesion voxels.

        Raises StudyError (UAD-341) for scores that are not finite: NaN has no rank.
        """
        if not len(scores):
            return cls(0.0, 0, scores.copy(), lesion)
        lowest = scores.min()
        if not np.isfinite([lowest, scores.max()]).all():  # both are NaN where one score is
            must, got = "anomaly scores must be finite", f"{np.count_nonzero(~np.isfinite(scores))} that are not"
            raise StudyError(Problem("UAD-341", "anomaly maps", must, got, "Check the model's weights and the scans."))
        above = scores > lowest
        tied = len(scores) - int(np.count_nonzero(above))
        if tied < FEW * len(scores):
            return cls(float(lowest), 0, scores.copy(), lesion)
        return cls(float(lowest), tied, np.compress(above, scores), lesion)

    @property
    def voxels(self) -> int:
        """All of them."""
        return self.lowest_voxels + len(self.others)

    @cached_property
    def ranked(self) -> Scores:
        """`others`, from now on rising."""
        self.others.sort()
        return self.others

    @cached_property
    def ranked_lesion(self) -> Scores:
        """`lesion`, from now on rising."""
        self.lesion.sort()
        return self.lesion

    def scores(self) -> Scores:
        """Every voxel's score."""
        return np.concatenate([np.full(self.lowest_voxels, self.lowest, np.float32), self.others])


class Tally:
    """Brain voxels of patients, added in any order and in chunks of any size.

    Two tallies of parts of a stream, `merged`, hold what one tally of the whole stream holds.

    >>> tally = Tally()
    >>> tally.add("sub-01", np.array([0.1, 0.9, 0.4], np.float32), np.array([False, True, False]))
    >>> called(tally.patients().values(), np.array([0.0, 0.3, 0.4], np.float32))
    array([3, 2, 1])
    """

    def __init__(self) -> None:
        self._runs: dict[str, list[Patient]] = {}

    def add(self, subject: str, scores: Scores, truth: NDArray[np.bool_]) -> None:
        """Voxels of a patient: their scores, and whether they are lesion; both of one shape.

        Raises StudyError (UAD-341) for scores that are not finite, and keeps none of them then.
        """
        flat, lesion = np.ravel(np.asarray(scores, np.float32)), np.ravel(np.asarray(truth, np.bool_))
        if len(flat) != len(lesion):
            raise ValueError(f"{len(flat)} scores cannot have {len(lesion)} labels")
        run = Patient.of(flat, np.compress(lesion, flat))
        self._runs.setdefault(subject, []).append(run)

    def merged(self, other: Tally) -> Tally:
        """Both streams, one after the other; neither tally changes."""
        both = Tally()
        for tally in (self, other):
            for subject, runs in tally._runs.items():
                both._runs.setdefault(subject, []).extend(runs)
        return both

    def patients(self) -> dict[str, Patient]:
        """Each patient's voxels, by name, so that the order in which they came leaves no trace in a result."""
        for subject, runs in self._runs.items():
            if len(runs) > 1:
                scores, lesion = ([run.scores() for run in runs], [run.lesion for run in runs])
                self._runs[subject] = [Patient.of(np.concatenate(scores), np.concatenate(lesion))]
        return {subject: self._runs[subject][0] for subject in sorted(self._runs)}


def tally_of(maps: Scores, patients: Slices) -> Tally:
    """The scores of patients' brain voxels, (N, H, W), with the truth."""
    tally = Tally()
    for subject, rows in by_patient(patients):
        brain = patients.brain[rows, 0]
        tally.add(subject, maps[rows][brain], patients.lesion[rows, 0][brain])
    return tally


def called(patients: Iterable[Patient], thresholds: Scores) -> Counts:
    """Voxels with score > t in all these patients, for each threshold; quickest where thresholds rise."""
    group = tuple(patients)
    count = _lowest_above(group, thresholds)
    for pool in _pools(group):
        count += len(pool)
        count -= np.searchsorted(pool, thresholds, side="right")
    return count


def called_and_tied(patients: Sequence[Patient], scores: Scores) -> tuple[Counts, Counts]:
    """Voxels at each of these rising, distinct scores or above, and those of them at the score itself."""
    below: Scores = np.nextafter(scores, np.float32(-np.inf))
    reached = _lowest_above(patients, below)
    tied = reached - _lowest_above(patients, scores)
    for pool in _pools(patients):
        ends = np.searchsorted(pool, scores, side="right")
        ties = _run_lengths(pool, scores, ends)
        tied += ties
        reached += len(pool) - ends + ties
    return reached, tied


def _lowest_above(patients: Sequence[Patient], thresholds: Scores) -> Counts:
    """The voxels that patients have only as a count of ties: those with score > t."""
    ties = np.array(sorted((patient.lowest, patient.lowest_voxels) for patient in patients)).reshape(-1, 2)
    still = np.append(np.cumsum(ties[::-1, 1])[::-1], 0).astype(np.int64)
    above: Counts = still[np.searchsorted(ties[:, 0].astype(np.float32), thresholds, side="right")]
    return above


def _run_lengths(pool: Scores, scores: Scores, ends: Counts) -> Counts:
    """How often each score is in the rising pool, where its last one is before `ends`; two looks are most of it."""
    if not len(pool):
        return np.zeros(len(scores), np.int64)
    lengths: Counts = (pool.take(ends - 1, mode="clip") == scores).astype(np.int64)
    more = np.flatnonzero(pool.take(ends - 2, mode="clip") == scores)
    lengths[more] = ends[more] - np.searchsorted(pool, scores[more], side="left")
    return lengths


def lesion_scores(patients: Sequence[Patient]) -> Scores:
    """Scores of the lesion voxels of all these patients, rising."""
    return np.sort(np.concatenate([np.empty(0, np.float32), *(patient.lesion for patient in patients)]))


def _pools(patients: Sequence[Patient]) -> Iterator[Scores]:
    """All scores that patients do not have as a count, sorted together as far as the buffer holds them.

    Searching a pool costs hardly more than searching one patient in it, and sorting is cheap. A pool lasts until the
    next is asked for.
    """
    buffer = np.empty(min(POOL, sum(len(patient.others) for patient in patients)), np.float32)
    waiting: list[Patient] = []
    for patient in patients:
        if sum(len(other.others) for other in waiting) + len(patient.others) > len(buffer):
            yield _pooled(waiting, buffer)
            waiting = []
        waiting.append(patient)
    yield _pooled(waiting, buffer)


def _pooled(patients: list[Patient], buffer: Scores) -> Scores:
    if len(patients) == 1:
        return patients[0].ranked
    pool = buffer[: sum(len(patient.others) for patient in patients)]
    if patients:
        np.concatenate([patient.others for patient in patients], out=pool).sort()
    return pool
