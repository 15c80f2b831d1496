"""A scan on its way through preprocessing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from uadray.data.volume import Volume


@dataclass(frozen=True, eq=False)
class Scan:
    """A scan with its masks on one grid (X, Y, Z) in RAS+.

    `brain` and `lesion` are bool; `brain` is empty as long as nobody knows the brain. `to_native` (4, 4) maps mm of the
    volume's space to mm of the file's space: with it a result can go back to where the scan came from. `brain_from`
    says who told the brain: "mask", "nonzero" or a skull stripping tool.
    """

    volume: Volume
    brain: NDArray[np.bool_]
    lesion: NDArray[np.bool_]
    to_native: NDArray[np.float64] = field(default_factory=lambda: np.eye(4))
    brain_from: str = ""
