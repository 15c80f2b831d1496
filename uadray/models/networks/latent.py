"""From features to a code and back, whatever the shape of the code."""

from __future__ import annotations

from torch import Tensor, nn


class Latent(nn.Module):
    """Two maps: from features to the parameters of a code of a shape, and from a code back to features."""

    def __init__(self, code: tuple[int, ...], to_code: nn.Module, to_features: nn.Module) -> None:
        super().__init__()
        self.code = code
        self.to_code = to_code
        self.to_features = to_features

    def forward(self, features: Tensor) -> Tensor:
        """(N, width, h, w) -> (N, values_per_code * C, ...)."""
        parameters: Tensor = self.to_code(features)
        return parameters
