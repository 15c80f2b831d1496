"""The parts of a segmentation in native space, one by one: what a reader of scans would go through."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uadray.data.grid import Grid
from uadray.scoring.components import label


@dataclass(frozen=True)
class Lesion:
    """A 26-connected component of a segmentation."""

    number: int  # from 1, the largest first
    voxels: int
    ml: float
    x_mm: float  # of its centre, in the space of the scan: to the right, to anterior, to superior
    y_mm: float
    z_mm: float
    i: int  # the voxel of its highest score, in the file's order
    j: int
    k: int
    score_max: float
    score_mean: float


def lesions(segmentation: NDArray[np.bool_], scores: NDArray[np.float32], grid: Grid) -> tuple[Lesion, ...]:
    """The components of a segmentation (X, Y, Z) on a file's grid, with their scores; the largest first."""
    labels, _ = label(segmentation)
    found = []
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        start = np.array([part.start for part in box])
        voxels = np.argwhere(labels[box] == number) + start
        own = scores[tuple(voxels.T)]
        x, y, z = (grid.affine[:3, :3] @ voxels.mean(axis=0) + grid.affine[:3, 3]).tolist()
        i, j, k = voxels[own.argmax()].tolist()
        ml = len(voxels) * grid.voxel_mm3 / 1000
        found.append(Lesion(0, len(voxels), ml, x, y, z, i, j, k, float(own.max()), float(own.mean(dtype=np.float64))))
    found.sort(key=lambda lesion: -lesion.voxels)
    return tuple(replace(each, number=place) for place, each in enumerate(found, start=1))
