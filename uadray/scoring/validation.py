"""A trained model on validation: its threshold is fitted, patients and painted lesions are scored, time is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uadray.data.store import Slices
from uadray.scoring.detector import Detector
from uadray.scoring.percentiles import percentile_curve
from uadray.scoring.scorecard import Scorecard, score
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.synthetic import SyntheticConfig, paint
from uadray.scoring.tallies import tally_of
from uadray.scoring.threshold import Calibration

PAINTING = SyntheticConfig()
PAINTING_SEED = 0  # not the trial's: all trials are scored on the same painted slices

Maps = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Validation:
    """One model on the validation split; `unfiltered` (N, H, W) are its maps of the patients."""

    card: Scorecard
    percentiles: dict[str, float]
    synthetic: dict[str, Any]
    seconds_per_slice: dict[str, float]
    unfiltered: Maps


def validate(detector: Detector, healthy: Slices, patients: Slices, train: Callable[[], Slices]) -> Validation:
    """Score a fitted detector; `train` is called where the threshold comes from the training slices."""
    scoring, healthy_maps = detector.config, detector.anomaly_maps(healthy)
    unfiltered = detector.unfiltered_maps(patients)
    maps = detector.filtered(unfiltered, patients)

    def train_maps() -> tuple[Maps, Slices]:
        slices = train()
        return detector.anomaly_maps(slices), slices

    threshold = fit_threshold(scoring, (healthy_maps, healthy), (maps, patients), train_maps)
    painted = paint(healthy, PAINTING, PAINTING_SEED)
    synthetic = score(detector.anomaly_maps(painted), painted, threshold, scoring)
    return Validation(
        card=score(maps, patients, threshold, scoring),
        percentiles=percentile_curve(healthy_maps, healthy, tally_of(maps, patients)),
        synthetic={
            "dice_mean": synthetic.dice_mean,
            "auprc": synthetic.auprc,
            "prevalence": synthetic.prevalence,
            "slices": len(painted.images),
            "painting": {**PAINTING.plain(), "seed": PAINTING_SEED},
        },
        seconds_per_slice=detector.seconds_per_slice(patients),
        unfiltered=unfiltered,
    )


def fit_threshold(
    scoring: ScoringConfig,
    healthy: tuple[Maps, Slices],
    patients: tuple[Maps, Slices],
    train: Callable[[], tuple[Maps, Slices]],
) -> float:
    """The threshold of a configuration from filtered maps, (N, H, W), and the slices they are of."""
    return scoring.threshold.fit(
        Calibration(_brain(*healthy), lambda: _brain(*train()), lambda: tally_of(*patients)),
    )


def _brain(maps: Maps, slices: Slices) -> Maps:
    inside: Maps = maps[slices.brain[:, 0]]
    return inside
