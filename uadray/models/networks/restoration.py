"""Restoration under a VAE prior (Chen et al. 2020): gradient steps on the image; the objective is in
`models/restoration.py`."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from uadray.models.base import Model, Update
from uadray.models.networks.vae_gan import VaeGan
from uadray.models.restoration import RestorationConfig


class Restoration(Model):
    """x_r of each slice; the weights are those of a VAE, and `restoration.vae` takes the state dict of a trained one.

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
