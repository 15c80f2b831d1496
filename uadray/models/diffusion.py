"""Partial diffusion (Wyatt et al. 2022, "AnoDDPM", CVPR Workshops): noise to a level that hides a lesion, and back.

    x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) epsilon,  L = |epsilon - epsilon_theta(x_t, t)|^2   (Ho et al. 2020)

The way back is that of Song et al. 2021 (DDIM, eta = 0): few steps, and nothing drawn in them. Slices in [0, 1] are
moved to [-1, 1], where the noise is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from uadray.models.brightness import Brightness, MatchedBrightness
from uadray.models.model_section import ModelSection
from uadray.models.noise import CoarseNoise, Noise
from uadray.models.schedule import CosineSchedule, Schedule, T
from uadray.models.unet import UNetConfig

if TYPE_CHECKING:
    from uadray.models.networks.diffusion import Diffusion


class DiffusionConfig(ModelSection):
    """A U-Net that tells the noise in a slice, and how far slices are noised."""

    kind: Literal["diffusion"] = "diffusion"

    unet: UNetConfig = UNetConfig()
    """The network epsilon_theta, without the attention of Ho et al. 2020."""

    noise: Noise = CoarseNoise(resolution=6)
    """The shape of epsilon, scaled to a mean square of 1. Wyatt et al. 2022: simplex noise, whose kin is `octave`; ours
    is that of the denoising autoencoder, which learns faster."""

    schedule: Schedule = CosineSchedule()
    """How much of a slice is left at each of T = 1000 steps."""

    noise_level: int = Field(250, ge=1, le=T)
    """The step t to which a slice is noised. Wyatt et al. 2022: 250 of 1000."""

    steps: int = Field(1, ge=1, le=T)
    """Of DDIM, from the noise level to the slice. Wyatt et al. 2022 take all; after our short trainings one step finds
    more than several, each of which brings its own error."""

    sample_steps: int = Field(50, ge=1, le=T)
    """Of DDIM, from noise alone to a sample. Song et al. 2021: 10 to 100."""

    brightness: Brightness = MatchedBrightness()
    """Of a whole reconstruction. Wyatt et al. 2022: learnt; matched as in our denoising autoencoder."""

    learning_rate: float = Field(5e-4, gt=0)
    """Fixed. Wyatt et al. 2022: 1e-4, of AdamW, with a moving average of the weights; more here, for few steps."""

    @property
    def varies(self) -> bool:
        """Whether the variants of a reconstruction differ."""
        return True

    @property
    def obstacle(self) -> str:
        return f"noise of level {self.noise_level} and the way back in {self.steps} steps"

    def check(self, size: int) -> None:
        """Refuse a size that the U-Net cannot halve (ConfigError, UAD-211)."""
        self.unet.check(size)

    def build(self, size: int) -> Diffusion:
        """The untrained model for size x size images, its weights drawn from torch's generator."""
        from uadray.models.networks.diffusion import Denoiser, Diffusion

        self.check(size)
        return Diffusion(Denoiser(self.unet), self, size)

    def hyperparameters(self) -> dict[str, float | str]:
        """No code; the noise stands in its place."""
        return {
            "model": "diffusion",
            "noise": self.noise.shape,
            "schedule": self.schedule.kind,
            "noise_level": self.noise_level,
            "steps": self.steps,
            "brightness": self.brightness.kind,
            "learning_rate": self.learning_rate,
            **self.unet.hyperparameters(),
        }
