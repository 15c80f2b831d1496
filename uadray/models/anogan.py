"""AnoGAN (Schlegl et al. 2017, Unsupervised anomaly detection with generative adversarial networks to guide marker
discovery, IPMI): a generator of healthy slices, in which the code of a slice is searched; a row of Baur et al. 2018.

    L_Dis = -log Dis(x) - log(1 - Dis(G(z))), L_G = -log Dis(G(z)), z ~ N(0, I)

The generator is as complex as the decoder of the other rows: a projection of z (Radford et al. 2016, DCGAN), then the
backbone's decoder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from uadray.models.blocks import Backbone, BackboneConfig, halvings
from uadray.models.latent_search import LatentSearchConfig
from uadray.models.model_section import ModelSection

if TYPE_CHECKING:
    from uadray.models.networks.anogan import AnoGan


class AnoGanConfig(ModelSection):
    """A generator, a discriminator and a search between them."""

    kind: Literal["anogan"] = "anogan"

    dim: int = Field(64, ge=1)
    """Values in z. Baur et al. 2018, Table 1: 64."""

    feature_size: int = Field(8, ge=1)
    """Side of the feature map that z is projected to, in pixels. Paper silent; default from the dense rows."""

    learning_rate: float = Field(1e-3, gt=0)
    """Of the generator. Baur et al. 2018: 1e-3, of the other decoders; DCGAN (Radford et al. 2016): 2e-4."""

    discriminator_learning_rate: float = Field(1e-4, gt=0)
    """Of the discriminator. Baur et al. 2018, of every adversary: 1e-4."""

    search: LatentSearchConfig = LatentSearchConfig()
    """For the code of a slice."""

    backbone: Backbone = BackboneConfig()
    """The stages, or the name of a preset: baur2021, larsen2018."""

    @property
    def varies(self) -> bool:
        """Whether the variants of a reconstruction differ: each starts elsewhere."""
        return True

    @property
    def obstacle(self) -> str:
        return f"a search of {self.search.steps} steps"

    def check(self, size: int) -> None:
        """Refuse a feature map that no number of doublings makes a size x size image (ConfigError, UAD-211)."""
        halvings(size, self.feature_size, "model.feature_size")

    def build(self, size: int) -> AnoGan:
        """The untrained model for size x size images, its weights drawn from torch's generator."""
        from torch import nn

        from uadray.models.networks.anogan import AnoGan

        stages = halvings(size, self.feature_size, "model.feature_size")
        project = nn.ConvTranspose2d(self.dim, self.backbone.width(stages), self.feature_size)
        generator = nn.Sequential(project, self.backbone.decoder(stages))
        return AnoGan(generator, self.backbone.discriminator(size), self)

    def hyperparameters(self) -> dict[str, float | str]:
        """The configuration as one flat row."""
        return {
            "model": "AnoGAN",
            "latent": str(self.dim),
            "latent_kind": "dense",
            "latent_size": self.feature_size,
            "latent_channels": self.dim,
            "latent_values": self.dim,
            "learning_rate": self.learning_rate,
            "adversary_learning_rate": self.discriminator_learning_rate,
            **self.search.hyperparameters(),
            **self.backbone.hyperparameters(),
        }
