"""What the phantom is made of: values on a lattice in space, and smooth random fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]

BOX_MM: Final = ((-88.0, 88.0), (-120.0, 88.0), (-80.0, 96.0))  # of MNI space, to the right, anterior, superior: a head
PITCHES_PER_SCALE: Final = 2  # a coarser lattice shows its corners when it is interpolated linearly


@dataclass(frozen=True, eq=False)
class Lattice:
    """Values float32 (X, Y, Z) every `pitch_mm` along RAS+ axes, the first at `origin_mm`."""

    values: Floats
    origin_mm: tuple[float, float, float]
    pitch_mm: float

    def at(self, points_mm: Floats) -> Floats:
        """Trilinear between the values, the border's value beyond it; points (3, P), returns (P,)."""
        indices = (points_mm - self._origin()) / np.float32(self.pitch_mm)
        return np.asarray(ndimage.map_coordinates(self.values, indices, np.float32, order=1, mode="nearest"))

    def points_mm(self) -> Floats:
        """Where the values are; (3, X * Y * Z)."""
        indices = np.indices(self.values.shape, np.float32).reshape(3, -1)
        return indices * np.float32(self.pitch_mm) + self._origin()

    def _origin(self) -> Floats:
        return np.array(self.origin_mm, np.float32)[:, None]


def smooth_field(scale_mm: float, generator: np.random.Generator) -> Lattice:
    """White noise under a Gaussian of standard deviation `scale_mm`, scaled to mean 0 and variance 1 over BOX_MM.

    It is drawn in mm, not in voxels: one generator gives one field at any voxel size.
    """
    pitch_mm = scale_mm / PITCHES_PER_SCALE
    shape = [int(np.ceil((high - low) / pitch_mm)) + 1 for low, high in BOX_MM]
    values = ndimage.gaussian_filter(generator.standard_normal(shape, np.float32), PITCHES_PER_SCALE, mode="wrap")
    (x, _), (y, _), (z, _) = BOX_MM
    return Lattice((values - values.mean()) / values.std(), (x, y, z), pitch_mm)


def ball(points_mm: Floats, centre_mm: NDArray[np.float64], radius_mm: float) -> Floats:
    """A Gaussian of height 1 and standard deviation `radius_mm` at points (3, P); (P,)."""
    x, y, z = points_mm - np.asarray(centre_mm, np.float32)[:, None]
    return np.asarray(np.exp((x * x + y * y + z * z) / np.float32(-2 * radius_mm**2)))
