"""f-AnoGAN (Schlegl et al. 2019, f-AnoGAN: Fast unsupervised anomaly detection with generative adversarial networks,
Med. Image Anal. 54:30-44): a Wasserstein GAN of healthy slices, then an encoder that finds a slice's code at once.

    critic     L_D = D(G(z)) - D(x) + w (|grad D(x~)|_2 - 1)^2, z ~ N(0, I), x~ between x and G(z)
    generator  L_G = -D(G(z))
    encoder    L_E = |x - G(E(x))|^2 / n + kappa |f(x) - f(G(E(x)))|^2 / n_d, f the critic's feature map (izi_f)

The penalty of weight w is that of Gulrajani et al. 2017 (Improved training of Wasserstein GANs, NIPS). The first share
of the epochs belongs to critic and generator, the rest to the encoder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from uadray.models.blocks import Backbone, BackboneConfig, halvings
from uadray.models.latent import DenseLatentConfig
from uadray.models.layers import GroupNorm, InstanceNorm, NoNorm, SigmoidHead
from uadray.models.model_section import ModelSection

if TYPE_CHECKING:
    from uadray.models.networks.fanogan import FAnoGan

CriticNorm = Annotated[GroupNorm | InstanceNorm | NoNorm, Field(discriminator="kind")]


class FAnoGanConfig(ModelSection):
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

    @property
    def judged_from(self) -> float:
        """The encoder, without which nothing is reconstructed, comes second."""
        return self.gan_share

    def check(self, size: int) -> None:
        """Refuse a code that no number of halvings reaches from a size x size image (ConfigError, UAD-211)."""
        halvings(size, self.latent.size, "model.latent")

    def build(self, size: int) -> FAnoGan:
        """The untrained model for size x size images, its weights drawn from torch's generator."""
        from torch import nn

        from uadray.models.networks.fanogan import FAnoGan

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
