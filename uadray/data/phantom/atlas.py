"""The average brain: the tissue maps of ICBM152, and what follows from them.

The maps are those of the ICBM 2009a nonlinear symmetric template (Fonov et al. 2011, NeuroImage 54:313), which nilearn
carries in its wheel.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uadray.data.phantom.fields import Floats, Lattice

BLUR_MM = 0.5  # of the tissue maps, because voxels of 2 mm are read at their centres only
COARSE = 2  # mm between known distances; the maps have 1 mm
LOWEST_MM = -64.0  # where the medulla ends, as skull stripping leaves it
DEEP_MM = 25.0  # under the brain's surface, where the largest region of CSF is the lateral and third ventricles
CREASE_MM = 3.0  # smoothing of the distance whose slope is a direction: it would turn at once in a ventricle's middle


@dataclass(frozen=True, eq=False)
class Atlas:
    """Maps of the average brain: shares of tissue in [0, 1], signed distances in mm, negative inside.

    `outward` has the three components of the direction away from the ventricles, of length 1 or less. `horns_mm` (4, 3)
    are the tips of the ventricles' horns: left frontal, left occipital, right frontal, right occipital.
    """

    grey: Lattice
    white: Lattice
    brain_mm: Lattice
    ventricle_mm: Lattice
    outward: tuple[Lattice, Lattice, Lattice]
    horns_mm: NDArray[np.float64]


@functools.cache
def icbm152() -> Atlas:
    """The atlas of the maps in nilearn's wheel; nothing is downloaded."""
    from nilearn import datasets  # takes 1.6 s: only who needs the phantom should wait

    image = datasets.load_mni152_gm_template(resolution=1)
    x, y, z = image.affine[:3, 3].tolist()
    grey = np.asarray(image.dataobj, np.float32)
    white = np.asarray(datasets.load_mni152_wm_template(resolution=1).dataobj, np.float32)
    stripped = np.asarray(datasets.load_mni152_template(resolution=1).dataobj) > 0

    def lattice(values: NDArray[Any], pitch_mm: float) -> Lattice:
        return Lattice(np.asarray(values, np.float32), (x, y, z), pitch_mm)

    every = (slice(None, None, COARSE),) * 3
    tissue = grey[every] + white[every]
    brain = _brain(tissue, stripped[every])
    brain[:, :, : int((LOWEST_MM - z) / COARSE)] = False
    brain_mm = _signed_distance_mm(brain)
    ventricles = _largest((tissue < 0.5) & (brain_mm < -DEEP_MM))
    ventricle_mm = _signed_distance_mm(ventricles)
    dx, dy, dz = np.gradient(ndimage.gaussian_filter(ventricle_mm, CREASE_MM / COARSE), COARSE)
    return Atlas(
        grey=lattice(ndimage.gaussian_filter(grey, BLUR_MM), 1),
        white=lattice(ndimage.gaussian_filter(white, BLUR_MM), 1),
        brain_mm=lattice(brain_mm, COARSE),
        ventricle_mm=lattice(ventricle_mm, COARSE),
        outward=(lattice(dx, COARSE), lattice(dy, COARSE), lattice(dz, COARSE)),
        horns_mm=_horns(ventricles) * float(COARSE) + (x, y, z),
    )


def _brain(tissue: Floats, stripped: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tissue and the CSF in its folds, without the shreds around it that the stripped template has kept."""
    solid = _largest(ndimage.binary_opening(ndimage.gaussian_filter(tissue, 1.0) > 0.4, iterations=2))
    closed = ndimage.binary_closing(np.pad(solid, 6), iterations=5)[6:-6, 6:-6, 6:-6]
    return np.asarray(ndimage.binary_fill_holes(closed & (stripped | solid)))


def _largest(regions: NDArray[np.bool_]) -> NDArray[np.bool_]:
    labels, _ = ndimage.label(regions)
    return np.asarray(labels == 1 + np.argmax(np.bincount(labels.ravel())[1:]))


def _signed_distance_mm(region: NDArray[np.bool_]) -> Floats:
    """Distance to the border of a region on the coarse grid, negative inside; the border is smoothed a little."""
    outside, inside = ndimage.distance_transform_edt(~region), ndimage.distance_transform_edt(region)
    return np.asarray(COARSE * ndimage.gaussian_filter(outside - inside, 0.7), np.float32)


def _horns(ventricles: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The foremost and hindmost voxel of the left half and of the right half; (4, 3)."""
    voxels, middle = np.argwhere(ventricles), ventricles.shape[0] // 2
    halves = (voxels[voxels[:, 0] < middle], voxels[voxels[:, 0] > middle])
    return np.array([half[end] for half in halves for end in (half[:, 1].argmax(), half[:, 1].argmin())])
