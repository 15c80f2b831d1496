"""A stream of voxel scores, kept so that every threshold can be asked afterwards, exactly.

A curve over all thresholds needs two numbers at each: how many voxels are called lesion (score > t), and how many of
them are. Both are a binary search in sorted scores; no voxel has to remember where it came from. So a patient is kept
as sorted float32, the few lesion voxels a second time by themselves, and nothing else is copied or sorted by index,
which is where scikit-learn's time and memory go.

What is exact, and what memory it takes. Only lesion scores matter as thresholds, but those of a later patient are not
known when an earlier one is counted. One exact pass must therefore keep the multiset of all scores: 4 bytes a brain
voxel, and the ties at a patient's lowest score (half the brain is exactly 0 in a rectified residual) as one count. On
top of that, questions take a buffer of `POOL` scores, whatever the number of patients. Histograms of fixed bins would
be smaller; they are not exact (an error of 3e-4 in AUPRC with 2^16 bins) and were not faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from uadray.errors import Problem, StudyError

if TYPE_CHECKING:
    from uadray.data.store import Slices

Scores = NDArray[np.float32]
Counts = NDArray[np.int64]

POOL = 2**23  # scores sorted together for one search: 32 MiB; 2^22 and 2^24 took as long on 64 million scores


@dataclass(frozen=True, eq=False)
class Ranked:
    """Scores of one patient, rising; where they lay is forgotten."""

    voxels: int
    lowest: float  # 0 where there is no voxel
    above: Scores  # all scores above the lowest
    lesion: Scores  # of the lesion voxels, the lowest included

    @classmethod
    def of(cls, scores: Scores, lesion: Scores) -> Ranked:
        """The scores of all voxels, and once more those of the lesion voxels.

        Raises StudyError (UAD-341) for scores that are not finite: NaN has no rank.
        """
        ordered, lesion = np.sort(scores, axis=None), np.sort(lesion, axis=None)
        if not len(ordered):
            return cls(0, 0.0, ordered, lesion)
        if not np.isfinite(ordered[[0, -1]]).all():  # NaN is sorted to the end
            must, got = "anomaly scores must be finite", f"{np.count_nonzero(~np.isfinite(ordered))} that are not"
            raise StudyError(Problem("UAD-341", "anomaly maps", must, got, "Check the model's weights and the scans."))
        above = ordered[np.searchsorted(ordered, ordered[0], side="right") :]
        if len(above) < 0.9 * len(ordered):
            above = above.copy()  # a view would keep the ties in memory
        return cls(len(ordered), float(ordered[0]), above, lesion)

    @property
    def lowest_voxels(self) -> int:
        """Voxels at the lowest score."""
        return self.voxels - len(self.above)

    def scores(self) -> Scores:
        """Every voxel's score, rising."""
        return np.concatenate([np.full(self.lowest_voxels, self.lowest, np.float32), self.above])


class Tally:
    """Brain voxels of patients, added in any order and in chunks of any size.

    Two tallies of parts of a stream, `merged`, hold what one tally of the whole stream holds.

    >>> tally = Tally()
    >>> tally.add("sub-01", np.array([0.1, 0.9, 0.4], np.float32), np.array([False, True, False]))
    >>> called(tally.patients().values(), np.array([0.0, 0.3, 0.4], np.float32))
    array([3, 2, 1])
    """

    def __init__(self) -> None:
        self._runs: dict[str, list[Ranked]] = {}

    def add(self, subject: str, scores: Scores, truth: NDArray[np.bool_]) -> None:
        """Voxels of a patient: their scores, and whether they are lesion; both of one shape.

        Raises StudyError (UAD-341) for scores that are not finite, and keeps none of them then.
        """
        flat = np.ravel(np.asarray(scores, np.float32))
        run = Ranked.of(flat, flat[np.ravel(np.asarray(truth, np.bool_))])
        self._runs.setdefault(subject, []).append(run)

    def merged(self, other: Tally) -> Tally:
        """Both streams, one after the other; neither tally changes."""
        both = Tally()
        for tally in (self, other):
            for subject, runs in tally._runs.items():
                both._runs.setdefault(subject, []).extend(runs)
        return both

    def patients(self) -> dict[str, Ranked]:
        """Each patient's voxels, by name, so that the order in which they came leaves no trace in a result."""
        for subject, runs in self._runs.items():
            if len(runs) > 1:
                scores, lesion = ([run.scores() for run in runs], [run.lesion for run in runs])
                self._runs[subject] = [Ranked.of(np.concatenate(scores), np.concatenate(lesion))]
        return {subject: self._runs[subject][0] for subject in sorted(self._runs)}


def tally_of(maps: Scores, patients: Slices) -> Tally:
    """The scores of patients' brain voxels, (N, H, W), with the truth."""
    tally, brain = Tally(), patients.brain[:, 0]
    for subject in sorted(set(patients.subjects.tolist())):
        inside = brain & (patients.subjects == subject)[:, None, None]
        tally.add(subject, maps[inside], patients.lesion[:, 0][inside])
    return tally


def called(patients: Iterable[Ranked], thresholds: Scores) -> Counts:
    """Voxels with score > t in all these patients, for each threshold; quickest where thresholds rise."""
    group = tuple(patients)
    at_lowest = np.array(sorted((patient.lowest, patient.lowest_voxels) for patient in group)).reshape(-1, 2)
    still = np.append(np.cumsum(at_lowest[::-1, 1])[::-1], 0).astype(np.int64)
    count: Counts = still[np.searchsorted(at_lowest[:, 0].astype(np.float32), thresholds, side="right")]
    for pool in _pools(group):
        count += len(pool)
        count -= np.searchsorted(pool, thresholds, side="right")
    return count


def lesion_scores(patients: Sequence[Ranked]) -> Scores:
    """Scores of the lesion voxels of all these patients, rising."""
    return np.sort(np.concatenate([np.empty(0, np.float32), *(patient.lesion for patient in patients)]))


def _pools(patients: Sequence[Ranked]) -> Iterator[Scores]:
    """All scores above each patient's lowest, sorted together as far as the buffer holds them.

    Searching a pool costs hardly more than searching one patient in it, and sorting is cheap. A pool lasts until the
    next is asked for.
    """
    buffer = np.empty(min(POOL, sum(len(patient.above) for patient in patients)), np.float32)
    waiting: list[Scores] = []
    for patient in patients:
        if sum(map(len, waiting)) + len(patient.above) > len(buffer):
            yield _pooled(waiting, buffer)
            waiting = []
        waiting.append(patient.above)
    yield _pooled(waiting, buffer)


def _pooled(runs: list[Scores], buffer: Scores) -> Scores:
    if len(runs) == 1:
        return runs[0]
    pool = buffer[: sum(map(len, runs))]
    if runs:
        np.concatenate(runs, out=pool).sort()
    return pool
