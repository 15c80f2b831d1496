"""Every model by name: the eight rows of Baur et al. 2018, Table 1, what came after, and the bar; and their union.

Sizes are the paper's, for 256 x 256 slices; "sAE2" is never listed there. Weights the paper is silent on are the
defaults of their sections.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from uadray.models.adversary import ImageAdversaryConfig
from uadray.models.anogan import AnoGanConfig
from uadray.models.denoising import DenoisingConfig
from uadray.models.diffusion import DiffusionConfig
from uadray.models.fanogan import FAnoGanConfig
from uadray.models.intensity import IntensityConfig
from uadray.models.latent import DenseLatentConfig, SpatialLatentConfig
from uadray.models.latent_search import LatentSearchConfig
from uadray.models.posterior import GaussianConfig
from uadray.models.restoration import RestorationConfig
from uadray.models.vae_gan import VaeGanConfig

AnyModel = (
    VaeGanConfig
    | AnoGanConfig
    | FAnoGanConfig
    | RestorationConfig
    | DenoisingConfig
    | DiffusionConfig
    | IntensityConfig
)

ZOO: Mapping[str, AnyModel] = {
    "dAE": VaeGanConfig(latent=DenseLatentConfig(dim=512)),
    "sAE1": VaeGanConfig(latent=SpatialLatentConfig(size=8, channels=64)),
    "sAE3": VaeGanConfig(latent=SpatialLatentConfig(size=16, channels=64)),
    "sAE-GAN": VaeGanConfig(latent=SpatialLatentConfig(size=16, channels=64), adversary=ImageAdversaryConfig()),
    "dVAE": VaeGanConfig(latent=DenseLatentConfig(dim=512), posterior=GaussianConfig()),
    "sVAE": VaeGanConfig(latent=SpatialLatentConfig(size=16, channels=64), posterior=GaussianConfig()),
    "sVAE-GAN": VaeGanConfig(
        latent=SpatialLatentConfig(size=16, channels=64), posterior=GaussianConfig(), adversary=ImageAdversaryConfig()
    ),
    "AnoGAN": AnoGanConfig(search=LatentSearchConfig(patience=100)),
    "f-AnoGAN": FAnoGanConfig(),
    "restoration": RestorationConfig(),
    "denoising": DenoisingConfig(),
    "diffusion": DiffusionConfig(),
    "intensity": IntensityConfig(),
}


def hyperparameters(model: ModelConfig) -> dict[str, float | str]:
    """A model as one flat row with the same columns for every kind; what it lacks is 0 or ""."""
    rows = (config.hyperparameters() for config in ZOO.values())
    absent = {name: type(value)() for row in rows for name, value in row.items()}
    return {**absent, **model.hyperparameters()}


def _named(value: Any) -> Any:
    """A row's name stands for its configuration."""
    if not isinstance(value, str):
        return value
    if value not in ZOO:
        raise ValueError(f"no model is called {value!r}; the zoo has {', '.join(ZOO)}")
    return ZOO[value].plain()


ModelConfig = Annotated[Annotated[AnyModel, Field(discriminator="kind")], BeforeValidator(_named)]
