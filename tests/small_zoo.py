"""Every row of the zoo, made to fit slices of 32 x 32 pixels."""

from uadray.models.latent import DenseLatentConfig, SpatialLatentConfig
from uadray.models.latent_search import LatentSearchConfig
from uadray.models.unet import UNetConfig
from uadray.models.zoo import ZOO

DENSE, SPATIAL = DenseLatentConfig(dim=12, feature_size=8), SpatialLatentConfig(size=8, channels=6)
SMALL = {
    "AnoGAN": {"dim": 12, "feature_size": 8, "search": LatentSearchConfig(steps=5, draft_steps=2)},
    "restoration": {"vae": ZOO["dVAE"].model_copy(update={"latent": DENSE}), "steps": 5},
    "f-AnoGAN": {"latent": DENSE},
    "denoising": {"unet": UNetConfig(base_width=8, depth=3)},
    "diffusion": {"unet": UNetConfig(base_width=8, depth=3), "steps": 3, "sample_steps": 3},
    "intensity": {},
}


def small(name):
    """The row of the zoo, made to fit small slices."""
    config = ZOO[name]
    if name not in SMALL:
        return config.model_copy(update={"latent": DENSE if config.latent.kind == "dense" else SPATIAL})
    return config.model_copy(update=SMALL[name])
