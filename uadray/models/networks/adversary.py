"""The adversary of Baur et al. 2018, Eq. 3, or none: what it adds to an autoencoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from uadray.models.base import Terms, Update
from uadray.models.losses import accuracy, discrimination, fooling, spread


class Adversary(nn.Module, ABC):
    """What an adversary adds to an autoencoder: updates of its own, and terms of the autoencoder's loss."""

    @abstractmethod
    def updates(self, reconstruct: Callable[[Tensor], Tensor]) -> Mapping[str, Update]: ...

    @abstractmethod
    def terms(self, x_hat: Tensor) -> Terms: ...


class NoAdversary(Adversary):
    """lambda_3 = 0: an AE or a VAE."""

    def updates(self, reconstruct: Callable[[Tensor], Tensor]) -> Mapping[str, Update]:
        return {}

    def terms(self, x_hat: Tensor) -> Terms:
        return {}


class ImageAdversary(Adversary):
    """A discriminator of whole images, trained by Eq. 3 on slices and their reconstructions."""

    def __init__(self, discriminator: nn.Module, weight: float, learning_rate: float) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.weight = weight
        self.learning_rate = learning_rate
        self._watched: dict[str, Tensor] = {}

    def updates(self, reconstruct: Callable[[Tensor], Tensor]) -> Mapping[str, Update]:
        def loss(x: Tensor) -> Terms:
            with torch.no_grad():
                x_hat = reconstruct(x)
            of_x, of_x_hat = self.discriminator(x), self.discriminator(x_hat)
            self._watched = {"accuracy": accuracy(of_x, of_x_hat), "spread": spread(x, x_hat)}
            real, fake = discrimination(of_x, of_x_hat)
            return {"real": real, "fake": fake}

        update = Update(self.discriminator, loss, self.learning_rate, watched=lambda: self._watched)
        return {"discriminator": update}

    def terms(self, x_hat: Tensor) -> Terms:
        return {"adversarial": self.weight * fooling(self.discriminator(x_hat))}
