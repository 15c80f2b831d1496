"""The anomaly score above which a voxel is called lesion: by name where it comes from, and never from a test label.

Baur et al. 2018 speak of "the 98th percentile" and do not say of which scores. Fitted, a threshold is a number for all
scans, or a rule by which each scan sets its own (`Fitted`); `per_slice` says what either means for some slices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from uadray.data.store import Slices
from uadray.scoring.curves import best_mean_dice
from uadray.scoring.stacks import by_patient
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

    needs_labels: ClassVar[bool] = False
    origin: ClassVar[str] = "the threshold was fitted on healthy validation slices"

    def fit(self, scores: Calibration) -> float:
        return float(np.percentile(scores.healthy.astype(np.float64), self.percentile))


class HealthyFalsePositives(Section):
    """A rate of false positives among healthy validation voxels, as in UAD-IMAG (Frotscher et al.): 1 % there."""

    kind: Literal["healthy_false_positives"] = "healthy_false_positives"

    rate: float = Field(0.01, gt=0, lt=1)
    """Share of healthy brain voxels that are called lesion."""

    needs_labels: ClassVar[bool] = False
    origin: ClassVar[str] = "the threshold was fitted on healthy validation slices"

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

    needs_labels: ClassVar[bool] = False
    origin: ClassVar[str] = "the threshold was fitted on the training slices"

    def fit(self, scores: Calibration) -> float:
        return float(np.percentile(scores.train().astype(np.float64), self.percentile))


class ValidationOptimum(Section):
    """The threshold with the highest mean Dice on the validation patients: it needs their labels, and so does a user.

    The validation Dice is an upper bound then; only the test Dice is a result.
    """

    kind: Literal["validation_optimum"] = "validation_optimum"

    needs_labels: ClassVar[bool] = True
    origin: ClassVar[str] = "the threshold was fitted on the labels of validation patients"

    @property
    def percentile(self) -> float:
        """None is set: 0."""
        return 0.0

    def fit(self, scores: Calibration) -> float:
        """The threshold; where no patient has a lesion voxel nothing is called lesion."""
        best = best_mean_dice(scores.patients())
        return best.threshold if best else float("inf")


class ScanPercentile(Section):
    """A percentile of each scan's own scores: the reading of Baur et al. 2018 that needs no healthy scan and no label.

    So much of every brain is called lesion, whether it has none or many: ties apart, 2 % at the 98th percentile, in
    healthy people as well. On 75 patients with infarcts the Dice of 18 models was 0.00 to 0.13 lower than at the same
    percentile of healthy scores.
    """

    kind: Literal["scan_percentile"] = "scan_percentile"

    percentile: float = Field(98.0, gt=0, lt=100)
    """Share of a scan's brain voxels, in percent, that stay below its threshold."""

    needs_labels: ClassVar[bool] = False
    origin: ClassVar[str] = "each scan has its own threshold, of which the mean stands here"

    def fit(self, scores: Calibration) -> ScanPercentile:
        """Itself: nothing is learned from other scans."""
        return self

    def of(self, scores: Scores) -> float:
        """The threshold of a scan with these scores of brain voxels, (V,); infinite where there are none."""
        return float(np.percentile(scores.astype(np.float64), self.percentile)) if len(scores) else float("inf")


ThresholdConfig = Annotated[
    HealthyPercentile | HealthyFalsePositives | TrainingPercentile | ValidationOptimum | ScanPercentile,
    Field(discriminator="kind"),
]
Fitted = float | ScanPercentile
"""A number is one threshold for all scans."""


def per_slice(threshold: Fitted, maps: Scores, slices: Slices) -> Scores:
    """The threshold of every slice, (N, 1, 1), by the filtered maps, (N, H, W), of whole scans."""
    if not isinstance(threshold, ScanPercentile):
        return np.full((len(maps), 1, 1), threshold, np.float32)
    own, brain = np.empty((len(maps), 1, 1), np.float32), slices.brain[:, 0]
    for _, rows in by_patient(slices):
        own[rows] = threshold.of(maps[rows][brain[rows]])
    return own


def headline(threshold: Fitted, maps: Scores, slices: Slices) -> float:
    """One number for records and figures: the threshold, or the mean over the scans that have a brain."""
    if not isinstance(threshold, ScanPercentile):
        return threshold
    own = per_slice(threshold, maps, slices)[:, 0, 0].astype(np.float64)
    each = [own[rows[0]] for _, rows in by_patient(slices)]
    return float(np.mean([value for value in each if np.isfinite(value)]))


def plain(threshold: Fitted) -> float | dict[str, Any]:
    """As JSON values; `parse` is the inverse."""
    return threshold.plain() if isinstance(threshold, ScanPercentile) else threshold


def parse(written: float | dict[str, Any]) -> Fitted:
    """A fitted threshold from a record."""
    return ScanPercentile.parse(written) if isinstance(written, dict) else written
