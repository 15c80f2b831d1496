"""How much of a brain a model assessed, and how large that brain is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uadray.data.grid import Grid
from uadray.data.preprocess.skull_strip import HEAD_MM
from uadray.data.preprocess.slices import SliceStack
from uadray.data.scan import Scan

ADULT_ML = (900.0, 2000.0)  # adults' brains have 1000 to 1800, and tools keep a rim or lose one


@dataclass(frozen=True)
class Extent:
    """Volumes in ml of the scan's own space."""

    brain_ml: float
    assessed_ml: float
    slices: int
    """Axial slices that the model saw."""
    slices_with_brain: int
    """Of the prepared volume."""
    lowest_mm: float
    """Of the middle of the lowest slice, towards superior, in the scan's space."""
    highest_mm: float
    whole_head: bool
    """Whether the field of view could hold one."""

    @property
    def share(self) -> float:
        """Of the brain that was assessed, in [0, 1]."""
        return min(1.0, self.assessed_ml / self.brain_ml)

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for a brain that is too small or too large to be an adult's."""
        low, high = ADULT_ML
        if self.brain_ml > high or (self.whole_head and self.brain_ml < low):
            return (f"brain, ml: {self.brain_ml:.0f}, adults {low:.0f} to {high:.0f}",)
        return ()


def extent(scan: Scan, stack: SliceStack, assessed: NDArray[np.bool_], grid: Grid) -> Extent:
    """Of a prepared scan, its slices, and what was assessed on the grid of its file."""
    to_file = abs(float(np.linalg.det(scan.to_native[:3, :3])))
    voxel_ml = float(np.prod(scan.volume.spacing_mm)) * to_file / 1000
    _, height, width = stack.brain.shape
    ends = [stack.to_native @ ((height - 1) / 2, (width - 1) / 2, z, 1) for z in (stack.indices[0], stack.indices[-1])]
    sides_mm = np.linalg.norm(grid.affine[:3, :3], axis=0) * (*grid.shape, 1, 1)[:3]
    return Extent(
        brain_ml=float(np.count_nonzero(scan.brain)) * voxel_ml,
        assessed_ml=float(np.count_nonzero(assessed)) * grid.voxel_mm3 / 1000,
        slices=len(stack.indices),
        slices_with_brain=int(scan.brain.any(axis=(0, 1)).sum()),
        lowest_mm=float(ends[0][2]),
        highest_mm=float(ends[1][2]),
        whole_head=bool(sides_mm.min() >= HEAD_MM),
    )
