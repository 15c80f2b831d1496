"""Which voxels are brain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uadray.data.volume import Volume
from uadray.errors import DataError, Problem

MIN_AREA_MM2 = 500.0  # of the largest axial section; an adult's is about 15 000


def nonzero_brain(volume: Volume) -> NDArray[np.bool_]:
    """The brain of a skull-stripped scan, bool (X, Y, Z): its largest nonzero component, holes filled slice by slice.

    Of a scan with skull this is the whole head, and of one whose background is not 0 it is the whole image: give such a
    scan a brain mask.
    """
    from scipy import ndimage  # takes 0.15 s: only who looks for a brain should wait

    labels, count = ndimage.label(volume.data != 0)
    if count == 0:
        return np.zeros(volume.data.shape, np.bool_)
    largest = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    in_plane = ndimage.generate_binary_structure(2, 1)[:, :, None]
    return np.asarray(ndimage.binary_fill_holes(largest, in_plane))


def require_plausible(brain: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> None:
    """Raises DataError (UAD-114) for a brain mask (X, Y, Z) that is empty or too small to be an adult's."""
    area = brain.sum(axis=(0, 1)).max() * spacing_mm[0] * spacing_mm[1]
    if area < MIN_AREA_MM2:
        must, do = f"a brain must have an axial section of {MIN_AREA_MM2:g} mm2", "Check the scan and its brain mask."
        raise DataError(Problem("UAD-114", "brain", must, f"{area:.3g} mm2 at most", do))
