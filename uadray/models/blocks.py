"""The convolutional stages that encoders, decoders and discriminators are made of.

Baur et al. 2018 take "the basic architecture" of Larsen et al. 2016 with "minor modifications" and are silent on
widths, normalisation, activation and head. Two presets say what they could be:

- `baur2021`, the default: the unified architecture of Baur et al. 2021 (Med. Image Anal. 69:101952). 5 x 5 kernels,
  stride 2, batch normalisation, LeakyReLU of slope 0.3, widths 32-64-128-128, a linear 1 x 1 head.
- `larsen2018`: the networks of Larsen et al. 2016 as their code has them, one channel instead of three, more stages for
  larger slices. ReLU, widths 64-128-256-256, a 5 x 5 head with tanh; the discriminator begins with 32 channels at full
  size and ends with a dense layer of 512.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field

from uadray.errors import ConfigError, Problem
from uadray.models.layers import Activation, BatchNorm, Head, LeakyRelu, LinearHead, Norm, Relu, TanhHead
from uadray.section import Section

if TYPE_CHECKING:
    from torch import nn

    from uadray.models.networks.discriminator import Discriminator


class BackboneConfig(Section):
    """Encoder and decoder of equal complexity; the number of stages follows from the image and the latent code."""

    base_width: int = Field(32, ge=1)
    """Channels of the first stage; each further stage doubles them. Baur et al. 2021: 32; Larsen et al. 2016: 64."""

    max_width: int = Field(128, ge=1)
    """Channels at most. Baur et al. 2021: 128; Larsen et al. 2016: 256."""

    kernel_size: Literal[3, 5, 7, 9] = 5
    """Odd side of every kernel, in pixels. Larsen et al. 2016 and Baur et al. 2021: 5."""

    norm: Norm = BatchNorm()
    """After every convolution but a discriminator's first. Both: batch."""

    activation: Activation = LeakyRelu()
    """After every normalisation. Baur et al. 2021: leaky_relu; Larsen et al. 2016: relu."""

    head: Head = LinearHead()
    """What ends the decoder. Baur et al. 2021: linear; Larsen et al. 2016: tanh."""

    head_kernel: Literal[1, 3, 5] = 1
    """Side of the last convolution, in pixels. Baur et al. 2021: 1; Larsen et al. 2016: 5."""

    discriminator_stem: int = Field(0, ge=0)
    """Channels of a discriminator's first stage at full size; 0 for no such stage. Larsen et al. 2016: 32."""

    discriminator_units: int = Field(0, ge=0)
    """Of a discriminator's dense layer before the logit; 0 for none. Larsen et al. 2016: 512."""

    def width(self, stages: int) -> int:
        """Channels after so many stages."""
        return min(self.max_width, self.base_width << (stages - 1))

    def encoder(self, stages: int) -> nn.Sequential:
        """(N, 1, H, W) -> (N, width(stages), H / 2^stages, W / 2^stages)."""
        from torch import nn

        widths = [1, *(self.width(stage) for stage in range(1, stages + 1))]
        return nn.Sequential(*(self._down(a, b) for a, b in pairwise(widths)))

    def decoder(self, stages: int) -> nn.Sequential:
        """The encoder's inverse in shape, with a head of one channel."""
        from torch import nn

        first = self.width(stages)
        widths = [first, *(max(self.base_width, first // 2**stage) for stage in range(stages))]
        ups = (self._up(a, b) for a, b in pairwise(widths))
        head = nn.Conv2d(widths[-1], 1, self.head_kernel, padding=self.head_kernel // 2)
        return nn.Sequential(self.norm.build(first), nn.ReLU(), *ups, head, self.head.build())

    def discriminator(self, size: int) -> Discriminator:
        """For size x size images: stages of stride 2 down to 4 x 4 or less, then one logit."""
        from torch import nn

        from uadray.models.networks.discriminator import Discriminator

        stages: list[nn.Module] = []
        channels, side, number = 1, size, 0
        if self.discriminator_stem:
            convolution = nn.Conv2d(1, self.discriminator_stem, self.kernel_size, padding=self.kernel_size // 2)
            stages.append(nn.Sequential(convolution, self.activation.build()))
            channels = self.discriminator_stem
        while side > 4:
            number += 1
            width = self.width(number)
            convolution = nn.Conv2d(channels, width, self.kernel_size, stride=2, padding=self.kernel_size // 2)
            norm = self.norm.build(width) if stages else nn.Identity()
            stages.append(nn.Sequential(convolution, norm, self.activation.build()))
            channels, side = width, (side + 1) // 2
        values = channels * side**2
        logit: nn.Module = nn.Linear(values, 1)
        if self.discriminator_units:
            units = self.discriminator_units
            logit = nn.Sequential(nn.Linear(values, units), self.activation.build(), nn.Linear(units, 1))
        return Discriminator(nn.Sequential(*stages), nn.Sequential(nn.Flatten(), logit))

    def hyperparameters(self) -> dict[str, float | str]:
        """As a part of a model's flat row."""
        return {
            "base_width": self.base_width,
            "max_width": self.max_width,
            "kernel_size": self.kernel_size,
            "norm": self.norm.kind,
            "activation": self.activation.kind,
            "head": self.head.kind,
        }

    def _down(self, channels: int, width: int) -> nn.Sequential:
        from torch import nn

        half = self.kernel_size // 2
        convolution = nn.Conv2d(channels, width, self.kernel_size, stride=2, padding=half, bias=False)
        return nn.Sequential(convolution, self.norm.build(width), self.activation.build())

    def _up(self, channels: int, width: int) -> nn.Sequential:
        from torch import nn

        half = self.kernel_size // 2
        convolution = nn.ConvTranspose2d(
            channels, width, self.kernel_size, stride=2, padding=half, output_padding=1, bias=False
        )
        return nn.Sequential(convolution, self.norm.build(width), self.activation.build())


Preset = Literal["baur2021", "larsen2018"]
PRESETS: Mapping[Preset, BackboneConfig] = {
    "baur2021": BackboneConfig(),
    "larsen2018": BackboneConfig(
        base_width=64,
        max_width=256,
        activation=Relu(),
        head=TanhHead(),
        head_kernel=5,
        discriminator_stem=32,
        discriminator_units=512,
    ),
}


def halvings(size: int, side: int, where: str) -> int:
    """Stages from a size x size image to a side x side feature map; raises ConfigError (UAD-211) where none lead there.

    >>> halvings(256, 16, "model.latent")
    4
    """
    stages = (size // side).bit_length() - 1
    if stages < 1 or side << stages != size:
        halved = [size >> stages for stages in range(1, 9) if size % 2**stages == 0]
        must, got = (
            "the feature map must be the image halved at least once",
            f"{side} x {side} for {size} x {size} pixels",
        )
        raise ConfigError(Problem("UAD-211", where, must, got, f"Choose a size among {halved}."))
    return stages


def _named(value: Any) -> Any:
    """A preset's name stands for its configuration."""
    if not isinstance(value, str):
        return value
    if value not in PRESETS:
        raise ValueError(f"no backbone is called {value!r}; there are {', '.join(PRESETS)}")
    return PRESETS[cast(Preset, value)].plain()


Backbone = Annotated[BackboneConfig, BeforeValidator(_named, json_schema_input_type=BackboneConfig | Preset)]
