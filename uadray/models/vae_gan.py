"""The family of Baur et al. 2018, Eq. 2: every row of Table 1 but AnoGAN is a point of it.

    L = lambda_1 |x - x_hat|_1 + lambda_2 KL(z || N(0, I)) - lambda_3 log Dis(x_hat)

lambda_3 = 0 gives the VAE; lambda_2 = 0 and a deterministic posterior give the AE.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from uadray.models.adversary import Adversary, AdversaryConfig, NoAdversaryConfig
from uadray.models.base import Model, Terms, Update
from uadray.models.blocks import Backbone, BackboneConfig, halvings
from uadray.models.latent import Latent, LatentConfig, SpatialLatentConfig
from uadray.models.losses import l1
from uadray.models.posterior import DeterministicConfig, Posterior, PosteriorConfig
from uadray.models.reduction import PixelMean, Reduction
from uadray.section import Section


class VaeGanConfig(Section):
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


class Autoencoder(nn.Module):
    """Encoder, latent, posterior and decoder: what one optimiser moves."""

    def __init__(self, encoder: nn.Module, latent: Latent, posterior: Posterior, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.latent = latent
        self.posterior = posterior
        self.decoder = decoder

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x_hat from a drawn code, (N, 1, H, W), and the code's KL term, (N,)."""
        z, kl = self.posterior(self.latent(self.encoder(x)))
        return self._decode(z), kl

    def reconstruct(self, x: Tensor) -> Tensor:
        """x_hat from the mean of the posterior, (N, 1, H, W)."""
        return self.expected(x)[0]

    def expected(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """`forward` without chance: x_hat from the mean of the posterior, and its KL term."""
        parameters = self.latent(self.encoder(x))
        return self._decode(self.posterior.mean(parameters)), self.posterior.kl(parameters)

    def variant(self, x: Tensor, number: int) -> Tensor:
        """x_hat from the code drawn with this number, (N, 1, H, W)."""
        return self._decode(self.posterior.draw(self.latent(self.encoder(x)), number))

    def samples(self, count: int) -> Tensor:
        """Images of codes that were drawn without an image, (count, 1, H, W); none, (0, ...), if none can be."""
        z = self.posterior.prior(count, self.latent.code)
        return self._decode(z.to(next(self.parameters()).device)) if len(z) else z

    def _decode(self, z: Tensor) -> Tensor:
        x_hat: Tensor = self.decoder(self.latent.to_features(z))
        return x_hat


class VaeGan(Model):
    """Baur et al. 2018, Eqs. 2 and 3; for every batch the discriminator moves first, then encoder and decoder.

    >>> import torch
    >>> model = VaeGanConfig(latent=SpatialLatentConfig(size=8)).build(size=32)
    >>> model.reconstruct(torch.rand(2, 1, 32, 32)).shape
    torch.Size([2, 1, 32, 32])
    """

    def __init__(self, autoencoder: Autoencoder, adversary: Adversary, config: VaeGanConfig) -> None:
        super().__init__()
        self.autoencoder = autoencoder
        self.adversary = adversary
        self.lambda_1 = config.reconstruction_weight
        self.lambda_2 = config.posterior.kl_weight
        self.learning_rate = config.learning_rate
        self.reduction = config.reduction

    def updates(self) -> Mapping[str, Update]:
        return {
            **self.adversary.updates(lambda x: self.autoencoder(x)[0]),
            "autoencoder": Update(self.autoencoder, self._loss, self.learning_rate),
        }

    def reconstruct(self, images: Tensor) -> Tensor:
        return self.autoencoder.reconstruct(images)

    def variant(self, images: Tensor, number: int) -> Tensor:
        return self.autoencoder.variant(images, number)

    def samples(self, count: int) -> Tensor:
        return self.autoencoder.samples(count)

    def _loss(self, x: Tensor) -> Terms:
        x_hat, kl = self.autoencoder(x)
        pixels = x[0].numel()
        unit = self.reduction.unit(pixels)
        return {
            "reconstruction": self.lambda_1 * unit * l1(x, x_hat),
            "kl": self.lambda_2 * unit * kl.mean() / pixels,
            **self.adversary.terms(x_hat),
        }
