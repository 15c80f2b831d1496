"""The family of Baur et al. 2018, Eq. 2: every row of Table 1 but AnoGAN is a point of it.

    L = lambda_1 |x - x_hat|_1 + lambda_2 KL(z || N(0, I)) - lambda_3 log Dis(x_hat)

lambda_3 = 0 gives the VAE; lambda_2 = 0 and a deterministic posterior give the AE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from uadray.models.adversary import AdversaryConfig, NoAdversaryConfig
from uadray.models.blocks import Backbone, BackboneConfig, halvings
from uadray.models.latent import LatentConfig, SpatialLatentConfig
from uadray.models.model_section import ModelSection
from uadray.models.posterior import DeterministicConfig, PosteriorConfig
from uadray.models.reduction import PixelMean, Reduction

if TYPE_CHECKING:
    from uadray.models.networks.vae_gan import VaeGan


class VaeGanConfig(ModelSection):
    """An autoencoder with a latent shape, a posterior and an adversary."""

    kind: Literal["vae_gan"] = "vae_gan"

    latent: LatentConfig = SpatialLatentConfig()
    """The shape of z."""

    posterior: PosteriorConfig = DeterministicConfig()
    """How z is drawn; a Gaussian carries lambda_2."""

    adversary: AdversaryConfig = NoAdversaryConfig()
    """Who judges x_hat; an image adversary carries lambda_3."""

    reconstruction_weight: float = Field(1.0, gt=0)
    """lambda_1 of Eq. 2. Paper silent; only its ratio to the other two matters to Adam."""

    learning_rate: float = Field(1e-3, gt=0)
    """Of encoder and decoder. Baur et al. 2018: 1e-3."""

    reduction: Reduction = PixelMean()
    """Of L1 and KL. Paper silent."""

    backbone: Backbone = BackboneConfig()
    """The stages, or the name of a preset: baur2021, larsen2018."""

    @property
    def varies(self) -> bool:
        """Whether the variants of a reconstruction differ."""
        return self.posterior.varies

    def check(self, size: int) -> None:
        """Refuse a code that no number of halvings reaches from a size x size image (ConfigError, UAD-211)."""
        halvings(size, self.latent.size, "model.latent")

    def build(self, size: int) -> VaeGan:
        """The untrained model for size x size images, its weights drawn from torch's generator."""
        from uadray.models.networks.vae_gan import Autoencoder, VaeGan

        stages = halvings(size, self.latent.size, "model.latent")
        posterior = self.posterior.build()
        autoencoder = Autoencoder(
            encoder=self.backbone.encoder(stages),
            latent=self.latent.build(self.backbone.width(stages), posterior.values_per_code),
            posterior=posterior,
            decoder=self.backbone.decoder(stages),
        )
        return VaeGan(autoencoder, self.adversary.build(size, self.backbone), self)

    def hyperparameters(self) -> dict[str, float | str]:
        """The configuration as one flat row, comparable between models: an absent lambda is 0."""
        vae = "VAE" if self.posterior.kl_weight else "AE"
        gan = "-GAN" if self.adversary.weight else ""
        return {
            "model": f"{self.latent.kind[0]}{vae}{gan}",
            "latent": self.latent.shape,
            "latent_kind": self.latent.kind,
            "latent_size": self.latent.size,
            "latent_channels": self.latent.channels,
            "latent_values": self.latent.values,
            "lambda_1": self.reconstruction_weight,
            "lambda_2": self.posterior.kl_weight,
            "lambda_3": self.adversary.weight,
            "learning_rate": self.learning_rate,
            "adversary_learning_rate": self.adversary.learning_rate,
            "reduction": self.reduction.kind,
            **self.backbone.hyperparameters(),
        }
