"""Intensities of one scan to [0, 1]: MR scanners have no common unit, so every scan is its own scale."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from uadray.errors import DataError, Problem
from uadray.section import Section

Measure = Callable[[NDArray[Any], NDArray[np.bool_]], NDArray[np.float64]]  # of a scan's data and brain
OfTrain = Callable[[Measure], Iterable[NDArray[np.float64]]]  # the same measure of every training scan


class Intensity(Section, ABC):
    """A scale for the intensities of the brain."""

    def fit(self, of_train: OfTrain) -> Intensity:
        """The scale that is applied to every scan; one that needs no other scan is its own."""
        return self

    @abstractmethod
    def apply(self, data: NDArray[Any], brain: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Intensities in [0, 1], 0 outside the brain; same shape.

        Raises DataError (UAD-115) for a brain without contrast.
        """


class PercentileWindow(Intensity):
    """A linear window between two percentiles of the brain's voxels.

    Baur et al. 2018 scale to [0, 1] without saying how. The code of Baur et al. 2021 (their survey) clips to the
    [0, 99.8] percentiles and divides by the maximum; its percentiles count the zeros around the brain too, so that its
    lower end is 0. Ours count brain voxels only: the window does not depend on how tightly a scan was cropped.
    """

    kind: Literal["percentile"] = "percentile"
    lower: float = Field(default=0.0, ge=0, lt=100)
    """Percentile that becomes 0."""
    upper: float = Field(default=99.8, gt=0, le=100)
    """Percentile that becomes 1."""

    @model_validator(mode="after")
    def _has_width(self) -> Self:
        if self.lower >= self.upper:
            raise ValueError(f"lower must be below upper; got {self.lower} and {self.upper}")
        return self

    def apply(self, data: NDArray[Any], brain: NDArray[np.bool_]) -> NDArray[np.float32]:
        values = data[brain].astype(np.float64)
        low, high = np.percentile(values, (self.lower, self.upper))
        if low == high:
            must, got = f"percentiles {self.lower} and {self.upper} of the brain must differ", f"{low:g} for both"
            raise DataError(Problem("UAD-115", "intensity", must, got, "Check the scan and its brain mask."))
        scaled = np.zeros(data.shape, np.float32)
        scaled[brain] = np.clip((values - low) / (high - low), 0, 1)
        return scaled
