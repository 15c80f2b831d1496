"""The intensity baseline (Meissen et al. 2021): the histogram-equalised slice."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from uadray.models.base import Model, Residual, Update


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
