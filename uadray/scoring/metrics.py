"""Voxel-wise agreement of anomaly scores and segmentations with the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

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


def average_precision(truth: Bools, scores: NDArray[np.float32]) -> float:
    """AUPRC by scikit-learn's definition: the sum of precision times the gain in recall, over falling scores.

    The trapezoidal area under the curve would be too optimistic. The truth must have a positive voxel; chance level is
    the share of positive voxels.
    """
    return float(average_precision_score(truth, scores))
