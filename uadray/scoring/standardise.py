"""What is usual at a place is no anomaly: residuals in units of healthy residuals at the same pixel.

Every reconstruction is worse at some places than at others (cortex, ventricles, the rim of the brain), for the
healthy as well. A z-score by healthy validation slices takes that away. Slices of one store lie at several z, and the
statistics of a pixel pool all of them: the pixel is a place in the plane, not in the head.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from uadray.errors import Problem, StudyError
from uadray.section import Section

Maps = NDArray[np.float32]
Fields = Mapping[str, NDArray[np.float64]]


class Standard(Protocol):
    """What was learned from healthy residuals."""

    @property
    def fields(self) -> Fields:
        """All that was learned, by name; the configuration's `restored` makes the same of it again."""

    def __call__(self, maps: Maps) -> Maps:
        """Standardised residuals of residuals, (N, H, W)."""


@dataclass(frozen=True)
class Unchanged:
    """Nothing was learned."""

    @property
    def fields(self) -> Fields:
        return {}

    def __call__(self, maps: Maps) -> Maps:
        return maps


class AsItIs(Section):
    """Residuals stay as they are; there is nothing to fit."""

    kind: Literal["none"] = "none"

    @property
    def lowest(self) -> np.float32:
        """Of scores: residuals are 0 at least."""
        return np.float32(0)

    def fit(self, residuals: Callable[[], Maps], brain: NDArray[np.bool_]) -> Standard:
        """No residual is computed."""
        return self.unfitted()

    def restored(self, fields: Fields) -> Standard:
        """From the fields of a fitted one: none."""
        return self.unfitted()

    def unfitted(self) -> Standard:
        """The identity."""
        return Unchanged()


class HealthyZScore(Section):
    """(residual - mean) / deviation, both of healthy validation residuals around the pixel; 0 is a healthy mean.

    The threshold is a percentile of the same healthy slices, which are a little more alike to their own statistics
    than other healthy slices are.
    """

    kind: Literal["healthy_z_score"] = "healthy_z_score"

    smoothing: float = Field(1.5, gt=0)
    """Standard deviation, in pixels, of the Gaussian neighbourhood that a pixel's statistics are of. No source: a few
    dozen healthy slices say little about one pixel, and of 1.5, 3 and 6 the least was best (96 x 96, 35 slices)."""

    least: float = Field(10.0, ge=2)
    """Healthy brains, averaged over the neighbourhood, below which a pixel takes the statistics of all brain voxels."""

    floor: float = Field(0.5, gt=0, le=1)
    """Least deviation, as a share of its median over the brain: where the healthy hardly vary, noise would explode."""

    @property
    def lowest(self) -> np.float32:
        """Of scores: lower than any z-score, so that what is not scored is never called lesion before what is."""
        return np.float32(-1e6)

    def fit(self, residuals: Callable[[], Maps], brain: NDArray[np.bool_]) -> Standard:
        """The fields of healthy slices; residuals() and brain are (N, H, W)."""
        inside = np.where(brain, residuals(), 0).astype(np.float64)
        brains = self._smoothed(brain.sum(axis=0))
        known = brains >= min(self.least, len(brain))
        weight = np.maximum(brains, 1e-6)
        values = inside[brain]
        mean = np.where(known, self._smoothed(inside.sum(axis=0)) / weight, values.mean())
        variance = self._smoothed((np.where(brain, inside - mean, 0) ** 2).sum(axis=0)) / weight
        deviation = np.where(known, np.sqrt(variance), values.std())
        usual = np.median(deviation[known]) if known.any() else values.std()
        return ZScore(mean, np.maximum(deviation, max(self.floor * usual, 1e-6)))

    def restored(self, fields: Fields) -> Standard:
        """From the fields of a fitted one; raises KeyError where one is missing."""
        return ZScore(fields["mean"], fields["deviation"])

    def unfitted(self) -> NoReturn:
        """Raises StudyError (UAD-340): there are no healthy residuals to compare with."""
        must = "a detector that standardises must be fitted on healthy slices before it is asked for maps"
        raise StudyError(Problem("UAD-340", "scoring.standardise", must, "none", "Call fit with healthy slices first."))

    def _smoothed(self, field: NDArray[np.generic]) -> NDArray[np.float64]:
        from scipy import ndimage

        smoothed: NDArray[np.float64] = ndimage.gaussian_filter(field.astype(np.float64), self.smoothing)
        return smoothed


@dataclass(frozen=True, eq=False)
class ZScore:
    """Two fields, (H, W), fitted on healthy slices."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @property
    def fields(self) -> Fields:
        return {"mean": self.mean, "deviation": self.deviation}

    def __call__(self, maps: Maps) -> Maps:
        """Standardised residuals, (N, H, W)."""
        return ((maps - self.mean) / self.deviation).astype(np.float32)


StandardiseConfig = Annotated[AsItIs | HealthyZScore, Field(discriminator="kind")]
