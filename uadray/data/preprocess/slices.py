"""From a volume to axial slices.

Slices are shown as radiologists see them: rows run from anterior to posterior, columns from the patient's right to
the left.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from uadray.data.volume import Volume
from uadray.errors import DataError, Problem
from uadray.section import Section

FAR = np.iinfo(np.int32).max  # slices
MOST_OBLONG = 2.0  # longer to shorter side; sagittal and coronal 2-D scans have 3 to 8


@dataclass(frozen=True, eq=False)
class SliceStack:
    """Axial slices of one scan, from inferior to superior.

    `images` is float32 (N, H, W) in [0, 1] and 0 outside the brain, `brain` and `lesion` are bool (N, H, W), `indices`
    (N,) are the z of the RAS+ volume, and `spacing_mm` is from row to row, from column to column, from slice to slice.
    `to_lesion` (N,) are slices to the volume's next slice with a lesion: 0 for one that has a lesion, FAR if none has.
    `to_native` (4, 4) maps (row, column, z, 1) to mm in the space of the scan's file: the way back for a result.
    """

    images: NDArray[np.float32]
    brain: NDArray[np.bool_]
    lesion: NDArray[np.bool_]
    indices: NDArray[np.int32]
    spacing_mm: tuple[float, float, float]
    to_lesion: NDArray[np.int32]
    to_native: NDArray[np.float64]

    def only(self, wanted: NDArray[np.bool_]) -> SliceStack:
        """The slices where `wanted`, (N,), is true."""
        names = ("images", "brain", "lesion", "indices", "to_lesion")
        return replace(self, **{name: getattr(self, name)[wanted] for name in names})


class Selection(Section, ABC):
    """Which axial slices of a scan are taken."""

    def cut(self, scan: Volume, brain: NDArray[np.bool_], lesion: NDArray[np.bool_]) -> SliceStack:
        """The slices of a scan with intensities in [0, 1], masks (X, Y, Z) on its grid.

        Raises DataError (UAD-111) if there is none with brain: nothing is padded or repeated.
        """
        indices = np.asarray(self.choose(scan, brain), dtype=np.int32)
        if not indices.size:
            got, do = f"brain in {int(brain.any(axis=(0, 1)).sum())} others", "Take other slices or leave the scan out."
            raise DataError(Problem("UAD-111", "slices", f"there must be slices: {self.rule}", got, do))
        with_lesion = np.flatnonzero(lesion.any(axis=(0, 1)))
        to_lesion = np.full(indices.size, FAR, np.int32)
        if with_lesion.size:
            to_lesion = np.abs(indices[:, None] - with_lesion).min(axis=1).astype(np.int32)
        x, y, z = scan.spacing_mm
        if max(x, y) > MOST_OBLONG * min(x, y):
            must = f"pixels of axial slices must be square but for a factor of {MOST_OBLONG:g}"
            do = "The scan was taken in other slices: set register_to, or leave it out."
            raise DataError(Problem("UAD-164", "slices", must, f"{x:g} x {y:g} mm", do))
        images, brain, lesion = (_display(array, indices) for array in (scan.data, brain, lesion))
        columns, rows = scan.data.shape[:2]
        to_voxel = np.array([[0, -1, 0, columns - 1], [-1, 0, 0, rows - 1], [0, 0, 1, 0], [0, 0, 0, 1.0]])
        return SliceStack(images, brain, lesion, indices, (y, x, z), to_lesion, scan.affine @ to_voxel)

    @property
    @abstractmethod
    def rule(self) -> str:
        """Which slices, in words."""

    @abstractmethod
    def choose(self, scan: Volume, brain: NDArray[np.bool_]) -> NDArray[np.intp]:
        """The z of the slices, rising; none where the rule finds none."""


class MiddleSlices(Selection):
    """Consecutive axial slices around the middle of the brain's extent ("around the midline", Baur et al. 2018).

    A brain in fewer slices, as in scans of thick ones, gives all of them.
    """

    kind: Literal["middle"] = "middle"
    count: int = Field(default=20, ge=1)
    """Slices a scan at most. Baur et al. 2018: 20."""

    @property
    def rule(self) -> str:
        return f"{self.count} around the middle of the brain"

    def choose(self, scan: Volume, brain: NDArray[np.bool_]) -> NDArray[np.intp]:
        extent = np.flatnonzero(brain.any(axis=(0, 1)))
        if not extent.size:
            return extent
        span = int(extent[-1] - extent[0]) + 1
        count = min(self.count, span)
        return int(extent[0]) + (span - count) // 2 + np.arange(count)


class SliceRange(Selection):
    """The axial slices with brain between two heights, which mean the same in every scan once it is registered."""

    kind: Literal["range_mm"] = "range_mm"
    lower: float
    """z in mm in the space of the volume; 0 is the anterior commissure in MNI space."""
    upper: float
    """z in mm, above `lower`."""

    @model_validator(mode="after")
    def _has_height(self) -> Self:
        if self.lower >= self.upper:
            raise ValueError(f"lower must be below upper; got {self.lower:g} and {self.upper:g}")
        return self

    @property
    def rule(self) -> str:
        return f"with brain at z of {self.lower:g} to {self.upper:g} mm"

    def choose(self, scan: Volume, brain: NDArray[np.bool_]) -> NDArray[np.intp]:
        columns, rows, depth = brain.shape
        middle = np.stack([np.full(depth, (columns - 1) / 2), np.full(depth, (rows - 1) / 2), np.arange(depth)])
        heights = scan.affine[2, :3] @ middle + scan.affine[2, 3]
        return np.flatnonzero(brain.any(axis=(0, 1)) & (heights >= self.lower) & (heights <= self.upper))


class EnoughBrain(Selection):
    """All axial slices that show enough of the brain."""

    kind: Literal["with_brain"] = "with_brain"
    least_cm2: float = Field(default=20.0, gt=0)
    """Brain in a slice; the largest slice of an adult has some 140."""

    @property
    def rule(self) -> str:
        return f"with {self.least_cm2:g} cm2 of brain or more"

    def choose(self, scan: Volume, brain: NDArray[np.bool_]) -> NDArray[np.intp]:
        cm2 = np.count_nonzero(brain, axis=(0, 1)) * scan.spacing_mm[0] * scan.spacing_mm[1] / 100
        return np.flatnonzero(cm2 >= self.least_cm2)


Slicing = Annotated[MiddleSlices | SliceRange | EnoughBrain, Field(discriminator="kind")]


def _display(array: NDArray[Any], indices: NDArray[np.int32]) -> NDArray[Any]:
    """(X, Y, Z) in RAS+ to (N, rows, columns) as displayed."""
    return np.ascontiguousarray(array[::-1, ::-1, indices].transpose(2, 1, 0))
