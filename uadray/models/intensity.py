"""The bar every model must clear: on FLAIR, lesions are bright, so brightness alone finds many of them.

Meissen et al. 2021 (Challenging current semi-supervised anomaly segmentation methods for brain MRI, BrainLes 2021)
threshold the histogram-equalised image and beat autoencoders of that time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from uadray.models.base import Model, Residual, Update
from uadray.section import Section


class IntensityConfig(Section):
    """The untrained intensity baseline."""

    kind: Literal["intensity"] = "intensity"

    @property
    def varies(self) -> bool:
        """Whether the variants of a reconstruction differ."""
        return False

    def check(self, size: int) -> None:
        """Every image size will do."""

    def build(self, size: int) -> Intensity:
        return Intensity()

    def hyperparameters(self) -> dict[str, float | str]:
        """No code and no loss."""
        return {"model": "intensity"}


class Intensity(Model):
    """The anomaly map is the slice, histogram-equalised inside the brain (its nonzero pixels); nothing is learnt."""

    def updates(self) -> Mapping[str, Update]:
        return {}

    def reconstruct(self, images: Tensor) -> Tensor:
        """Black: whatever is bright is abnormal."""
        return torch.zeros_like(images)

    def anomaly_map(self, images: Tensor, residual: Residual) -> Tensor:
        """The share of the slice's brain pixels that are at most as bright, in (0, 1]; 0 outside."""
        return torch.stack([_equalised(image) for image in images])


def _equalised(image: Tensor) -> Tensor:
    brain = image > 0
    brightness = image[brain].contiguous()
    rank = torch.searchsorted(brightness.sort().values, brightness, right=True)
    equalised = torch.zeros_like(image)
    equalised[brain] = rank.to(image.dtype) / max(1, len(brightness))
    return equalised
