"""Restoration of the image under a VAE prior: Chen et al. 2020 (Unsupervised lesion detection via image restoration
with a normative prior, Med. Image Anal. 64:101713).

The healthy image behind x is the maximum a posteriori estimate

    x_r = argmin  -ELBO(x_r) + lambda_TV TV(x_r - x)

found by gradient steps on the image that begin at x: the ELBO of a trained VAE says what is healthy, the total
variation lets the image change in few and whole regions. Baur et al. 2021 (Med. Image Anal. 69:101952) compare it with
the reconstructions of the same VAE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from uadray.errors import ConfigError, Problem
from uadray.models.latent import DenseLatentConfig
from uadray.models.model_section import ModelSection
from uadray.models.posterior import GaussianConfig
from uadray.models.vae_gan import VaeGanConfig

if TYPE_CHECKING:
    from uadray.models.networks.restoration import Restoration


class RestorationConfig(ModelSection):
    """A VAE, and how an image is restored under it."""

    kind: Literal["restoration"] = "restoration"

    vae: VaeGanConfig = VaeGanConfig(latent=DenseLatentConfig(dim=128), posterior=GaussianConfig())
    """The prior, trained as it would be alone. Default from Baur et al. 2021: 128 values in z."""

    steps: int = Field(100, ge=1)
    """Gradient steps on the image. Our default, after which the AUPRC of real FLAIR slices hardly rises; the code of
    Baur et al. 2021: 150."""

    step_size: float = Field(4e-3, gt=0)
    """Of the gradient of per-image sums, so about what a pixel moves in a step. Our default, so that 100 steps are far
    enough; the code of Baur et al. 2021: 1e-3."""

    tv_weight: float = Field(5.0, ge=0)
    """lambda_TV, against an L1 term of weight 1. Our default: of 0.5, 2 and 5 it found most on real FLAIR slices; the
    code of Baur et al. 2021: 1.8."""

    @property
    def varies(self) -> bool:
        """Whether the variants of a reconstruction differ."""
        return False

    @property
    def obstacle(self) -> str:
        return f"{self.steps} gradient steps on the image"

    def check(self, size: int) -> None:
        """Refuse a deterministic posterior, which has no ELBO (ConfigError, UAD-215), and what the VAE refuses."""
        if not isinstance(self.vae.posterior, GaussianConfig):
            must, do = "restoration needs the ELBO of a gaussian posterior", "Set kind: gaussian."
            raise ConfigError(Problem("UAD-215", "model.vae.posterior", must, self.vae.posterior.kind, do))
        self.vae.check(size)

    def build(self, size: int) -> Restoration:
        """The untrained model for size x size images, its weights drawn from torch's generator."""
        from uadray.models.networks.restoration import Restoration

        self.check(size)
        return Restoration(self.vae.build(size), self)

    def hyperparameters(self) -> dict[str, float | str]:
        """The VAE's row, and the search."""
        row = self.vae.hyperparameters()
        return {
            **row,
            "model": f"{row['model']} restoration",
            "restoration_steps": self.steps,
            "restoration_step_size": self.step_size,
            "lambda_tv": self.tv_weight,
        }
