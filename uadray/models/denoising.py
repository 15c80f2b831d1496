"""The coarse-noise denoising autoencoder (Kascenas et al. 2022, "Denoising autoencoders for unsupervised anomaly
detection in brain MRI", MIDL).

    L = |f(x + epsilon) - x|^2 inside the brain, epsilon ~ N(0, 0.2^2) on a coarse grid

A slice is reconstructed without noise: f takes a lesion for noise that it has learnt to remove.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from uadray.models.augmentation import Augmentation, NoAugmentation
from uadray.models.brightness import Brightness, MatchedBrightness
from uadray.models.model_section import ModelSection
from uadray.models.noise import CoarseNoise, Noise
from uadray.models.unet import UNetConfig

if TYPE_CHECKING:
    from uadray.models.networks.denoising import Denoising


class DenoisingConfig(ModelSection):
    """A U-Net and the noise it learns to remove."""

    kind: Literal["denoising"] = "denoising"

    unet: UNetConfig = UNetConfig()
    """The network f."""

    noise: Noise = CoarseNoise(resolution=6)
    """The shape of epsilon. Kascenas et al. 2022: a grid of 16 x 16; on our infarcts a coarser one finds more."""

    noise_std: float = Field(0.2, gt=0)
    """Standard deviation of epsilon at the nodes of its grid, in units of intensity. Kascenas et al. 2022: 0.2."""

    brightness: Brightness = MatchedBrightness()
    """Of a whole reconstruction. Kascenas et al. 2022: learnt; on our infarcts matched finds more, without training."""

    augmentation: Augmentation = NoAugmentation()
    """Of the training slices. Kascenas et al. 2022: none. With 105 slices AUPRC is 0.51 to 0.61 without it, by the
    epoch, and 0.58 to 0.59 with flip_and_gain, from epoch 30 on."""

    learning_rate: float = Field(5e-4, gt=0)
    """Fixed. Kascenas et al. 2022: 1e-4 with AMSGrad, falling as a cosine; more here, for trainings of few steps."""

    @property
    def varies(self) -> bool:
        """Whether the variants of a reconstruction differ."""
        return True

    def check(self, size: int) -> None:
        """Refuse a size that the U-Net cannot halve (ConfigError, UAD-211)."""
        self.unet.check(size)

    def build(self, size: int) -> Denoising:
        """The untrained model for size x size images, its weights drawn from torch's generator."""
        from uadray.models.networks.denoising import Denoising

        self.check(size)
        return Denoising(self.unet.build(), self)

    def hyperparameters(self) -> dict[str, float | str]:
        """No code; the noise stands in its place."""
        return {
            "model": "denoising",
            "noise": self.noise.shape,
            "noise_std": self.noise_std,
            "brightness": self.brightness.kind,
            "augmentation": self.augmentation.kind,
            "learning_rate": self.learning_rate,
            **self.unet.hyperparameters(),
        }
