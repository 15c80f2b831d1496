"""What a detector reaches on a group of patients, per patient and pooled.

The rule for scans without a lesion voxel in the brain: they have no Dice, AUPRC, AUROC or lesion recall (None), leave
the means over patients, and are counted; their voxels stay in the pooled numbers, where false positives count
(Maier-Hein et al. 2024, Metrics reloaded).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


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
