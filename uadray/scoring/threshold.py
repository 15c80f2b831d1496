"""The anomaly score above which a voxel is called lesion, found without a single label."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from uadray.section import Section


class HealthyPercentile(Section):
    """A percentile of the filtered anomaly scores of healthy validation subjects, inside the brain.

    Baur et al. 2018 speak of "the 98th percentile" and do not say of which scores.
    """

    kind: Literal["healthy_percentile"] = "healthy_percentile"

    percentile: float = Field(98.0, gt=0, lt=100)
    """Share of healthy brain voxels, in percent, that stay below the threshold."""

    def fit(self, healthy_maps: NDArray[np.float32], brain: NDArray[np.bool_]) -> float:
        """The threshold; healthy_maps and brain are (N, H, W)."""
        return float(np.percentile(healthy_maps[brain].astype(np.float64), self.percentile))


ThresholdConfig = HealthyPercentile
