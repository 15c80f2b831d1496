"""What a detector reaches on a group of patients, per patient and pooled."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uadray.data.store import Slices
from uadray.errors import DataError, Problem
from uadray.scoring.metrics import average_precision, dice


@dataclass(frozen=True)
class PatientScore:
    """One patient's slices; None where the patient has no lesion voxel in them."""

    subject: str
    slices: int
    lesion_voxels: int
    lesion_voxels_outside_brain: int  # not scored
    dice: float | None
    auprc: float | None


@dataclass(frozen=True)
class Scorecard:
    """Agreement with the truth inside the brain.

    `dice_mean` and `dice_std` (ddof 0, as in the paper) are over the patients with lesion voxels in their slices;
    `auprc` pools the brain voxels of all patients, and `prevalence` is its chance level.
    """

    threshold: float
    dice_mean: float
    dice_std: float
    auprc: float
    prevalence: float
    patients: tuple[PatientScore, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON values; `Scorecard.parse` is the inverse."""
        return asdict(self)

    @classmethod
    def parse(cls, plain: dict[str, Any]) -> Scorecard:
        return cls(**{**plain, "patients": tuple(PatientScore(**patient) for patient in plain["patients"])})

    @property
    def scored(self) -> int:
        """Patients that Dice can judge."""
        return sum(patient.dice is not None for patient in self.patients)


def score(maps: NDArray[np.float32], patients: Slices, threshold: float) -> Scorecard:
    """Score anomaly maps of patients' slices, (N, H, W), with a threshold that was fitted elsewhere.

    Raises DataError (UAD-117) when no patient has a lesion voxel in the slices: there is nothing to find.
    """
    brain = patients.brain[:, 0]
    truth = patients.lesion[:, 0] & brain
    if not truth.any():
        must, do = "a patient must have a lesion voxel in the slices", "Take other slices or other patients."
        raise DataError(Problem("UAD-117", "lesion masks", must, f"none in {len(maps)} slices", do))
    segmentation = maps > threshold
    rows = []
    for subject in sorted(set(patients.subjects.tolist())):
        own = patients.subjects == subject
        inside = brain[own]
        rows.append(
            PatientScore(
                subject=subject,
                slices=int(own.sum()),
                lesion_voxels=int(truth[own].sum()),
                lesion_voxels_outside_brain=int(patients.lesion[own].sum() - truth[own].sum()),
                dice=dice(segmentation[own], truth[own]),
                auprc=average_precision(truth[own][inside], maps[own][inside]) if truth[own].any() else None,
            )
        )
    dices = [row.dice for row in rows if row.dice is not None]
    return Scorecard(
        threshold=threshold,
        dice_mean=float(np.mean(dices)),
        dice_std=float(np.std(dices)),
        auprc=average_precision(truth[brain], maps[brain]),
        prevalence=float(truth[brain].mean()),
        patients=tuple(rows),
    )
