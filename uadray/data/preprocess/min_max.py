"""The plainest scale: the brain's darkest voxel becomes 0, its brightest 1."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from uadray.data.preprocess.intensity import Intensity, PercentileWindow


class MinMax(Intensity):
    """A linear window from the brain's minimum to its maximum: one bright voxel of an artefact darkens all others."""

    kind: Literal["min_max"] = "min_max"

    def apply(self, data: NDArray[Any], brain: NDArray[np.bool_]) -> NDArray[np.float32]:
        return PercentileWindow(lower=0, upper=100).apply(data, brain)
