"""AnoGAN (Schlegl et al. 2017): the losses of its two networks and its search; equations in `models/anogan.py`."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from uadray.models.anogan import AnoGanConfig
from uadray.models.base import Model, Terms, Update
from uadray.models.folding import folded
from uadray.models.losses import accuracy, discrimination, fooling, spread
from uadray.models.networks.discriminator import Discriminator
from uadray.models.networks.latent_search import LatentSearch


class AnoGan(Model):
    """For every batch the discriminator moves first, then the generator; z is searched when a slice is looked at.

    >>> model = AnoGanConfig(feature_size=8).build(size=32)
    >>> model.eval().reconstruct(torch.rand(2, 1, 32, 32)).shape
    torch.Size([2, 1, 32, 32])
    """

    def __init__(self, generator: nn.Module, discriminator: Discriminator, config: AnoGanConfig) -> None:
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.config = config
        self._watched: dict[str, Tensor] = {}

    def updates(self) -> Mapping[str, Update]:
        rate, own_rate = self.config.discriminator_learning_rate, self.config.learning_rate
        return {
            "discriminator": Update(self.discriminator, self._discriminator_loss, rate, watched=lambda: self._watched),
            "generator": Update(self.generator, self._generator_loss, own_rate),
        }

    def reconstruct(self, images: Tensor) -> Tensor:
        """G(z) in fp32, z searched (in bf16 where that is fast) from one draw of N(0, I), the same for all slices.

        Not from its mean: a trained generator can be flat there, when z = 0 leaves every unit of its first ReLU off.
        """
        return self._found(images, self._drawn(1, seed=0), self.config.search.steps)

    def variant(self, images: Tensor, number: int) -> Tensor:
        """G(z), z searched from another draw."""
        return self._found(images, self._drawn(1, seed=number + 1), self.config.search.steps)

    def draft(self, images: Tensor) -> Tensor:
        """G(z) after the first steps of the search."""
        return self._found(images, self._drawn(1, seed=0), self.config.search.draft_steps)

    def samples(self, count: int) -> Tensor:
        """G(z) of the same z ~ N(0, I) at every call."""
        x_hat: Tensor = folded(self.generator)(self._drawn(count, seed=0))
        return x_hat

    def _discriminator_loss(self, x: Tensor) -> Terms:
        with torch.no_grad():
            x_hat = self.generator(self._codes(len(x)))
        of_x, of_x_hat = self.discriminator(x), self.discriminator(x_hat)
        self._watched = {"accuracy": accuracy(of_x, of_x_hat), "spread": spread(x, x_hat)}
        real, fake = discrimination(of_x, of_x_hat)
        return {"real": real, "fake": fake}

    def _generator_loss(self, x: Tensor) -> Terms:
        return {"adversarial": fooling(self.discriminator(self.generator(self._codes(len(x)))))}

    def _codes(self, count: int) -> Tensor:
        """z ~ N(0, I) from torch's generator, (count, dim, 1, 1)."""
        return torch.randn(count, self.config.dim, 1, 1, device=self._device)

    def _drawn(self, count: int, seed: int) -> Tensor:
        """z ~ N(0, I) that are the same at every call, (count, dim, 1, 1)."""
        drawn = torch.randn(count, self.config.dim, 1, 1, generator=torch.Generator().manual_seed(seed))
        return drawn.to(self._device)

    def _found(self, x: Tensor, start: Tensor, steps: int) -> Tensor:
        search = LatentSearch(self.generator, self.discriminator.features, self.config.search)
        x_hat: Tensor = folded(self.generator)(search(x, start, steps))
        return x_hat

    @property
    def _device(self) -> torch.device:
        return next(self.generator.parameters()).device
