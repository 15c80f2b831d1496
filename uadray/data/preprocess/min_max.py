"""The plainest scale: the brain's darkest voxel becomes 0, its brightest 1."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from uadray.data.preprocess.intensity import PercentileWindow
from uadray.section import Section


class MinMax(Section):
    """A linear window from the brain's minimum to its maximum: one bright voxel of an artefact darkens all others."""

    kind: Literal["min_max"] = "min_max"

    def apply(self, data: NDArray[Any], brain: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Intensities in [0, 1], 0 outside the brain; same shape.

        Raises DataError (UAD-115) for a brain without contrast.
        """
        return PercentileWindow(lower=0, upper=100).apply(data, brain)
