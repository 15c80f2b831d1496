"""From slices to filtered anomaly maps: the same few steps for every model, split and purpose."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from uadray.data.store import Slices
from uadray.models.base import Model, Residual
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.standardise import Standard
from uadray.scoring.threshold import Fitted

Maps = NDArray[np.float32]
Recall = Callable[[Mapping[str, Any], Maps, Callable[[], Maps]], Maps]
"""What was computed of which images, (N, 1, H, W), and how; returns the result, (N, H, W), made now or before."""


def afresh(what: Mapping[str, Any], images: Maps, make: Callable[[], Maps]) -> Maps:
    """The `Recall` that remembers nothing."""
    return make()


class Remembering:
    """A residual that keeps the reconstruction it compared slices with."""

    def __init__(self, residual: Residual) -> None:
        self.residual = residual
        self.x_hat: torch.Tensor | None = None
        """The model's own, (N, 1, H, W); None where there was none, or several draws instead."""

    @property
    def draws(self) -> int:
        return self.residual.draws

    def __call__(self, x: torch.Tensor, x_hats: torch.Tensor) -> torch.Tensor:
        self.x_hat = x_hats[0] if self.draws == 1 else None
        return self.residual(x, x_hats)


@dataclass(frozen=True)
class Detector:
    """A model with the steps after it; fp32 and evaluation mode throughout.

    Steps that learn from healthy slices need `fit` first; without it they raise StudyError (UAD-340).
    """

    model: Model
    config: ScoringConfig
    device: torch.device = torch.device("cpu")
    standard: Standard | None = None  # fitted
    recall: Recall = afresh  # of what the model gives

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
        return self._unfiltered(self._residuals(slices, batch_size), slices)

    @torch.no_grad()
    def judged(self, slices: Slices, batch_size: int = 32) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """x_hat of every slice and its `unfiltered_maps`, (N, H, W) each.

        A slice is reconstructed once where the residual compares it with the model's own reconstruction.
        """
        self.model.eval()
        x_hats, scores = [], []
        for images in map(self._placed, torch.from_numpy(slices.images).split(batch_size)):
            residual = Remembering(self.config.residual)
            scores.append(self.model.anomaly_map(images, residual).cpu())
            x_hats.append((self.model.reconstruct(images) if residual.x_hat is None else residual.x_hat).cpu())
        reconstructions: NDArray[np.float32] = torch.cat(x_hats).numpy()[:, 0]
        return reconstructions, self._unfiltered(torch.cat(scores).numpy()[:, 0], slices)

    def filtered(self, maps: NDArray[np.float32], slices: Slices) -> NDArray[np.float32]:
        """Unfiltered maps of the slices as `anomaly_maps` has them."""
        return self.config.filtered(maps, slices)

    def segment(self, maps: NDArray[np.float32], slices: Slices, threshold: Fitted) -> NDArray[np.bool_]:
        """What is called lesion in the slices, (N, H, W), by their filtered maps and a threshold fitted elsewhere."""
        return self.config.segment(maps, slices, threshold)

    def _unfiltered(self, residuals: Maps, slices: Slices) -> Maps:
        standard = self.standard or self.config.standardise.unfitted()
        return np.where(self.config.scored(slices), standard(residuals), np.float32(0))

    def _residuals(self, slices: Slices, batch_size: int = 32) -> Maps:
        """Residuals, (N, H, W), outside the brain as well."""
        what = {"residual": self.config.residual.plain(), "batch_size": batch_size}
        return self.recall(what, slices.images, lambda: self._computed_residuals(slices, batch_size))

    @torch.no_grad()
    def _computed_residuals(self, slices: Slices, batch_size: int) -> Maps:
        self.model.eval()
        batches = torch.from_numpy(slices.images).split(batch_size)
        scores = [self.model.anomaly_map(self._placed(images), self.config.residual).cpu() for images in batches]
        maps: Maps = torch.cat(scores).numpy()[:, 0]
        return maps

    def reconstructions(self, slices: Slices) -> Maps:
        """x_hat of every slice, (N, H, W)."""
        return self.recall({"reconstruction": "whole"}, slices.images, lambda: self._computed_reconstructions(slices))

    @torch.no_grad()
    def _computed_reconstructions(self, slices: Slices) -> Maps:
        self.model.eval()
        return self.model.reconstruct(self._placed(torch.from_numpy(slices.images))).cpu().numpy()[:, 0]

    def seconds_per_slice(self, slices: Slices) -> dict[str, float]:
        """Median wall times of a slice, after a warm-up and synchronised, by what they include.

        `model`: an anomaly map, batch 1. `model_of_32`: the same in batches of 32. `whole`: a slice to its filtered
        map, batch 1. The paper's column "s per slice" does not say what it includes. Other work slows these. Nothing is
        recalled for them.
        """
        one = [slices.only([number]) for number in range(min(16, len(slices.images)))]
        many = slices.only([number % len(slices.images) for number in range(32)])
        return {
            "model": self._seconds(one, self._map_of),
            "model_of_32": self._seconds([many], self._map_of) / 32,
            "whole": self._seconds(one, replace(self, recall=afresh).anomaly_maps),
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
