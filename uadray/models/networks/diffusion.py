"""Partial diffusion (Wyatt et al. 2022): noise and the way back; the equations are in `models/diffusion.py`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn

from uadray.models.base import Model, Terms, Update
from uadray.models.diffusion import DiffusionConfig
from uadray.models.networks.unet import UNet
from uadray.models.noise import pattern, patterns, unit
from uadray.models.schedule import T
from uadray.models.unet import UNetConfig


class Denoiser(nn.Module):
    """epsilon_theta(x_t, t): a U-Net told of t by sines and cosines (Ho et al. 2020) and two linear layers."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.frequencies = 2 * config.base_width
        values = 4 * config.base_width
        self.embedding = nn.Sequential(
            nn.Linear(2 * self.frequencies, values), nn.SiLU(), nn.Linear(values, values), nn.SiLU()
        )
        self.unet: UNet = config.build(condition=values)

    def forward(self, x_t: Tensor, t: Tensor) -> Tensor:
        """(N, 1, H, W) and (N,) -> (N, 1, H, W)."""
        exponents = torch.arange(self.frequencies, device=t.device) / self.frequencies
        angles = t[:, None] * torch.exp(-math.log(10_000) * exponents)
        epsilon: Tensor = self.unet(x_t, self.embedding(torch.cat([angles.sin(), angles.cos()], dim=1)))
        return epsilon


class Diffusion(Model):
    """epsilon_theta, trained at every t, and used from the noise level down.

    >>> model = DiffusionConfig(unet=UNetConfig(base_width=4), steps=2).build(size=32)
    >>> model.reconstruct(torch.rand(2, 1, 32, 32)).shape
    torch.Size([2, 1, 32, 32])
    """

    abar: Tensor

    def __init__(self, denoiser: Denoiser, config: DiffusionConfig, size: int) -> None:
        super().__init__()
        self.denoiser = denoiser
        self.config = config
        self.size = size
        self.register_buffer("abar", config.schedule.abar(), persistent=False)

    def updates(self) -> Mapping[str, Update]:
        return {"denoiser": Update(self.denoiser, self._loss, self.config.learning_rate)}

    def reconstruct(self, images: Tensor) -> Tensor:
        return self.variant(images, 0)

    def variant(self, images: Tensor, number: int) -> Tensor:
        """From the noise of that number, one pattern for all slices."""
        x_hat = self._denoised(self._noised(images, number), self.config.noise_level, self.config.steps)
        return self.config.brightness(images, x_hat)

    def draft(self, images: Tensor) -> Tensor:
        """One step: x_0 as epsilon_theta sees it from the noise level."""
        x_0, _ = self._split(self._noised(images, 0), self.config.noise_level)
        return self.config.brightness(images, (x_0 + 1) / 2)

    def samples(self, count: int) -> Tensor:
        """From the noises of number 0 to count - 1."""
        blank = self.abar.new_empty(1, 1, self.size, self.size)
        noise = torch.cat([unit(pattern(self.config.noise, blank, number)) for number in range(count)])
        return self._denoised(noise, T, self.config.sample_steps)

    def _noised(self, images: Tensor, number: int) -> Tensor:
        abar, epsilon = self.abar[self.config.noise_level], unit(pattern(self.config.noise, images, number))
        return abar.sqrt() * (2 * images - 1) + (1 - abar).sqrt() * epsilon

    def _denoised(self, x_t: Tensor, level: int, steps: int) -> Tensor:
        """DDIM from a level to 0 (Song et al. 2021, Eq. 12 with sigma = 0): a slice in [0, 1]."""
        times = torch.linspace(level, 0, steps + 1).round().int().unique().flip(0).tolist()
        for t, t_next in pairwise(times):
            x_0, epsilon = self._split(x_t, t)
            x_t = self.abar[t_next].sqrt() * x_0 + (1 - self.abar[t_next]).sqrt() * epsilon
        return (x_t + 1) / 2

    def _split(self, x_t: Tensor, t: int) -> tuple[Tensor, Tensor]:
        """x_0 and epsilon that make x_t, as epsilon_theta sees them; x_0 is kept in [-1, 1], as by Ho et al. 2020."""
        abar = self.abar[t]
        epsilon = self.denoiser(x_t, torch.full((len(x_t),), t, device=x_t.device))
        x_0 = ((x_t - (1 - abar).sqrt() * epsilon) / abar.sqrt()).clamp(-1, 1)
        return x_0, (x_t - abar.sqrt() * x_0) / (1 - abar).sqrt()

    def _loss(self, x: Tensor) -> Terms:
        t = torch.randint(1, T + 1, (len(x),)).to(x.device)
        epsilon = unit(patterns(self.config.noise, x))
        abar = self.abar[t][:, None, None, None]
        x_t = abar.sqrt() * (2 * x - 1) + (1 - abar).sqrt() * epsilon
        return {"noise": (epsilon - self.denoiser(x_t, t).float()).square().mean()}
