"""How reconstructions become segmentations: every step after the model, and the order they are taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from uadray.scoring.filters import MedianConfig, median
from uadray.scoring.postprocess import AllComponents, AnyIntensity, ComponentsConfig, HyperintensityConfig, eroded
from uadray.scoring.residual import PositiveResidual, ResidualConfig
from uadray.scoring.standardise import AsItIs, StandardiseConfig
from uadray.scoring.threshold import Fitted, HealthyPercentile, ThresholdConfig, per_slice
from uadray.section import Section

if TYPE_CHECKING:
    from uadray.data.store import Slices


class ScoringConfig(Section):
    """How a trained model's reconstructions become segmentations; changing it needs no training."""

    residual: ResidualConfig = PositiveResidual()
    """How far x is from x_hat. Baur et al. 2018: "pixelwise l1-distance"; Baur et al. 2021 keep positive residuals."""

    standardise: StandardiseConfig = AsItIs()
    """What a residual is compared with before it is filtered. Paper silent; default: nothing."""

    median_filter: MedianConfig = 5
    """Odd side of the 2-D median filter, in pixels, 1 for none; or a filter in full, as {kind: volume, size: 5}, which
    is 3-D as in Baur et al. 2021. Paper silent; default from Kascenas et al. 2022."""

    erosion: int = Field(0, ge=0, le=64)
    """Pixels of the brain's rim that are not scored. Paper silent; default: none. Baur et al. 2021 take 12 at 128 x 128
    pixels, Behrendt et al. 2023 the width // 25."""

    hyperintensity: HyperintensityConfig = AnyIntensity()
    """How bright in its slice or scan a lesion is. Paper silent; default: nothing is assumed. Baur et al. 2021 take
    what reaches the 90th percentile."""

    components: ComponentsConfig = AllComponents()
    """How large the components of a segmentation must be. Paper silent; default: all stay. Baur et al. 2021 drop those
    of 7 voxels or fewer."""

    threshold: ThresholdConfig = HealthyPercentile()
    """Where the cut between normal and abnormal comes from."""

    def scored(self, slices: Slices) -> NDArray[np.bool_]:
        """Where a voxel can be lesion at all, (N, H, W): in the eroded brain and bright enough."""
        return eroded(slices.brain[:, 0], self.erosion) & self.hyperintensity.allowed(slices)

    def filtered(self, maps: NDArray[np.float32], slices: Slices) -> NDArray[np.float32]:
        """Anomaly scores, (N, H, W), after the median; nothing is below what is not scored."""
        scored = self.scored(slices)
        within = np.where(scored, maps, np.float32(0))
        filtered = median(self.median_filter)(within, slices)
        return np.where(scored, filtered, self.standardise.lowest)

    def segment(self, maps: NDArray[np.float32], slices: Slices, threshold: Fitted) -> NDArray[np.bool_]:
        """The scored voxels above the threshold, (N, H, W), without components that are too small."""
        return self.components.kept((maps > per_slice(threshold, maps, slices)) & self.scored(slices), slices)

    def post_processing(self) -> dict[str, float | str]:
        """A flat row of the steps after the residual, the same columns for every configuration."""
        window = median(self.median_filter)
        return {
            "median_filter": window.size,
            "median_window": window.kind,
            "erosion": self.erosion,
            "hyperintensity": self.hyperintensity.kind,
            "hyperintensity_percentile": self.hyperintensity.percentile,
            "components": self.components.kind,
            "components_least": self.components.least,
        }
