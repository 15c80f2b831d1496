"""Slices made from slices, inside a loss: a hundred of them are soon known by heart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from uadray.section import Section

if TYPE_CHECKING:
    from torch import Tensor


class NoAugmentation(Section):
    """Slices as they are."""

    kind: Literal["none"] = "none"

    def __call__(self, x: Tensor) -> Tensor:
        return x


class FlipAndGain(Section):
    """Half of the slices with left and right exchanged, each brighter or darker as a whole; the background stays 0."""

    kind: Literal["flip_and_gain"] = "flip_and_gain"

    gain: float = Field(0.25, ge=0, lt=1)
    """A slice is multiplied by 1 - gain to 1 + gain. Ours, measured with the denoising autoencoder."""

    def __call__(self, x: Tensor) -> Tensor:
        """(N, 1, H, W), of torch's own generator."""
        import torch

        flip, gain = torch.rand(2, len(x), 1, 1, 1).to(x).unbind()
        return torch.where(flip < 0.5, x.flip(-1), x) * (1 + self.gain * (2 * gain - 1))


Augmentation = Annotated[NoAugmentation | FlipAndGain, Field(discriminator="kind")]
