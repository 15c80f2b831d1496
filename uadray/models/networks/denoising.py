"""The coarse-noise denoising autoencoder (Kascenas et al. 2022): its loss is in `models/denoising.py`."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from uadray.models.base import Model, Terms, Update
from uadray.models.denoising import DenoisingConfig
from uadray.models.networks.unet import UNet
from uadray.models.noise import pattern, patterns


class Denoising(Model):
    """f, trained on slices with noise inside the brain, which is where x > 0.

    >>> from uadray.models.unet import UNetConfig
    >>> model = DenoisingConfig(unet=UNetConfig(base_width=4)).build(size=32)
    >>> model.reconstruct(torch.rand(2, 1, 32, 32)).shape
    torch.Size([2, 1, 32, 32])
    """

    def __init__(self, unet: UNet, config: DenoisingConfig) -> None:
        super().__init__()
        self.unet = unet
        self.noise = config.noise
        self.noise_std = config.noise_std
        self.brightness = config.brightness
        self.augmentation = config.augmentation
        self.learning_rate = config.learning_rate

    def updates(self) -> Mapping[str, Update]:
        return {"autoencoder": Update(self.unet, self._loss, self.learning_rate)}

    def reconstruct(self, images: Tensor) -> Tensor:
        return self._denoised(images, torch.zeros_like(images))

    def variant(self, images: Tensor, number: int) -> Tensor:
        """Of the images with the noise of that number added."""
        return self._denoised(images, self.noise_std * pattern(self.noise, images, number))

    def _denoised(self, images: Tensor, epsilon: Tensor) -> Tensor:
        """0 outside the brain, where the loss does not look."""
        brain = images > 0
        return self.brightness(images, self.unet(images + epsilon * brain)) * brain

    def _loss(self, images: Tensor) -> Terms:
        x = self.augmentation(images)
        brain = x > 0
        x_hat = self.unet(x + self.noise_std * patterns(self.noise, x) * brain)
        squares = (x_hat.float() - x).square() * brain
        return {"reconstruction": squares.sum() / brain.sum().clamp(min=1)}
