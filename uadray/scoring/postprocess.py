"""What is known before a score is read: where a lesion may be, how bright it is, how large it is at least.

Baur et al. 2021 (Autoencoders for unsupervised anomaly segmentation in brain MR images: a comparative study) take all
of it: an eroded brain mask, a hyperintensity prior, and no component of 7 voxels or fewer. Baur et al. 2018 speak of
none of it, so all of it is off unless asked for. Each step can also delete lesions: see ceiling.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from uadray.scoring.stacks import Rows, by_patient
from uadray.section import Section

if TYPE_CHECKING:
    from uadray.data.store import Slices

Masks = NDArray[np.bool_]

CROSS = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]]], bool)  # 4-connected within the slice


def eroded(brain: Masks, pixels: int) -> Masks:
    """Brain masks, (N, H, W), without a rim of so many pixels; beyond the border of a slice there is no brain."""
    from scipy import ndimage

    if pixels == 0:
        return brain
    inside: Masks = ndimage.binary_erosion(brain, CROSS, iterations=pixels)
    return inside


class AnyIntensity(Section):
    """A lesion may be as dark as it likes."""

    kind: Literal["none"] = "none"

    @property
    def percentile(self) -> float:
        """Nothing is too dark."""
        return 0

    def allowed(self, slices: Slices) -> Masks:
        """Everything, (N, H, W)."""
        return np.ones_like(slices.brain[:, 0])


class BrightInSlice(Section):
    """Only what reaches a percentile of the brain's intensities in its own slice can be a lesion."""

    kind: Literal["slice"] = "slice"

    percentile: float = Field(90.0, gt=0, lt=100)
    """Share of the brain, in percent, that is too dark. Default from Baur et al. 2021, who mean the whole volume."""

    def allowed(self, slices: Slices) -> Masks:
        """Bright brain voxels, (N, H, W)."""
        return _bright(slices, ([row] for row in range(len(slices.images))), self.percentile)


class BrightInScan(Section):
    """Only what reaches a percentile of the brain's intensities in all of the patient's slices can be a lesion."""

    kind: Literal["scan"] = "scan"

    percentile: float = Field(90.0, gt=0, lt=100)
    """Share of the brain, in percent, that is too dark. Default from Baur et al. 2021; their percentile is of the whole
    volume with its background, which is less strict."""

    def allowed(self, slices: Slices) -> Masks:
        """Bright brain voxels, (N, H, W)."""
        return _bright(slices, (rows for _, rows in by_patient(slices)), self.percentile)


def _bright(slices: Slices, groups: Iterator[list[int]] | Iterator[Rows], percentile: float) -> Masks:
    """Brain voxels that reach the percentile of their group's brain."""
    allowed = np.zeros_like(slices.brain[:, 0])
    for rows in groups:
        images, brain = slices.images[rows, 0], slices.brain[rows, 0]
        if brain.any():
            allowed[rows] = brain & (images >= np.percentile(images[brain], percentile))
    return allowed


class AllComponents(Section):
    """A lesion may be as small as it likes."""

    kind: Literal["none"] = "none"

    @property
    def least(self) -> float:
        """Voxels."""
        return 1

    def kept(self, segmentation: Masks, slices: Slices) -> Masks:
        """The segmentation as it is."""
        return segmentation


class LeastVoxels(Section):
    """Components of fewer voxels are dropped, 26-connected over a patient's stack of slices."""

    kind: Literal["voxels"] = "voxels"

    least: int = Field(8, ge=1)
    """Voxels of the smallest component that stays. Default from Baur et al. 2021, who drop those of 7 voxels or fewer;
    DAE (Kascenas et al. 2022) drops 20 or fewer."""

    def kept(self, segmentation: Masks, slices: Slices) -> Masks:
        """The segmentation, (N, H, W), without small components."""
        return _large(segmentation, slices, self.least)


class LeastVolume(Section):
    """Components of a smaller volume are dropped, 26-connected over a patient's stack of slices."""

    kind: Literal["volume"] = "volume"

    least_ml: float = Field(0.01, gt=0)
    """Volume of the smallest component that stays. No source: at 1 mm a little more than the 8 voxels of Baur et al."""

    voxel_mm3: float = Field(gt=0)
    """Volume of a voxel of the prepared slices, which do not say it themselves."""

    @property
    def least(self) -> float:
        """Voxels."""
        return 1000 * self.least_ml / self.voxel_mm3

    def kept(self, segmentation: Masks, slices: Slices) -> Masks:
        """The segmentation, (N, H, W), without small components."""
        return _large(segmentation, slices, self.least)


def _large(segmentation: Masks, slices: Slices, least: float) -> Masks:
    """Components of at least so many voxels; never across patients or a missing slice."""
    from uadray.scoring.components import label

    kept = np.zeros_like(segmentation)
    for _, rows in by_patient(slices):
        labels, _ = label(segmentation[rows], slices.slice_indices[rows])
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0  # what is no component
        kept[rows] = (sizes >= least)[labels]
    return kept


HyperintensityConfig = Annotated[AnyIntensity | BrightInSlice | BrightInScan, Field(discriminator="kind")]
ComponentsConfig = Annotated[AllComponents | LeastVoxels | LeastVolume, Field(discriminator="kind")]
