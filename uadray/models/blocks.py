"""The convolutional stages that every network here is made of.

Baur et al. 2018 take "the basic architecture" of Larsen et al. 2016 and are silent on widths, normalisation and
activation. The defaults are the unified architecture of Baur et al. 2021 (Med. Image Anal. 69:101952): 5 x 5 kernels,
stride 2, batch normalisation, LeakyReLU of slope 0.3, widths 32-64-128-128, a linear 1 x 1 head.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from pydantic import Field
from torch import nn

from uadray.section import Section


class BackboneConfig(Section):
    """Encoder and decoder of equal complexity; the number of stages follows from the image and the latent code."""

    base_width: int = Field(32, ge=1)
    """Channels of the first stage; each further stage doubles them. Paper silent; default from Baur et al. 2021."""

    max_width: int = Field(128, ge=1)
    """Channels at most. Paper silent; default from Baur et al. 2021."""

    kernel_size: Literal[3, 5, 7, 9] = 5
    """Odd side of every kernel, in pixels. Larsen et al. 2016 and Baur et al. 2021: 5."""

    def width(self, stages: int) -> int:
        """Channels after so many stages."""
        return min(self.max_width, self.base_width << (stages - 1))

    def encoder(self, stages: int) -> nn.Sequential:
        """(N, 1, H, W) -> (N, width(stages), H / 2^stages, W / 2^stages)."""
        widths = [1, *(self.width(stage) for stage in range(1, stages + 1))]
        return nn.Sequential(*(self._down(a, b) for a, b in pairwise(widths)))

    def decoder(self, stages: int) -> nn.Sequential:
        """The encoder's inverse in shape, with a linear head of one channel."""
        first = self.width(stages)
        widths = [first, *(max(self.base_width, first // 2**stage) for stage in range(stages))]
        ups = (self._up(a, b) for a, b in pairwise(widths))
        return nn.Sequential(nn.BatchNorm2d(first), nn.ReLU(), *ups, nn.Conv2d(widths[-1], 1, kernel_size=1))

    def _down(self, channels: int, width: int) -> nn.Sequential:
        half = self.kernel_size // 2
        convolution = nn.Conv2d(channels, width, self.kernel_size, stride=2, padding=half, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(width), nn.LeakyReLU(0.3))

    def _up(self, channels: int, width: int) -> nn.Sequential:
        half = self.kernel_size // 2
        convolution = nn.ConvTranspose2d(
            channels, width, self.kernel_size, stride=2, padding=half, output_padding=1, bias=False
        )
        return nn.Sequential(convolution, nn.BatchNorm2d(width), nn.LeakyReLU(0.3))
