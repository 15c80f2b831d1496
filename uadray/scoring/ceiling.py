"""The best that post-processing allows: what is left of the truth when it goes through the steps after the model.

A filter that removes noise removes small lesions as well, and no model can win them back. On three MS patients at 1 mm
the 5 x 5 x 5 median alone leaves a Dice of 0.13 to 0.80. A result is to be read against this cap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uadray.data.store import Slices
from uadray.scoring.lesions import Detection, LesionScore, detect_all
from uadray.scoring.metrics import dice
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.stacks import by_patient


@dataclass(frozen=True)
class PatientCeiling:
    """One patient's Dice, None without lesion voxels in the brain, and which of the lesions are left."""

    subject: str
    dice: float | None
    detection: Detection


@dataclass(frozen=True)
class Ceiling:
    """Dice and lesion recall of a perfect anomaly map: means over the patients with a lesion, None without any."""

    patients: tuple[PatientCeiling, ...]

    @property
    def judged(self) -> int:
        """Patients with a lesion."""
        return sum(patient.dice is not None for patient in self.patients)

    @property
    def dice_mean(self) -> float | None:
        """Mean over the judged patients."""
        dices = [patient.dice for patient in self.patients if patient.dice is not None]
        return float(np.mean(dices)) if dices else None

    @property
    def lesion_recall(self) -> float | None:
        """Mean over the judged patients."""
        return LesionScore(tuple(patient.detection for patient in self.patients)).recall


def ceiling(config: ScoringConfig, patients: Slices) -> Ceiling:
    """Score the truth inside the brain as if a model had found it: 1 in lesions, 0 elsewhere, threshold 0.5."""
    truth = patients.lesion[:, 0] & patients.brain[:, 0]
    perfect = config.filtered(truth.astype(np.float32), patients)
    segmentation = config.segment(perfect, patients, threshold=0.5)
    lesions = detect_all(segmentation, patients)
    return Ceiling(
        tuple(
            PatientCeiling(subject, dice(segmentation[rows], truth[rows]), detection)
            for (subject, rows), detection in zip(by_patient(patients), lesions.patients, strict=True)
        )
    )
