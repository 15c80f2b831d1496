"""Anomaly maps of patients against their lesion masks: every number of a scorecard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uadray.data.store import Slices
from uadray.errors import DataError, Problem
from uadray.scoring.ceiling import ceiling
from uadray.scoring.curves import best_mean_dice, by_patient, pooled
from uadray.scoring.lesions import detect_all
from uadray.scoring.metrics import dice
from uadray.scoring.scorecard import PatientScore, Scorecard
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.tallies import tally_of
from uadray.scoring.threshold import Fitted, headline


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
