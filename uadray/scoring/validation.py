"""A trained model on validation: its threshold is fitted, patients and painted lesions are scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uadray.data.store import Slices
from uadray.scoring.detector import Detector
from uadray.scoring.percentiles import percentile_curve
from uadray.scoring.score import labelled, score
from uadray.scoring.scorecard import Scorecard
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.synthetic import SyntheticConfig, paint
from uadray.scoring.tallies import tally_of
from uadray.scoring.threshold import Calibration, Fitted

PAINTING_SEED = 0  # not the trial's: all trials are scored on the same painted slices

Maps = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Validation:
    """One model on the validation split."""

    threshold: Fitted
    card: Scorecard | None
    """Of the patients; None where no one labelled a lesion."""
    percentiles: dict[str, float]
    synthetic: dict[str, Any]
    """Scores on painted lesions, how they were painted, and whose labels that took."""
    shown: Slices
    """Patients, or the painted slices where there are no patients with lesions."""
    unfiltered: Maps
    """The model's maps of them, (N, H, W)."""


def validate(
    detector: Detector,
    healthy: Slices,
    patients: Slices,
    train: Callable[[], Slices],
    painting: SyntheticConfig = SyntheticConfig(),
) -> Validation:
    """Score a fitted detector; `patients` may have no rows, `train` is called where the threshold comes from there.

    Raises DataError (UAD-348) where lesions are to be painted in the shape of patients' and there are none.
    """
    scoring, healthy_maps = detector.config, detector.anomaly_maps(healthy)
    unfiltered = maps_of(detector.unfiltered_maps, patients)
    maps = detector.filtered(unfiltered, patients)

    def train_maps() -> tuple[Maps, Slices]:
        slices = train()
        return detector.anomaly_maps(slices), slices

    threshold = fit_threshold(scoring, (healthy_maps, healthy), (maps, patients), train_maps)
    painted = paint(healthy, painting, PAINTING_SEED, patients)
    painted_maps = detector.unfiltered_maps(painted)
    synthetic = score(detector.filtered(painted_maps, painted), painted, threshold, scoring)
    known = labelled(patients)
    return Validation(
        threshold=threshold,
        card=score(maps, patients, threshold, scoring) if known else None,
        percentiles=percentile_curve(healthy_maps, healthy, tally_of(maps, patients)),
        synthetic={
            "dice_mean": synthetic.dice_mean,
            "auprc": synthetic.auprc,
            "prevalence": synthetic.prevalence,
            "slices": len(painted.images),
            "painting": {**painting.plain(), "seed": PAINTING_SEED},
            "labels": painting.shapes.labels,
        },
        shown=patients if known else painted,
        unfiltered=unfiltered if known else painted_maps,
    )


def fit_threshold(
    scoring: ScoringConfig,
    healthy: tuple[Maps, Slices],
    patients: tuple[Maps, Slices],
    train: Callable[[], tuple[Maps, Slices]],
) -> Fitted:
    """The threshold of a configuration from filtered maps, (N, H, W), and the slices they are of."""
    return scoring.threshold.fit(
        Calibration(_brain(*healthy), lambda: _brain(*train()), lambda: tally_of(*patients)),
    )


def maps_of(detect: Callable[[Slices], Maps], slices: Slices) -> Maps:
    """The maps, (N, H, W), also of no slices at all, which no model is asked for."""
    return detect(slices) if len(slices.images) else np.empty_like(slices.images[:, 0])


def _brain(maps: Maps, slices: Slices) -> Maps:
    inside: Maps = maps[slices.brain[:, 0]]
    return inside
