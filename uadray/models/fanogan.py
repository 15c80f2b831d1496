"""f-AnoGAN (Schlegl et al. 2019, f-AnoGAN: Fast unsupervised anomaly detection with generative adversarial networks,
Med. Image Anal. 54:30-44): a Wasserstein GAN of healthy slices, then an encoder that finds a slice's code at once.

    critic     L_D = D(G(z)) - D(x) + w (|grad D(x~)|_2 - 1)^2, z ~ N(0, I), x~ between x and G(z)
    generator  L_G = -D(G(z))
    encoder    L_E = |x - G(E(x))|^2 / n + kappa |f(x) - f(G(E(x)))|^2 / n_d, f the critic's feature map (izi_f)

The penalty of weight w is that of Gulrajani et al. 2017 (Improved training of Wasserstein GANs, NIPS). The first share
of the epochs belongs to critic and generator, the rest to the encoder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from uadray.models.base import Model, Terms, Update
from uadray.models.blocks import Backbone, BackboneConfig, Discriminator, halvings
from uadray.models.latent import DenseLatentConfig
from uadray.models.layers import GroupNorm, InstanceNorm, NoNorm, SigmoidHead
from uadray.models.losses import spread
from uadray.section import Section

CriticNorm = Annotated[GroupNorm | InstanceNorm | NoNorm, Field(discriminator="kind")]


class FAnoGanConfig(Section):
    """A generator, a critic and an encoder, and how they are trained."""

    kind: Literal["fanogan"] = "fanogan"

    latent: DenseLatentConfig = DenseLatentConfig(dim=128)
    """The shape of z. Schlegl et al. 2019 and Baur et al. 2021: 128 values."""

    backbone: Backbone = BackboneConfig(head=SigmoidHead())
    """The stages of all three networks; the head is that of f-AnoGAN in Baur et al. 2021. Schlegl et al. 2019 have
    residual blocks and tanh."""

    critic_norm: CriticNorm = GroupNorm(groups=1)
    """Of the critic, never by the batch: the penalty is each slice's own (Gulrajani et al. 2017). One group is the
    layer normalisation of Schlegl et al. 2019."""

    gradient_penalty: float = Field(10.0, ge=0)
    """w, the weight of the penalty. Gulrajani et al. 2017 and Schlegl et al. 2019: 10."""

    critic_updates: int = Field(5, ge=1)
    """Of the critic, for each of the generator. Schlegl et al. 2019: 5."""

    feature_weight: float = Field(1.0, ge=0)
    """kappa. Schlegl et al. 2019: 1."""

    gan_share: float = Field(0.5, gt=0, lt=1)
    """Of the epochs, for critic and generator; the rest is the encoder's. Baur et al. 2021: as many for each."""

    learning_rate: float = Field(1e-4, gt=0)
    """Of the generator. Default from the code of Schlegl et al. 2019."""

    critic_learning_rate: float = Field(1e-4, gt=0)
    """Of the critic. Default from the code of Schlegl et al. 2019."""

    encoder_learning_rate: float = Field(5e-5, gt=0)
    """Of the encoder. Default from the code of Schlegl et al. 2019, which makes 50 000 steps."""

    @property
    def varies(self) -> bool:
        """Whether the variants of a reconstruction differ."""
        return False

    def check(self, size: int) -> None:
        """Refuse a code that no number of halvings reaches from a size x size image (ConfigError, UAD-211)."""
        halvings(size, self.latent.size, "model.latent")

    def build(self, size: int) -> FAnoGan:
        """The untrained model for size x size images, its weights drawn from torch's generator."""
        stages = halvings(size, self.latent.size, "model.latent")
        latent = self.latent.build(self.backbone.width(stages), values_per_code=1)
        return FAnoGan(
            generator=nn.Sequential(latent.to_features, self.backbone.decoder(stages)),
            critic=self.backbone.model_copy(update={"norm": self.critic_norm}).discriminator(size),
            encoder=nn.Sequential(self.backbone.encoder(stages), latent.to_code),
            config=self,
        )

    def hyperparameters(self) -> dict[str, float | str]:
        """The configuration as one flat row."""
        return {
            "model": "f-AnoGAN",
            "latent": self.latent.shape,
            "latent_kind": self.latent.kind,
            "latent_size": self.latent.size,
            "latent_channels": self.latent.channels,
            "latent_values": self.latent.values,
            "learning_rate": self.learning_rate,
            "adversary_learning_rate": self.critic_learning_rate,
            "encoder_learning_rate": self.encoder_learning_rate,
            "critic_norm": self.critic_norm.kind,
            "critic_updates": self.critic_updates,
            "gradient_penalty": self.gradient_penalty,
            "kappa": self.feature_weight,
            "gan_share": self.gan_share,
            **self.backbone.hyperparameters(),
        }


class FAnoGan(Model):
    """G(E(x)) of each slice; until the encoder's share of the epochs it is that of an untrained encoder.

    >>> import torch
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
