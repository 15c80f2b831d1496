"""Scans on one scale: their histograms' landmarks are moved to where training scans have them on average.

Nyul and Udupa 1999 (Magn. Reson. Med. 42:1072), with the landmarks of Shah et al. 2011 (Med. Image Anal. 15:267): the
percentiles 1, 10, 20, ..., 90, 99 of the brain.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from uadray.data.preprocess.intensity import Intensity, OfTrain, PercentileWindow
from uadray.data.preprocess.min_max import MinMax
from uadray.errors import DataError, Problem

PERCENTILES = (1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99)


class Landmarks(Intensity):
    """A standard scale that was fitted before: what a preparation with `histogram_match` wrote into its manifest."""

    kind: Literal["landmarks"] = "landmarks"
    values: tuple[float, ...] = Field(min_length=len(PERCENTILES), max_length=len(PERCENTILES))
    """Where the percentiles 1, 10, 20, ..., 90, 99 of a brain go; rising from 0 to 1."""

    @model_validator(mode="after")
    def _rise(self) -> Self:
        if (self.values[0], self.values[-1]) != (0, 1) or (np.diff(self.values) < 0).any():
            raise ValueError(f"values must rise from 0 to 1; got {list(self.values)}")
        return self

    def apply(self, data: NDArray[Any], brain: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Intensities in [0, 1], 0 outside the brain, linear between landmarks; raises DataError (UAD-115)."""
        own = _landmarks(data, brain)
        scaled = np.zeros(data.shape, np.float32)
        scaled[brain] = np.interp(data[brain], own, self.values)
        return scaled


class HistogramMatch(Intensity):
    """The standard scale of the training scans; validation and test scans have no part in it."""

    kind: Literal["histogram_match"] = "histogram_match"

    def fit(self, of_train: OfTrain) -> Landmarks:
        """The mean of the training scans' landmarks, each scan's own first and last at 0 and 1.

        Raises DataError (UAD-119) without a training scan.
        """
        scaled = [(own - own[0]) / (own[-1] - own[0]) for own in of_train(_landmarks)]
        if not scaled:
            must, do = "histogram_match must have a sound training scan", "Choose intensity.kind percentile."
            raise DataError(Problem("UAD-119", "intensity", must, "none", do))
        mean = np.mean(scaled, axis=0)
        return Landmarks(values=(0.0, *mean[1:-1].tolist(), 1.0))

    def apply(self, data: NDArray[Any], brain: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Of a scan alone: as if it were the only training scan."""
        return self.fit(lambda measure: [measure(data, brain)]).apply(data, brain)


IntensityScale = Annotated[PercentileWindow | MinMax | HistogramMatch | Landmarks, Field(discriminator="kind")]


def _landmarks(data: NDArray[Any], brain: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The percentiles of the brain; raises DataError (UAD-115) for a brain without contrast."""
    own = np.percentile(data[brain].astype(np.float64), PERCENTILES)
    if own[0] == own[-1]:
        must, got = "percentiles 1 and 99 of the brain must differ", f"{own[0]:g} for both"
        raise DataError(Problem("UAD-115", "intensity", must, got, "Check the scan and its brain mask."))
    return np.asarray(own)
