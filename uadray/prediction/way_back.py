"""From the slices that a model saw back to the grid of the scan's file.

`SliceStack.to_native` holds all that was done on the way there: reorientation, registration, slicing, canvas. Its
inverse says, for every voxel of the file, where it lies in the slices, so that each result is interpolated once.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uadray.data.grid import Grid
from uadray.data.preprocess.slices import SliceStack

Maps = NDArray[np.float32]
Masks = NDArray[np.bool_]


class WayBack:
    """For one scan: the slices it gave, and the grid of its file.

    Arrays of slices are (N, H, W), as the stack's; what comes back is (X, Y, Z) on the file's grid. Where a slice of
    the volume is missing in the stack nothing comes back.
    """

    def __init__(self, stack: SliceStack, grid: Grid) -> None:
        self._rows = stack.indices - stack.indices[0]
        self._shape = (*stack.brain.shape[1:], int(self._rows[-1]) + 1)  # row, column, z
        self._grid = (*grid.shape, 1, 1)[:3]
        from_first = stack.to_native @ _shifted(z=int(stack.indices[0]))
        self._to_slices = np.linalg.inv(from_first) @ grid.affine
        to_file = np.asarray(np.linalg.inv(self._to_slices), np.float64)
        self._box = _box(to_file, self._shape, self._grid)

    def nearest(self, mask: Masks) -> Masks:
        """The mask, from the nearest pixel of the nearest slice."""
        return self._back(mask.astype(np.uint8), order=0) > 0

    def nearest_values(self, values: Maps) -> Maps:
        """The values of the same pixels that `nearest` takes a mask from."""
        return np.asarray(self._back(values, order=0), np.float32)

    def linear(self, values: Maps, inside: Masks) -> Maps:
        """Values that count `inside` a mask, linearly interpolated among those that count; 0 where none is nearest.

        What is outside has no part in the result: at the rim of the brain a value does not fade into the background,
        nor at the last slice into slices that no one looked at.
        """
        weight = self._back(inside.astype(np.float32), order=1)
        summed = self._back(np.where(inside, values, np.float32(0)), order=1)
        found = self.nearest(inside) & (weight > 0)
        values = np.zeros_like(summed)
        np.divide(summed, weight, out=values, where=found)
        return values

    def _back(self, slices: NDArray[Any], order: int) -> NDArray[Any]:
        from scipy import ndimage

        dense = np.zeros(self._shape, slices.dtype)
        dense[:, :, self._rows] = slices.transpose(1, 2, 0)
        whole = np.zeros(self._grid, slices.dtype)
        start = np.array([part.start for part in self._box])
        matrix, offset = self._to_slices[:3, :3], self._to_slices[:3, :3] @ start + self._to_slices[:3, 3]
        size = tuple(part.stop - part.start for part in self._box)
        whole[self._box] = ndimage.affine_transform(dense, matrix, offset, size, order=order, mode="grid-constant")
        return whole


def _shifted(z: int) -> NDArray[np.float64]:
    """(4, 4): a z of the stack to that of the volume."""
    matrix = np.eye(4)
    matrix[2, 3] = z
    return matrix


def _box(to_file: NDArray[np.float64], slices: tuple[int, ...], grid: tuple[int, ...]) -> tuple[slice, slice, slice]:
    """The part of the file's grid that the slices can reach: a voxel beyond their outermost centres, no more."""
    corners = np.array([(*corner, 1) for corner in itertools.product(*((-1, side) for side in slices))])
    reached = (to_file @ corners.T)[:3]
    low = np.clip(np.floor(reached.min(axis=1)).astype(int), 0, grid)
    high = np.clip(np.ceil(reached.max(axis=1)).astype(int) + 1, low, grid)
    x, y, z = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return x, y, z
