"""The anomaly score above which a voxel is called lesion: by name where it comes from, and never from a test label.

Baur et al. 2018 speak of "the 98th percentile" and do not say of which scores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from uadray.scoring.curves import best_mean_dice
from uadray.scoring.tallies import Tally
from uadray.section import Section

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Calibration:
    """What a threshold may be fitted on: filtered anomaly scores of brain voxels, (V,), and of validation patients."""

    healthy: Scores
    """Of healthy validation slices."""
    train: Callable[[], Scores]
    """Of the training slices; computed where it is asked for."""
    patients: Callable[[], Tally]
    """Of the validation patients, with their labels."""


class HealthyPercentile(Section):
    """A percentile of the scores of healthy validation subjects: no label, and no slice the model was trained on."""

    kind: Literal["healthy_percentile"] = "healthy_percentile"

    percentile: float = Field(98.0, gt=0, lt=100)
    """Share of healthy brain voxels, in percent, that stay below the threshold."""

    def fit(self, scores: Calibration) -> float:
        return float(np.percentile(scores.healthy.astype(np.float64), self.percentile))


class HealthyFalsePositives(Section):
    """A rate of false positives among healthy validation voxels, as in UAD-IMAG (Frotscher et al.): 1 % there."""

    kind: Literal["healthy_false_positives"] = "healthy_false_positives"

    rate: float = Field(0.01, gt=0, lt=1)
    """Share of healthy brain voxels that are called lesion."""

    @property
    def percentile(self) -> float:
        """The same as a percentile."""
        return 100 * (1 - self.rate)

    def fit(self, scores: Calibration) -> float:
        return float(np.percentile(scores.healthy.astype(np.float64), self.percentile))


class TrainingPercentile(Section):
    """A percentile of the scores of the training slices, which a model reconstructs better than any others."""

    kind: Literal["training_percentile"] = "training_percentile"

    percentile: float = Field(98.0, gt=0, lt=100)
    """Share of the training slices' brain voxels, in percent, that stay below the threshold."""

    def fit(self, scores: Calibration) -> float:
        return float(np.percentile(scores.train().astype(np.float64), self.percentile))


class ValidationOptimum(Section):
    """The threshold with the highest mean Dice on the validation patients: it needs their labels, and so does a user.

    The validation Dice is an upper bound then; only the test Dice is a result.
    """

    kind: Literal["validation_optimum"] = "validation_optimum"

    @property
    def percentile(self) -> float:
        """None is set: 0."""
        return 0.0

    def fit(self, scores: Calibration) -> float:
        """The threshold; where no patient has a lesion voxel nothing is called lesion."""
        best = best_mean_dice(scores.patients())
        return best.threshold if best else float("inf")


ThresholdConfig = Annotated[
    HealthyPercentile | HealthyFalsePositives | TrainingPercentile | ValidationOptimum, Field(discriminator="kind")
]
