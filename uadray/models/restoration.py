"""Restoration of the image under a VAE prior: Chen et al. 2020 (Unsupervised lesion detection via image restoration
with a normative prior, Med. Image Anal. 64:101713).

The healthy image behind x is the maximum a posteriori estimate

    x_r = argmin  -ELBO(x_r) + lambda_TV TV(x_r - x)

found by gradient steps on the image that begin at x: the ELBO of a trained VAE says what is healthy, the total
variation lets the image change in few and whole regions. Baur et al. 2021 (Med. Image Anal. 69:101952) compare it with
the reconstructions of the same VAE.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from uadray.errors import ConfigError, Problem
from uadray.models.base import Model, Update
from uadray.models.latent import DenseLatentConfig
from uadray.models.posterior import GaussianConfig
from uadray.models.vae_gan import VaeGan, VaeGanConfig
from uadray.section import Section


class RestorationConfig(Section):
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

    def check(self, size: int) -> None:
        """Refuse a deterministic posterior, which has no ELBO (ConfigError, UAD-215), and what the VAE refuses."""
        if not isinstance(self.vae.posterior, GaussianConfig):
            must, do = "restoration needs the ELBO of a gaussian posterior", "Set kind: gaussian."
            raise ConfigError(Problem("UAD-215", "model.vae.posterior", must, self.vae.posterior.kind, do))
        self.vae.check(size)

    def build(self, size: int) -> Restoration:
        """The untrained model for size x size images, its weights drawn from torch's generator."""
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


class Restoration(Model):
    """x_r of each slice; the weights are those of a VAE, and `restoration.vae` takes the state dict of a trained one.

    >>> import torch
    >>> model = RestorationConfig(steps=2).build(size=32).eval()
    >>> model.reconstruct(torch.rand(2, 1, 32, 32)).shape
    torch.Size([2, 1, 32, 32])
    """

    def __init__(self, vae: VaeGan, config: RestorationConfig) -> None:
        super().__init__()
        self.vae = vae
        self.beta = vae.lambda_2 / vae.lambda_1
        self.steps = config.steps
        self.step_size = config.step_size
        self.lambda_tv = config.tv_weight
        # Of |a| at 0: a narrower one would let the steps leap over it for ever, and rounding decide where they end.
        self.kink = 4 * config.step_size * (1 + config.tv_weight)

    def updates(self) -> Mapping[str, Update]:
        """Those of the VAE."""
        return self.vae.updates()

    def reconstruct(self, images: Tensor) -> Tensor:
        """x_r, (N, 1, H, W)."""
        x_r = images.detach()
        for _ in range(self.steps):
            with torch.enable_grad():
                x_r.requires_grad_(True)
                (gradient,) = torch.autograd.grad(self._objective(x_r, images), x_r)
            x_r = x_r.detach() - self.step_size * gradient
        return x_r

    def draft(self, images: Tensor) -> Tensor:
        """The VAE's own reconstruction."""
        return self.vae.reconstruct(images)

    def samples(self, count: int) -> Tensor:
        """The VAE's."""
        return self.vae.samples(count)

    def _objective(self, x_r: Tensor, x: Tensor) -> Tensor:
        """-ELBO(x_r) at the mean code + lambda_TV TV(x_r - x), in units of |x_r - x_hat|_1; a sum over all slices."""
        x_hat, kl = self.vae.autoencoder.expected(x_r)
        return self._l1(x_r - x_hat) + self.beta * kl.sum() + self.lambda_tv * self._total_variation(x_r - x)

    def _l1(self, a: Tensor) -> Tensor:
        """|a| with a rounded kink, summed."""
        return (a.square() + self.kink**2).sqrt().sum()

    def _total_variation(self, a: Tensor) -> Tensor:
        """Between neighbours along rows and columns, summed."""
        return self._l1(a.diff(dim=-1)) + self._l1(a.diff(dim=-2))
