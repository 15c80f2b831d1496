"""The family of Baur et al. 2018, Eq. 2: an autoencoder, and an adversary beside it."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from uadray.models.base import Model, Terms, Update
from uadray.models.losses import l1
from uadray.models.networks.adversary import Adversary
from uadray.models.networks.latent import Latent
from uadray.models.networks.posterior import Posterior
from uadray.models.vae_gan import VaeGanConfig


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
    >>> from uadray.models.latent import SpatialLatentConfig
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
