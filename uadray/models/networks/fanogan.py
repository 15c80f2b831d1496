"""f-AnoGAN (Schlegl et al. 2019): the losses of its three networks; the equations are in `models/fanogan.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from uadray.models.base import Model, Terms, Update
from uadray.models.fanogan import FAnoGanConfig
from uadray.models.losses import spread
from uadray.models.networks.discriminator import Discriminator


class FAnoGan(Model):
    """G(E(x)) of each slice; until the encoder's share of the epochs it is that of an untrained encoder.

    >>> model = FAnoGanConfig().build(size=32).eval()
    >>> model.reconstruct(torch.rand(2, 1, 32, 32)).shape
    torch.Size([2, 1, 32, 32])
    """

    def __init__(self, generator: nn.Module, critic: Discriminator, encoder: nn.Module, config: FAnoGanConfig) -> None:
        super().__init__()
        self.generator = generator
        self.critic = critic
        self.encoder = encoder
        self.config = config
        self._watched: dict[str, Tensor] = {}

    def updates(self) -> Mapping[str, Update]:
        config = self.config
        first, second = (0.0, config.gan_share), (config.gan_share, 1.0)
        return {
            "critic": Update(
                self.critic,
                self._critic_loss,
                config.critic_learning_rate,
                phase=first,
                watched=lambda: self._watched,
            ),
            "generator": Update(
                self.generator, self._generator_loss, config.learning_rate, every=config.critic_updates, phase=first
            ),
            "encoder": Update(self.encoder, self._encoder_loss, config.encoder_learning_rate, phase=second),
        }

    def reconstruct(self, images: Tensor) -> Tensor:
        """G(E(x)), (N, 1, H, W)."""
        x_hat: Tensor = self.generator(self.encoder(images))
        return x_hat

    def samples(self, count: int) -> Tensor:
        """G(z) of the same z ~ N(0, I) at every call."""
        z = torch.randn(count, self.config.latent.dim, generator=torch.Generator().manual_seed(0))
        x_hat: Tensor = self.generator(z.to(next(self.parameters()).device))
        return x_hat

    def _critic_loss(self, x: Tensor) -> Terms:
        with torch.no_grad():
            x_hat = self._generated(x)
        self._watched = {"spread": spread(x, x_hat)}
        penalty = self.config.gradient_penalty * self._gradient_penalty(x, x_hat)
        return {"real": -self.critic(x).mean(), "fake": self.critic(x_hat).mean(), "penalty": penalty}

    def _generator_loss(self, x: Tensor) -> Terms:
        return {"adversarial": -self.critic(self._generated(x)).mean()}

    def _encoder_loss(self, x: Tensor) -> Terms:
        with evaluating(self.generator):  # what the encoder learns must hold for the generator that reconstructs
            x_hat = self.reconstruct(x)
        with torch.no_grad():
            of_x = self.critic.features(x)
        features = mse_loss(self.critic.features(x_hat), of_x)
        return {"image": mse_loss(x_hat, x), "features": self.config.feature_weight * features}

    def _generated(self, x: Tensor) -> Tensor:
        """G(z) of as many z ~ N(0, I) as there are slices."""
        x_hat: Tensor = self.generator(torch.randn(len(x), self.config.latent.dim, device=x.device))
        return x_hat

    def _gradient_penalty(self, x: Tensor, x_hat: Tensor) -> Tensor:
        """(|grad D|_2 - 1)^2 at one point between each x and its x_hat, in fp32: bf16 has 8 bits for norms near 1."""
        share = torch.rand(len(x), 1, 1, 1, device=x.device)
        between = torch.lerp(x.float(), x_hat.float(), share).requires_grad_(True)
        with torch.autocast(x.device.type, enabled=False):
            (gradient,) = torch.autograd.grad(self.critic(between).sum(), between, create_graph=True)
        slope: Tensor = torch.linalg.vector_norm(gradient, dim=(1, 2, 3))
        return (slope - 1).square().mean()


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Inside, the module is in evaluation mode: it normalises by its running statistics."""
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)
