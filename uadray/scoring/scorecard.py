"""What a detector reaches on a group of patients, per patient and pooled.

The rule for scans without a lesion voxel in the brain: they have no Dice, AUPRC, AUROC or lesion recall (None), leave
the means over patients, and are counted; their voxels stay in the pooled numbers, where false positives count
(Maier-Hein et al. 2024, Metrics reloaded).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uadray.data.store import Slices
from uadray.errors import DataError, Problem
from uadray.scoring.ceiling import ceiling
from uadray.scoring.curves import best_mean_dice, by_patient, pooled
from uadray.scoring.lesions import detect_all
from uadray.scoring.metrics import dice
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.tallies import tally_of
from uadray.scoring.threshold import Fitted, headline


@dataclass(frozen=True)
class PatientScore:
    """One patient's slices; None where there is nothing to judge."""

    subject: str
    slices: int
    lesion_voxels: int
    lesion_voxels_outside_brain: int  # not scored
    false_positive_voxels: int
    dice: float | None
    auprc: float | None
    auroc: float | None
    lesions: int
    lesions_found: int  # with a voxel of theirs segmented
    components: int  # of the segmentation
    false_components: int  # that touch no lesion


@dataclass(frozen=True)
class Scorecard:
    """Agreement with the truth inside the brain.

    `dice_mean` and `dice_std` (ddof 0, as in the paper) are over the patients with lesion voxels in their slices;
    `auprc` and `auroc` pool the brain voxels of all patients, and `prevalence` is the chance level of `auprc`.
    `upper_bound_dice_mean` is the highest mean Dice that one threshold for all could reach on these labels, before
    small components are dropped, and no result; `ceiling_dice_mean` is that of a perfect model with the same steps.
    Lesions are 26-connected; recall and F1 are means over patients with lesions, precision over those with a finding.

    The numbers of the whole image are over every voxel of the canvas, of which those outside the brain score below all
    others, so that a lesion voxel there is missed. Papers differ in which of the two they report, and some score the
    background as it comes. Background that is known to be none changes AUPRC only by the lesion voxels outside the
    brain; it lowers prevalence by the share of the image that the brain is, and it raises AUROC, since every pair of a
    lesion voxel and a background voxel is won. So AUROC over whole images says little, and an AUPRC is to be read
    beside its own prevalence. On 75 patients with infarcts, 96 x 96 pixels, inside the brain and over the whole image:
    a denoising model had AUPRC 0.591 and 0.586, AUROC 0.885 and 0.930; an autoencoder that found nothing 0.078 and
    0.077, 0.487 and 0.710; prevalence was 0.060 and 0.035.
    """

    threshold: float
    """Where each scan has its own, their mean."""
    dice_mean: float
    dice_std: float
    auprc: float
    auroc: float
    prevalence: float
    whole_image_auprc: float
    whole_image_auroc: float
    whole_image_prevalence: float
    upper_bound_dice: float
    """The same of all voxels pooled."""
    upper_bound_dice_mean: float
    ceiling_dice_mean: float
    ceiling_lesion_recall: float
    lesion_recall: float
    lesion_precision: float | None
    lesion_f1: float
    false_components_per_scan: float
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


def labelled(patients: Slices) -> bool:
    """Whether there is a lesion voxel in a brain, which `score` needs."""
    return bool((patients.lesion & patients.brain).any())


def score(
    maps: NDArray[np.float32], patients: Slices, threshold: Fitted, scoring: ScoringConfig = ScoringConfig()
) -> Scorecard:
    """Score anomaly maps of patients' slices, (N, H, W), with a threshold that was fitted elsewhere.

    `scoring` says what becomes of the voxels above it. Raises DataError (UAD-117) when no patient has a lesion voxel in
    the slices: there is nothing to find.
    """
    brain = patients.brain[:, 0]
    truth = patients.lesion[:, 0] & brain
    if not labelled(patients):
        must, do = "a patient must have a lesion voxel in the slices", "Take other slices or other patients."
        raise DataError(Problem("UAD-117", "lesion masks", must, f"none in {len(maps)} slices", do))
    segmentation = scoring.segment(maps, patients, threshold)
    tally = tally_of(maps, patients)
    curves, detections = by_patient(tally), detect_all(segmentation, patients)
    rows = []
    for detection in detections.patients:
        own, curve = patients.subjects == detection.subject, curves[detection.subject]
        rows.append(
            PatientScore(
                subject=detection.subject,
                slices=int(own.sum()),
                lesion_voxels=int(truth[own].sum()),
                lesion_voxels_outside_brain=int(patients.lesion[own].sum() - truth[own].sum()),
                false_positive_voxels=int((segmentation[own] & ~truth[own]).sum()),
                dice=dice(segmentation[own], truth[own]),
                auprc=curve.auprc,
                auroc=curve.auroc,
                lesions=detection.lesions,
                lesions_found=detection.found,
                components=detection.components,
                false_components=detection.false_positives,
            )
        )
    dices = [row.dice for row in rows if row.dice is not None]
    pool, best, cap = pooled(tally), best_mean_dice(tally), ceiling(scoring, patients)
    whole = pool.with_others(brain.size - pool.voxels, int(patients.lesion.sum()) - pool.lesion_voxels)
    return Scorecard(
        threshold=headline(threshold, maps, patients),
        dice_mean=float(np.mean(dices)),
        dice_std=float(np.std(dices)),
        auprc=_known(pool.auprc),
        auroc=_known(pool.auroc),
        prevalence=_known(pool.prevalence),
        whole_image_auprc=_known(whole.auprc),
        whole_image_auroc=_known(whole.auroc),
        whole_image_prevalence=_known(whole.prevalence),
        upper_bound_dice=_known(pool.best_dice.dice if pool.best_dice else None),
        upper_bound_dice_mean=_known(best.dice if best else None),
        ceiling_dice_mean=_known(cap.dice_mean),
        ceiling_lesion_recall=_known(cap.lesion_recall),
        lesion_recall=_known(detections.recall),
        lesion_precision=detections.precision,
        lesion_f1=_known(detections.f1),
        false_components_per_scan=_known(detections.false_positives_per_scan),
        patients=tuple(rows),
    )


def _known(value: float | None) -> float:
    """A number that exists because a patient has a lesion voxel."""
    assert value is not None
    return value
