"""The adversary of Baur et al. 2018, Eq. 3, or none."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from uadray.models.base import Terms, Update
from uadray.models.blocks import BackboneConfig
from uadray.models.losses import discrimination, fooling
from uadray.section import Section


class Adversary(nn.Module, ABC):
    """What an adversary adds to an autoencoder: updates of its own, and terms of the autoencoder's loss."""

    @abstractmethod
    def updates(self, reconstruct: Callable[[Tensor], Tensor]) -> Mapping[str, Update]: ...

    @abstractmethod
    def terms(self, x_hat: Tensor) -> Terms: ...


class NoAdversary(Adversary):
    """lambda_3 = 0: an AE or a VAE."""

    def updates(self, reconstruct: Callable[[Tensor], Tensor]) -> Mapping[str, Update]:
        return {}

    def terms(self, x_hat: Tensor) -> Terms:
        return {}


class ImageAdversary(Adversary):
    """A discriminator of whole images, trained by Eq. 3 on slices and their reconstructions."""

    def __init__(self, discriminator: nn.Module, weight: float, learning_rate: float) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.weight = weight
        self.learning_rate = learning_rate

    def updates(self, reconstruct: Callable[[Tensor], Tensor]) -> Mapping[str, Update]:
        def loss(x: Tensor) -> Terms:
            with torch.no_grad():
                x_hat = reconstruct(x)
            real, fake = discrimination(self.discriminator(x), self.discriminator(x_hat))
            return {"real": real, "fake": fake}

        return {"discriminator": Update(self.discriminator, loss, self.learning_rate)}

    def terms(self, x_hat: Tensor) -> Terms:
        return {"adversarial": self.weight * fooling(self.discriminator(x_hat))}


class NoAdversaryConfig(Section):
    """No adversary."""

    kind: Literal["none"] = "none"

    @property
    def weight(self) -> float:
        return 0.0

    @property
    def learning_rate(self) -> float:
        return 0.0

    def build(self, size: int, backbone: BackboneConfig) -> Adversary:
        return NoAdversary()


class ImageAdversaryConfig(Section):
    """A convolutional discriminator: stages of 5 x 5 convolutions with stride 2 down to 4 x 4, no normalisation in the
    first (Larsen et al. 2016), then one logit. Paper silent on its widths: those of the autoencoder."""

    kind: Literal["image"] = "image"

    weight: float = Field(1e-2, gt=0)
    """lambda_3 of Eq. 2. Paper silent; our default, small beside an L1 term of a few hundredths a pixel."""

    learning_rate: float = Field(1e-4, gt=0)
    """Of the discriminator. Baur et al. 2018: 1e-4."""

    def build(self, size: int, backbone: BackboneConfig) -> Adversary:
        stages: list[nn.Module] = []
        channels, side = 1, size
        while side > 4:
            width = backbone.width(len(stages) + 1)
            norm = nn.BatchNorm2d(width) if stages else nn.Identity()
            convolution = nn.Conv2d(channels, width, 5, stride=2, padding=2)
            stages.append(nn.Sequential(convolution, norm, nn.LeakyReLU(0.3)))
            channels, side = width, (side + 1) // 2
        discriminator = nn.Sequential(*stages, nn.Flatten(), nn.Linear(channels * side**2, 1))
        return ImageAdversary(discriminator, self.weight, self.learning_rate)


AdversaryConfig = Annotated[NoAdversaryConfig | ImageAdversaryConfig, Field(discriminator="kind")]
