"""What a stage is made of, each part a choice: normalisation, activation and the head that ends a decoder."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from uadray.section import Section

if TYPE_CHECKING:
    from torch import nn


class BatchNorm(Section):
    """By the batch in training, by its running mean in evaluation (Ioffe and Szegedy 2015)."""

    kind: Literal["batch"] = "batch"

    def build(self, channels: int) -> nn.Module:
        from torch import nn

        return nn.BatchNorm2d(channels)


class GroupNorm(Section):
    """By groups of channels of each slice (Wu and He 2018); nothing depends on the batch."""

    kind: Literal["group"] = "group"

    groups: int = Field(8, ge=1)
    """Groups at most; as many as divide the channels."""

    def build(self, channels: int) -> nn.Module:
        from torch import nn

        return nn.GroupNorm(math.gcd(self.groups, channels), channels)


class InstanceNorm(Section):
    """By each channel of each slice (Ulyanov et al. 2016)."""

    kind: Literal["instance"] = "instance"

    def build(self, channels: int) -> nn.Module:
        from torch import nn

        return nn.InstanceNorm2d(channels, affine=True)


class NoNorm(Section):
    """None. It may be what Baur et al. 2021 trained with: their layers are never told that it is training."""

    kind: Literal["none"] = "none"

    def build(self, channels: int) -> nn.Module:
        from torch import nn

        return nn.Identity()


Norm = Annotated[BatchNorm | GroupNorm | InstanceNorm | NoNorm, Field(discriminator="kind")]


class Relu(Section):
    """max(0, a)."""

    kind: Literal["relu"] = "relu"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.ReLU()


class LeakyRelu(Section):
    """max(slope a, a)."""

    kind: Literal["leaky_relu"] = "leaky_relu"

    slope: float = Field(0.3, gt=0, lt=1)
    """Below zero. The default of Keras, and so of Baur et al. 2021: 0.3; PyTorch's is 0.01."""

    def build(self) -> nn.Module:
        from torch import nn

        return nn.LeakyReLU(self.slope)


Activation = Annotated[Relu | LeakyRelu, Field(discriminator="kind")]


class LinearHead(Section):
    """x_hat as it comes; it may leave [0, 1]."""

    kind: Literal["linear"] = "linear"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.Identity()


class SigmoidHead(Section):
    """x_hat in (0, 1)."""

    kind: Literal["sigmoid"] = "sigmoid"

    def build(self) -> nn.Module:
        from torch import nn

        return nn.Sigmoid()


class TanhHead(Section):
    """The tanh of Larsen et al. 2016, moved from (-1, 1) to (0, 1)."""

    kind: Literal["tanh"] = "tanh"

    def build(self) -> nn.Module:
        from uadray.models.networks.layers import UnitTanh

        return UnitTanh()


Head = Annotated[LinearHead | SigmoidHead | TanhHead, Field(discriminator="kind")]
