"""Voxel-wise agreement of a segmentation with the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]


def dice(segmentation: Bools, truth: Bools) -> float | None:
    """2 |S and T| / (|S| + |T|); None where the truth is empty, since Dice cannot judge a scan without lesion.

    >>> dice(np.array([True, True]), np.array([True, False]))
    0.6666666666666666
    """
    if not truth.any():
        return None
    return float(
        2 * np.count_nonzero(segmentation & truth) / (np.count_nonzero(segmentation) + np.count_nonzero(truth))
    )
