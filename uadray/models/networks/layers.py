"""A layer that torch does not have."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class UnitTanh(nn.Module):
    """(1 + tanh a) / 2."""

    def forward(self, a: Tensor) -> Tensor:
        return (1 + torch.tanh(a)) / 2
