"""AUPRC, AUROC and Dice at every threshold, exactly, from a tally of voxels.

Only the scores of lesion voxels have to be tried as thresholds: between two of them a falling threshold adds nothing
but false positives, which lowers precision and Dice. So each curve has one point a distinct lesion score q, with the
float32 just below q as its threshold t, since a voxel is called lesion when its score is above t.

Scans without lesion. Whether a score is defined there, and what becomes of the scan in a mean, has to be written down
(Maier-Hein et al. 2024, Metrics reloaded, Nature Methods 21). The rule here: without a lesion voxel there is no AUPRC,
no AUROC and no Dice, and they are None; without a voxel that is not lesion there is no AUROC. Such a patient leaves
the mean over patients, and is counted (`BestMeanDice.unjudged`). Its voxels stay in the pool, where false positives
count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from uadray.scoring.tallies import Counts, Patient, Scores, Tally, called, called_and_tied, lesion_scores

Floats = NDArray[np.float64]

STEP = 64  # thresholds that one bound on the mean Dice is for


@dataclass(frozen=True)
class BestDice:
    """An upper bound: the threshold was chosen by the labels it is judged with."""

    threshold: float
    dice: float


@dataclass(frozen=True)
class BestMeanDice:
    """The same for the mean over patients at one threshold for all of them."""

    threshold: float
    dice: float
    judged: int  # patients in the mean
    unjudged: int  # patients without a lesion voxel


@dataclass(frozen=True, eq=False)
class Curve:
    """What is called lesion as the threshold falls; one point a distinct lesion score, none without lesion voxels."""

    voxels: int
    lesion_voxels: int
    thresholds: Scores  # (K,), falling; a voxel is called when its score is above it
    called: Counts  # (K,) voxels
    found: Counts  # (K,) lesion voxels among them
    newly_found: Counts  # (K,) lesion voxels at the point's own score
    newly_called: Counts  # (K,) voxels at the point's own score

    @property
    def prevalence(self) -> float | None:
        """Share of lesion voxels: the AUPRC of chance."""
        return self.lesion_voxels / self.voxels if self.voxels else None

    @property
    def auprc(self) -> float | None:
        """Sum of precision times the gain in recall, as scikit-learn's average_precision_score."""
        if not self.lesion_voxels:
            return None
        return float(np.sum(self.newly_found * (self.found / self.called)) / self.lesion_voxels)

    @property
    def auroc(self) -> float | None:
        """Share of pairs of a lesion voxel and another in which the lesion voxel scores higher; ties count half."""
        others = self.voxels - self.lesion_voxels
        if not self.lesion_voxels or not others:
            return None
        higher = self.called - self.found  # other voxels at the score or above it
        tied = self.newly_called - self.newly_found
        return float(np.sum(self.newly_found * (1 - (higher - tied / 2) / others)) / self.lesion_voxels)

    def with_others(self, voxels: int, lesion_voxels: int) -> Curve:
        """The curve of so many voxels more, some of them lesion, which all score below every one of these."""
        whole = replace(self, voxels=self.voxels + voxels, lesion_voxels=self.lesion_voxels + lesion_voxels)
        if not lesion_voxels:
            return whole
        return replace(
            whole,
            thresholds=np.append(self.thresholds, np.float32(-np.inf)),
            called=np.append(self.called, np.int64(whole.voxels)),
            found=np.append(self.found, np.int64(whole.lesion_voxels)),
            newly_found=np.append(self.newly_found, np.int64(lesion_voxels)),
            newly_called=np.append(self.newly_called, np.int64(voxels)),
        )

    @property
    def dice(self) -> Floats:
        """(K,) Dice at each threshold."""
        return _dice(self.found, self.called, self.lesion_voxels)

    @property
    def best_dice(self) -> BestDice | None:
        """The highest Dice of all thresholds; of equal ones the highest threshold."""
        dice = self.dice
        if not len(dice):
            return None
        best = int(np.argmax(dice))
        return BestDice(float(self.thresholds[best]), float(dice[best]))


