"""Filters of anomaly maps, which remove structures smaller than themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def median_filter(maps: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Each slice's size x size median; the border repeats its nearest pixel. maps (N, H, W); size 1 changes nothing.

    Baur et al. 2018 filter residuals by a median of unstated size; DAE (Kascenas et al. 2022) takes 5 x 5 in 2-D.
    """
    if size == 1:
        return maps
    filtered: NDArray[np.float32] = ndimage.median_filter(maps, size=(1, size, size), mode="nearest")
    return filtered
