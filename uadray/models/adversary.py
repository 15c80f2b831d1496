"""The adversary of Baur et al. 2018, Eq. 3, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from uadray.models.blocks import BackboneConfig
from uadray.section import Section

if TYPE_CHECKING:
    from uadray.models.networks.adversary import Adversary


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
        from uadray.models.networks.adversary import NoAdversary

        return NoAdversary()


class ImageAdversaryConfig(Section):
    """A convolutional discriminator of whole images, of the backbone's stages. Paper silent on its widths."""

    kind: Literal["image"] = "image"

    weight: float = Field(1e-2, gt=0)
    """lambda_3 of Eq. 2. Paper silent; our default, small beside an L1 term of a few hundredths a pixel."""

    learning_rate: float = Field(1e-4, gt=0)
    """Of the discriminator. Baur et al. 2018: 1e-4."""

    def build(self, size: int, backbone: BackboneConfig) -> Adversary:
        from uadray.models.networks.adversary import ImageAdversary

        return ImageAdversary(backbone.discriminator(size), self.weight, self.learning_rate)


AdversaryConfig = Annotated[NoAdversaryConfig | ImageAdversaryConfig, Field(discriminator="kind")]
