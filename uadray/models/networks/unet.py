"""The U-Net (Ronneberger et al. 2015); `models/unet.py` says what is as in which paper."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from uadray.models.layers import Norm
from uadray.models.unet import UNetConfig


class UNet(nn.Module):
    """(N, 1, H, W), and a condition (N, condition) where it was built with one -> (N, 1, H, W), linear.

    >>> UNetConfig(base_width=4, depth=3).build()(torch.rand(2, 1, 32, 32)).shape
    torch.Size([2, 1, 32, 32])
    """

    def __init__(self, config: UNetConfig, condition: int) -> None:
        super().__init__()
        widths = [config.base_width << level for level in range(config.depth)]
        above, below = widths[:-1], widths[1:]
        self.stem = Level(1, widths[0], config.norm, condition)
        self.down = nn.ModuleList(Level(a, b, config.norm, condition) for a, b in zip(above, below, strict=True))
        self.widen = nn.ModuleList(
            nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in zip(above[::-1], below[::-1], strict=True)
        )
        self.up = nn.ModuleList(Level(2 * a, a, config.norm, condition) for a in above[::-1])
        self.head = nn.Conv2d(widths[0], 1, 1)
        nn.init.normal_(self.head.weight, std=0.1 / widths[0] ** 0.5)  # begins near 0, as that of Ho et al. 2020
        self.pool = nn.AvgPool2d(2)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        features = self.stem(x, condition)
        skips = []
        for level in self.down:
            skips.append(features)
            features = level(self.pool(features), condition)
        for widen, level in zip(self.widen, self.up, strict=True):
            features = level(torch.cat([skips.pop(), widen(features)], dim=1), condition)
        x_hat: Tensor = self.head(features)
        return x_hat


class Level(nn.Module):
    """Two convolutions; the condition shifts the channels between them."""

    def __init__(self, channels: int, width: int, norm: Norm, condition: int) -> None:
        super().__init__()
        self.first = _convolution(channels, width, norm)
        self.shift = nn.Linear(condition, width) if condition else None
        self.second = _convolution(width, width, norm)

    def forward(self, x: Tensor, condition: Tensor | None) -> Tensor:
        features = self.first(x)
        if self.shift is not None:
            features = features + self.shift(condition)[:, :, None, None]
        out: Tensor = self.second(features)
        return out


def _convolution(channels: int, width: int, norm: Norm) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.SiLU(), norm.build(width))