def pooled(tally: Tally) -> Curve:
    """All voxels of all patients as if they were one."""
    return _curve(tuple(tally.patients().values()))


def by_patient(tally: Tally) -> dict[str, Curve]:
    """Each patient by himself."""
    return {subject: _curve((patient,)) for subject, patient in tally.patients().items()}


def dice_by_patient(tally: Tally, thresholds: Scores) -> dict[str, Floats | None]:
    """Dice of `scores > t` for each patient and threshold; None for a patient without a lesion voxel.

    Thresholds are compared as float32, as numpy compares a float32 map with a Python number.
    """
    return {subject: _dice_at(patient, thresholds) for subject, patient in tally.patients().items()}


def best_mean_dice(tally: Tally) -> BestMeanDice | None:
    """The highest mean over patients that one threshold can reach; None where no patient has a lesion voxel."""
    patients = tuple(tally.patients().values())
    judged = tuple(patient for patient in patients if len(patient.lesion))
    if not judged:
        return None
    thresholds = _promising(judged, _just_below(np.unique(lesion_scores(judged))))
    total = _total_dice(judged, thresholds, thresholds)
    best = len(total) - 1 - int(np.argmax(total[::-1]))
    return BestMeanDice(
        float(thresholds[best]), float(total[best]) / len(judged), len(judged), len(patients) - len(judged)
    )


def _promising(patients: Sequence[Patient], thresholds: Scores) -> Scores:
    """Those of the rising thresholds among which the highest total Dice is, all of them where it is reached twice.

    Between two thresholds nothing can be better than what is found at the lower one with what is called at the higher
    one. Where that is less than the total at some threshold, the interval is left out; rounding keeps the order.
    """
    ends = thresholds[::STEP], thresholds[np.minimum(np.arange(0, len(thresholds), STEP) + STEP, len(thresholds)) - 1]
    reached = _total_dice(patients, ends[0], ends[0]).max()
    promising: Scores = thresholds[np.repeat(_total_dice(patients, *ends) >= reached, STEP)[: len(thresholds)]]
    return promising


def _total_dice(patients: Sequence[Patient], found_at: Scores, called_at: Scores) -> Floats:
    """Sum of the patients' Dice if what is found and what is called had thresholds of their own."""
    total = np.zeros(len(found_at))
    for patient in patients:
        total += _dice(_found(patient, found_at), called((patient,), called_at), len(patient.lesion))
    return total


def _curve(patients: Sequence[Patient]) -> Curve:
    scores, ties = np.unique(lesion_scores(patients), return_counts=True)
    reached, tied = called_and_tied(patients, scores)
    newly_found = ties[::-1].astype(np.int64)
    return Curve(
        voxels=sum(patient.voxels for patient in patients),
        lesion_voxels=sum(len(patient.lesion) for patient in patients),
        thresholds=_just_below(scores)[::-1],
        called=reached[::-1],
        found=np.cumsum(newly_found),
        newly_found=newly_found,
        newly_called=tied[::-1],
    )


def _dice_at(patient: Patient, thresholds: Scores) -> Floats | None:
    if not len(patient.lesion):
        return None
    thresholds = np.asarray(thresholds, np.float32)
    return _dice(_found(patient, thresholds), called((patient,), thresholds), len(patient.lesion))


def _found(patient: Patient, thresholds: Scores) -> Counts:
    found: Counts = len(patient.lesion) - np.searchsorted(patient.ranked_lesion, thresholds, side="right")
    return found


def _dice(found: Counts, called: Counts, lesion_voxels: int) -> Floats:
    return 2 * found / (called + lesion_voxels)


def _just_below(scores: Scores) -> Scores:
    below: Scores = np.nextafter(scores, np.float32(-np.inf))
    return below
