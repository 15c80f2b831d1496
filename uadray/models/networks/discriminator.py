"""What judges slices: the stages of a backbone, then one logit."""

from __future__ import annotations

from torch import Tensor, nn


class Discriminator(nn.Module):
    """Real slice or made one: a logit, and the feature map that it is read from."""

    def __init__(self, features: nn.Module, logit: nn.Module) -> None:
        super().__init__()
        self.features = features
        self.logit = logit

    def forward(self, images: Tensor) -> Tensor:
        """(N, 1, H, W) -> (N, 1)."""
        logit: Tensor = self.logit(self.features(images))
        return logit
