"""Codes from the encoder's output: as it is (AE) or drawn from a Gaussian (VAE)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from uadray.models.losses import kl_to_standard_normal


class Posterior(nn.Module, ABC):
    """Codes from the parameters of their distribution, which lie along channels: (N, values_per_code * C, ...)."""

    values_per_code: ClassVar[int]

    @abstractmethod
    def forward(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """A code z ~ q(z | x), (N, C, ...), and its KL divergence from N(0, I), (N,)."""

    @abstractmethod
    def mean(self, parameters: Tensor) -> Tensor:
        """The mean of q(z | x), (N, C, ...): the code used to reconstruct."""

    @abstractmethod
    def kl(self, parameters: Tensor) -> Tensor:
        """KL(q(z | x) || N(0, I)), (N,)."""

    @abstractmethod
    def draw(self, parameters: Tensor, number: int) -> Tensor:
        """A code z ~ q(z | x), (N, C, ...): the draw of this number, its noise the same for every image and call."""

    @abstractmethod
    def prior(self, count: int, shape: Sequence[int]) -> Tensor:
        """So many codes of a shape drawn without images, the same at every call; (0, *shape) where none can be."""


class Deterministic(Posterior):
    """z is the encoder's output; there is nothing to regularise."""

    values_per_code = 1

    def forward(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        return parameters, self.kl(parameters)

    def mean(self, parameters: Tensor) -> Tensor:
        return parameters

    def kl(self, parameters: Tensor) -> Tensor:
        return parameters.new_zeros(len(parameters))

    def draw(self, parameters: Tensor, number: int) -> Tensor:
        return parameters

    def prior(self, count: int, shape: Sequence[int]) -> Tensor:
        return torch.empty(0, *shape)


class Gaussian(Posterior):
    """z = mu + sigma * noise (Kingma and Welling 2014)."""

    values_per_code = 2

    def forward(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        mu, log_variance = _moments(parameters)
        z = mu + torch.exp(0.5 * log_variance) * torch.randn_like(mu)
        return z, kl_to_standard_normal(mu, log_variance)

    def mean(self, parameters: Tensor) -> Tensor:
        return parameters.chunk(2, dim=1)[0]

    def kl(self, parameters: Tensor) -> Tensor:
        return kl_to_standard_normal(*_moments(parameters))

    def draw(self, parameters: Tensor, number: int) -> Tensor:
        mu, log_variance = _moments(parameters)
        noise = torch.randn(mu.shape[1:], generator=torch.Generator().manual_seed(number))
        return mu + torch.exp(0.5 * log_variance) * noise.to(mu)

    def prior(self, count: int, shape: Sequence[int]) -> Tensor:
        return torch.randn(count, *shape, generator=torch.Generator().manual_seed(0))


def _moments(parameters: Tensor) -> tuple[Tensor, Tensor]:
    """mu and log sigma^2, each (N, C, ...)."""
    mu, log_variance = parameters.float().chunk(2, dim=1)
    return mu, log_variance.clamp(-20, 20)  # exp stays finite in fp32; reached only by a diverging run
