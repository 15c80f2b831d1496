"""A prediction as it is shown: turned to RAS+, with colours that everybody can tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from uadray.data.nifti import read_scan
from uadray.prediction.predicting import Prediction

FOUND = (0.0, 0.62, 0.45)  # Okabe and Ito 2008, as in the panels of a study
NOT_ASSESSED = "Not assessed is not healthy: the model did not look there."


@dataclass(frozen=True, eq=False)
class Shown:
    """Arrays (X, Y, Z) in RAS+; `affine` (4, 4) maps their indices to mm in the space of the scan."""

    scan: NDArray[np.float32]
    window: tuple[float, float]
    """Intensities of the scan that are black and white."""
    reconstruction: NDArray[np.float32]
    residual: NDArray[np.float32]
    anomaly: NDArray[np.float32]
    segmentation: NDArray[np.bool_]
    assessed: NDArray[np.bool_]
    affine: NDArray[np.float64]
    spacing_mm: tuple[float, float, float]
    top_score: float
    """Where the colours of scores end: most scores are below it, and so is the threshold."""


def shown(found: Prediction) -> Shown:
    """Turn a prediction's arrays to RAS+; raises DataError (UAD-101 to UAD-108) if its scan has gone or changed."""
    volume = read_scan(found.scan)
    turn = nib.orientations.io_orientation(found.grid.affine)

    def turned(array: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(nib.orientations.apply_orientation(array, turn))

    assessed = turned(found.assessed)
    scores = found.anomaly[found.assessed]
    usual = float(np.percentile(scores, 99)) if scores.size else 0.0
    return Shown(
        scan=volume.data,
        window=_window(volume.data, assessed),
        reconstruction=turned(found.reconstruction),
        residual=turned(found.residual),
        anomaly=turned(found.anomaly),
        segmentation=turned(found.segmentation),
        assessed=assessed,
        affine=volume.affine,
        spacing_mm=volume.spacing_mm,
        top_score=max(usual, 2 * found.threshold, 1e-6),
    )


def summary(found: Prediction) -> str:
    """What was found and how much was looked at, in a line."""
    extent = found.extent
    counted = f"{len(found.lesions)} finding{'' if len(found.lesions) == 1 else 's'}"
    looked = f"{extent.slices} of {extent.slices_with_brain} slices, {100 * extent.share:.0f} % of the brain, assessed"
    return f"{counted}, {found.lesion_ml:.2f} ml; {looked}"


def _window(scan: NDArray[np.float32], assessed: NDArray[np.bool_]) -> tuple[float, float]:
    """From the background to a little above what is bright in the brain."""
    inside = scan[assessed] if assessed.any() else scan
    low = float(min(np.percentile(scan, 1), np.percentile(inside, 0.1)))
    high = low + 1.05 * (float(np.percentile(inside, 99.9)) - low)
    return (low, high) if high > low else (float(scan.min()), float(scan.max()))
