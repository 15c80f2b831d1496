"""Less noise, before the brain is cut out: at a masked border smoothing would see an edge that is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from uadray.data.preprocess.itk import one_thread, to_array, to_itk
from uadray.data.scan import Scan
from uadray.section import Section


class NoDenoising(Section):
    """The scan as it is."""

    kind: Literal["none"] = "none"

    def apply(self, scan: Scan) -> Scan:
        """The same scan."""
        return scan


class CurvatureFlow(Section):
    """Lines of equal intensity move by their curvature, so that noise goes and edges stay (ITK's CurvatureFlow).

    Numbers of the code of Baur et al. 2021. As there, voxels count as cubes of side 1: with sides in mm, those of
    0.5 mm would need smaller steps to be stable.
    """

    kind: Literal["curvature_flow"] = "curvature_flow"
    iterations: int = Field(default=3, ge=1, le=100)
    """Steps of the flow."""
    time_step: float = Field(default=0.125, gt=0, le=0.125)
    """Length of one."""

    def apply(self, scan: Scan) -> Scan:
        """The scan with smoother intensities; masks stay."""
        with one_thread() as itk:
            image = to_itk(scan.volume.data, np.eye(4))
            smooth = itk.CurvatureFlow(image, timeStep=self.time_step, numberOfIterations=self.iterations)
        data = to_array(smooth).astype(np.float32)
        return replace(scan, volume=replace(scan.volume, data=data))


Denoise = Annotated[NoDenoising | CurvatureFlow, Field(discriminator="kind")]
