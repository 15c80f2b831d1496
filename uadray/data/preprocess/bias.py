"""The slow shading of a coil's sensitivity, taken out of a scan."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from uadray.data.preprocess.itk import one_thread, to_array, to_itk
from uadray.data.scan import Scan
from uadray.errors import DataError, Problem
from uadray.section import Section

LEAST_VOXELS = 16  # along an axis after shrinking: a stack of 20 thick slices is not shrunk across its slices


class NoBiasCorrection(Section):
    """The scan as it is."""

    kind: Literal["none"] = "none"

    def apply(self, scan: Scan) -> Scan:
        """The same scan."""
        return scan


class N4(Section):
    """N4ITK (Tustison et al. 2010): the field is fitted on a coarse scan and divided out of the full one.

    A large bright lesion may be taken for shading in part.
    """

    kind: Literal["n4"] = "n4"
    shrink: int = Field(default=4, ge=1, le=8)
    """Every n-th voxel along each axis is fitted; 4 takes 6 s where 1 takes 43 s."""

    def apply(self, scan: Scan) -> Scan:
        """The scan without shading; masks stay. Raises DataError (UAD-163) if the brain is not positive."""
        data = scan.volume.data
        fitted = scan.brain & (data > 0)  # N4 takes logarithms
        if np.count_nonzero(fitted) <= np.count_nonzero(scan.brain) / 2:
            got = f"{np.count_nonzero(fitted)} of {np.count_nonzero(scan.brain)} brain voxels above 0"
            do = "Leave bias at none; scaled scans have none to take out."
            raise DataError(Problem("UAD-163", "bias", "N4 needs intensities above 0", got, do))
        image, mask = (to_itk(array, scan.volume.affine) for array in (data, fitted))
        factors = [max(1, min(self.shrink, side // LEAST_VOXELS)) for side in data.shape]
        with one_thread() as itk:
            n4 = itk.N4BiasFieldCorrectionImageFilter()
            n4.Execute(itk.Shrink(image, factors), itk.Shrink(mask, factors))
            field = np.exp(to_array(n4.GetLogBiasFieldAsImage(image)))
        return replace(scan, volume=replace(scan.volume, data=(data / field).astype(np.float32)))


Bias = Annotated[NoBiasCorrection | N4, Field(discriminator="kind")]
