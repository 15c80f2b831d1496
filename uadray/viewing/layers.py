"""The images of a page: small NIfTI files as text, with 255 grey values each."""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from uadray.viewing.shown import Shown

LEVELS = 255  # a screen has no more
DARK = 0.02  # of the window: what is darker than this is background
MARGIN = 2  # voxels


@dataclass(frozen=True)
class Layer:
    """An image of a page; `base64` is a `.nii.gz`, whose values from `low` to `high` have the colours of `colours`."""

    name: str
    colours: str
    opacity: float
    low: float
    high: float
    base64: str


def layers(seen: Shown) -> list[Layer]:
    """The scan and what lies over it, all cut to the same box around what is not background."""
    box = _box(seen)
    low, high = seen.window

    def layer(name: str, colours: str, opacity: float, values: NDArray[Any], low: float, high: float) -> Layer:
        return Layer(name, colours, opacity, low, high, _file(values, seen.affine, box, low, high))

    return [
        layer("scan", "gray", 1.0, seen.scan, low, high),
        layer("not assessed", "unseen", 0.35, ~seen.assessed, 0, 1),
        layer("anomaly map", "scores", 0.5, seen.anomaly, 0, seen.top_score),
        layer("segmentation", "found", 0.6, seen.segmentation, 0, 1),
    ]


def _box(seen: Shown) -> tuple[slice, slice, slice]:
    low, high = seen.window
    kept = (seen.scan > low + DARK * (high - low)) | seen.assessed | seen.segmentation
    sides = []
    for axis in range(3):
        places = np.flatnonzero(kept.any(axis=tuple({0, 1, 2} - {axis})))
        sides.append(slice(max(0, int(places[0]) - MARGIN), int(places[-1]) + MARGIN + 1))
    x, y, z = sides
    return x, y, z


def _file(
    values: NDArray[Any], affine: NDArray[np.float64], box: tuple[slice, slice, slice], low: float, high: float
) -> str:
    """Values from low to high in 255 steps, cut to the box, at their places in mm; the same text every time."""
    part = np.clip((values[box].astype(np.float32) - low) / (high - low), 0, 1)
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ [side.start for side in box]
    image = nib.Nifti1Image((LEVELS * part).round().astype(np.uint8), moved)
    image.header.set_slope_inter((high - low) / LEVELS, low)
    image.header.set_xyzt_units("mm")
    return base64.b64encode(gzip.compress(image.to_bytes(), compresslevel=9, mtime=0)).decode()
