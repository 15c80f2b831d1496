"""From slices to filtered anomaly maps: the same few steps for every model, split and purpose."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from uadray.data.store import Slices
from uadray.models.base import Model
from uadray.scoring.filters import MedianConfig, median
from uadray.scoring.postprocess import AllComponents, AnyIntensity, ComponentsConfig, HyperintensityConfig, eroded
from uadray.scoring.residual import PositiveResidual, ResidualConfig
from uadray.scoring.standardise import AsItIs, Standard, StandardiseConfig
from uadray.scoring.threshold import HealthyPercentile, ThresholdConfig
from uadray.section import Section


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

    def segment(self, maps: NDArray[np.float32], slices: Slices, threshold: float) -> NDArray[np.bool_]:
        """The scored voxels above the threshold, (N, H, W), without components that are too small."""
        return self.components.kept((maps > threshold) & self.scored(slices), slices)

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


@dataclass(frozen=True)
class Detector:
    """A model with the steps after it; fp32 and evaluation mode throughout.

    Steps that learn from healthy slices need `fit` first; without it they raise StudyError (UAD-340).
    """

    model: Model
    config: ScoringConfig
    device: torch.device = torch.device("cpu")
    standard: Standard | None = None  # fitted

    def fit(self, healthy: Slices) -> Detector:
        """The detector, its steps fitted on healthy slices of the validation split: never on patients, never on test.

        The slices go through the model only where a step learns from them.
        """
        standard = self.config.standardise.fit(lambda: self._residuals(healthy), healthy.brain[:, 0])
        return replace(self, standard=standard)

    def anomaly_maps(self, slices: Slices, batch_size: int = 32) -> NDArray[np.float32]:
        """Filtered anomaly scores, (N, H, W); 0 where nothing is scored: at least outside the brain."""
        return self.filtered(self.unfiltered_maps(slices, batch_size), slices)

    def unfiltered_maps(self, slices: Slices, batch_size: int = 32) -> NDArray[np.float32]:
        """Anomaly scores, (N, H, W), standardised where the configuration says so; 0 where nothing is scored."""
        standard = self.standard or self.config.standardise.unfitted()
        return np.where(self.config.scored(slices), standard(self._residuals(slices, batch_size)), np.float32(0))

    def filtered(self, maps: NDArray[np.float32], slices: Slices) -> NDArray[np.float32]:
        """Unfiltered maps of the slices as `anomaly_maps` has them."""
        return self.config.filtered(maps, slices)

    def segment(self, maps: NDArray[np.float32], slices: Slices, threshold: float) -> NDArray[np.bool_]:
        """What is called lesion in the slices, (N, H, W), by their filtered maps and a threshold fitted elsewhere."""
        return self.config.segment(maps, slices, threshold)

    @torch.no_grad()
    def _residuals(self, slices: Slices, batch_size: int = 32) -> NDArray[np.float32]:
        """Residuals, (N, H, W), outside the brain as well."""
        self.model.eval()
        batches = torch.from_numpy(slices.images).split(batch_size)
        scores = [self.model.anomaly_map(self._placed(images), self.config.residual).cpu() for images in batches]
        maps: NDArray[np.float32] = torch.cat(scores).numpy()[:, 0]
        return maps

    @torch.no_grad()
    def reconstructions(self, slices: Slices) -> NDArray[np.float32]:
        """x_hat of every slice, (N, H, W)."""
        self.model.eval()
        return self.model.reconstruct(self._placed(torch.from_numpy(slices.images))).cpu().numpy()[:, 0]

    def seconds_per_slice(self, slices: Slices) -> dict[str, float]:
        """Median wall times of a slice, after a warm-up and synchronised, by what they include.

        `model`: an anomaly map, batch 1. `model_of_32`: the same in batches of 32. `whole`: a slice to its filtered
        map, batch 1. The paper's column "s per slice" does not say what it includes. Other work slows these.
        """
        one = [slices.only([number]) for number in range(min(16, len(slices.images)))]
        many = slices.only([number % len(slices.images) for number in range(32)])
        return {
            "model": self._seconds(one, self._map_of),
            "model_of_32": self._seconds([many], self._map_of) / 32,
            "whole": self._seconds(one, self.anomaly_maps),
        }

    @torch.no_grad()
    def _seconds(self, parts: Sequence[Slices], work: Callable[[Slices], object], budget_s: float = 4.0) -> float:
        """Median over up to 16 repeats after two; fewer of a slow model, one at least."""
        self.model.eval()
        seconds: list[float] = []
        began = time.perf_counter()
        for repeat in range(18):
            part = parts[repeat % len(parts)]
            self._synchronise()
            start = time.perf_counter()
            work(part)
            self._synchronise()
            seconds.append(time.perf_counter() - start)
            if time.perf_counter() - began > budget_s:
                break
        return float(np.median(seconds[2:] or seconds[-1:]))

    def _map_of(self, slices: Slices) -> torch.Tensor:
        return self.model.anomaly_map(self._placed(torch.from_numpy(slices.images)), self.config.residual)

    def _placed(self, images: torch.Tensor) -> torch.Tensor:
        return images.to(self.device).contiguous(memory_format=torch.channels_last)

    def _synchronise(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
