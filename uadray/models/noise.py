"""Noise patterns that models of healthy slices learn to take away, from one pixel wide to as wide as a lesion.

Pixel noise teaches nothing about lesions: its frequencies are too high (Kascenas et al. 2022, MIDL; Wyatt et al. 2022,
CVPR Workshops). All patterns are drawn on the CPU, so that a number means the same pattern on every device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from uadray.section import Section

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class GaussianNoise(Section):
    """N(0, 1) in every pixel (Ho et al. 2020)."""

    kind: Literal["gaussian"] = "gaussian"

    @property
    def shape(self) -> str:
        """As a column to compare models by."""
        return "gaussian"

    def draw(self, count: int, size: tuple[int, int], generator: torch.Generator | None = None) -> Tensor:
        """(count, 1, H, W), of torch's own generator where none is given."""
        import torch

        return torch.randn(count, 1, *size, generator=generator)


class CoarseNoise(Section):
    """N(0, 1) at the nodes of a grid, bilinear between them, rolled by any number of pixels (Kascenas et al. 2022)."""

    kind: Literal["coarse"] = "coarse"

    resolution: int = Field(16, ge=2)
    """Nodes of the grid along a side. Kascenas et al. 2022: 16, at 128 x 128 pixels: 8 pixels from node to node."""

    @property
    def shape(self) -> str:
        """As a column to compare models by."""
        return f"coarse {self.resolution}x{self.resolution}"

    def draw(self, count: int, size: tuple[int, int], generator: torch.Generator | None = None) -> Tensor:
        """(count, 1, H, W): standard deviation 1 at the nodes and less between them, as in the paper."""
        import torch
        from torch.nn.functional import interpolate

        nodes = torch.randn(count, 1, self.resolution, self.resolution, generator=generator)
        pattern = interpolate(nodes, size, mode="bilinear")
        return torch.cat([_rolled(one, generator) for one in pattern.split(1)])


class OctaveNoise(Section):
    """A sum of lattices, each twice as fine as the one before and weaker; stands for Wyatt et al. 2022's simplex noise.

    Theirs draws a gradient at the nodes of a triangular lattice; this one draws a value at those of a square lattice
    and is bicubic between them, so it has more power below the lattice's frequency and some preference for its axes.
    """

    kind: Literal["octave"] = "octave"

    resolution: int = Field(4, ge=2)
    """Nodes of the coarsest lattice along a side. Wyatt et al. 2022: a frequency of 2^-6 a pixel, 4 periods in 256."""

    octaves: int = Field(6, ge=1, le=8)
    """Lattices, as far as pixels go. Wyatt et al. 2022: 6."""

    decay: float = Field(0.8, gt=0, le=1)
    """Amplitude of a lattice over that of the one before. Wyatt et al. 2022: 0.8."""

    @property
    def shape(self) -> str:
        """As a column to compare models by."""
        return f"octave {self.resolution}x{self.resolution} x{self.octaves}"

    def draw(self, count: int, size: tuple[int, int], generator: torch.Generator | None = None) -> Tensor:
        """(count, 1, H, W)."""
        import torch
        from torch.nn.functional import interpolate

        pattern = torch.zeros(count, 1, *size)
        for octave in range(self.octaves):
            height, width = (min(side, self.resolution << octave) for side in size)
            nodes = torch.randn(count, 1, height, width, generator=generator)
            pattern += self.decay**octave * interpolate(nodes, size, mode="bicubic")
        return torch.cat([_rolled(one, generator) for one in pattern.split(1)])


Noise = Annotated[GaussianNoise | CoarseNoise | OctaveNoise, Field(discriminator="kind")]


def pattern(noise: Noise, images: Tensor, number: int) -> Tensor:
    """The noise of this number, one pattern for all images: (1, 1, H, W), on their device; the same at every call."""
    import torch

    return noise.draw(1, _size(images), torch.Generator().manual_seed(number)).to(images)


def patterns(noise: Noise, images: Tensor) -> Tensor:
    """Noise for training, another pattern for each image: (N, 1, H, W), of torch's own generator."""
    return noise.draw(len(images), _size(images)).to(images)


def unit(noise: Tensor) -> Tensor:
    """Each pattern scaled to a mean square of 1, as diffusion wants it."""
    return noise / noise.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()


def _size(images: Tensor) -> tuple[int, int]:
    return images.shape[-2], images.shape[-1]


def _rolled(pattern: Tensor, generator: torch.Generator | None) -> Tensor:
    """Moved by a drawn number of pixels, what leaves on one side entering on the other: no pixel is always a node."""
    import torch

    rows, columns = (int(torch.randint(side, (), generator=generator)) for side in pattern.shape[-2:])
    return pattern.roll((rows, columns), dims=(-2, -1))
