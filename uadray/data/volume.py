"""A scan's voxels and where they lie in space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Volume:
    """A scan in RAS+: the axes run to the patient's right, to anterior, to superior.

    `data` is float32 (X, Y, Z) and finite, `affine` (4, 4) maps voxel indices to mm, `spacing_mm` is a voxel's sides.
    """

    data: NDArray[np.float32]
    affine: NDArray[np.float64]
    spacing_mm: tuple[float, float, float]
