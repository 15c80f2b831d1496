"""Median filters of anomaly maps, which remove structures smaller than half of their window.

Baur et al. 2018 filter residuals by a median and do not say of what size, nor whether in 2-D or 3-D.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from uadray.scoring.median import median_2d, median_3d
from uadray.scoring.stacks import consecutive
from uadray.section import Section

if TYPE_CHECKING:
    from uadray.data.store import Slices

Maps = NDArray[np.float32]
Side = Literal[1, 3, 5, 7, 9, 11]


class SliceMedian(Section):
    """A square window within a slice, as DAE (Kascenas et al. 2022) has it."""

    kind: Literal["slice"] = "slice"

    size: Side = 5
    """Odd side of the window, in pixels; 1 changes nothing. Default from Kascenas et al. 2022."""

    def __call__(self, maps: Maps, slices: Slices) -> Maps:
        return median_2d(maps, self.size)

    def __str__(self) -> str:
        return f"{self.size} x {self.size}"


class VolumeMedian(Section):
    """A cubic window over a patient's stack of slices, as in Baur et al. 2021; it removes small lesions with the noise.

    The window counts slices, however thick they are. It never reaches into another patient, nor over a missing slice:
    stacks above and below a gap are filtered apart, and at the ends of a stack the last slice is repeated.
    """

    kind: Literal["volume"] = "volume"

    size: Literal[3, 5, 7] = 5
    """Odd side of the window, in pixels and slices. Default from Baur et al. 2021."""

    def __call__(self, maps: Maps, slices: Slices) -> Maps:
        filtered = np.empty_like(maps)
        for rows in consecutive(slices):
            filtered[rows] = median_3d(maps[rows], self.size)
        return filtered

    def __str__(self) -> str:
        return f"{self.size} x {self.size} x {self.size}"


MedianConfig = Side | Annotated[SliceMedian | VolumeMedian, Field(discriminator="kind")]
"""A number is short for a SliceMedian of that size."""


def median(config: MedianConfig) -> SliceMedian | VolumeMedian:
    """The filter that a configuration, or its short form, means."""
    return SliceMedian(size=config) if isinstance(config, int) else config
