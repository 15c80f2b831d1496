"""The U-Net (Ronneberger et al. 2015, MICCAI) of the models that take noise away.

Kascenas et al. 2022 (MIDL) have two 3 x 3 convolutions a level, each with SiLU and group normalisation, mean pooling
down, a transposed convolution up, and skips that are concatenated. Their weight normalisation is left out. A U-Net that
is told of a diffusion step adds it to the features of every level, as Ho et al. 2020 do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from uadray.errors import ConfigError, Problem
from uadray.models.layers import GroupNorm, Norm
from uadray.section import Section

if TYPE_CHECKING:
    from uadray.models.networks.unet import UNet


class UNetConfig(Section):
    """Levels of one width each, twice the width of the level above."""

    base_width: int = Field(16, ge=1)
    """Channels at full size. Kascenas et al. 2022: 64, some 16 times the work; 16 trains on a CPU."""

    depth: int = Field(4, ge=1, le=8)
    """Levels, so one halving less. Kascenas et al. 2022: 4."""

    norm: Norm = GroupNorm()
    """After every convolution. Kascenas et al. 2022: group, of 8 groups; batch takes half the time of it on a CPU."""

    def check(self, size: int) -> None:
        """Refuse images that do not halve down to the lowest level (ConfigError, UAD-211)."""
        if size % 2 ** (self.depth - 1):
            raise ConfigError(
                Problem(
                    "UAD-211",
                    "model.unet.depth",
                    f"the image must halve {self.depth - 1} times, once between two levels",
                    f"images of {size} x {size}",
                    f"Choose at most {(size & -size).bit_length()} levels.",
                )
            )

    def build(self, condition: int = 0) -> UNet:
        """One channel to one channel, told of a vector of `condition` values; 0 for none."""
        from uadray.models.networks.unet import UNet

        return UNet(self, condition)

    def hyperparameters(self) -> dict[str, float | str]:
        """As a part of a model's flat row."""
        return {"base_width": self.base_width, "depth": self.depth, "norm": self.norm.kind}
