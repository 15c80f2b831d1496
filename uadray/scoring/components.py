"""Connected parts of a patient's segmentation, in 3-D."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uadray.scoring.stacks import runs

TOUCHING = np.ones((3, 3, 3), bool)  # 26-connected: voxels that share a face, an edge or a corner are one part


def label(mask: NDArray[np.bool_], indices: NDArray[np.integer] | None = None) -> tuple[NDArray[np.int32], int]:
    """Which component each voxel of one patient belongs to, from 1, 0 for none; and how many there are.

    mask is (N, H, W) and indices its rising slice indices, none for consecutive ones. Nothing connects over a gap.
    """
    labels, count = np.zeros(mask.shape, np.int32), 0
    for rows in runs(np.arange(len(mask)), np.arange(len(mask)) if indices is None else indices):
        found, parts = ndimage.label(mask[rows], TOUCHING)
        labels[rows] = np.where(found > 0, found + count, 0)
        count += parts
    return labels, count
