"""Whose brain it is: the average one, bent into a person nobody has met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uadray.data.phantom.atlas import Atlas
from uadray.data.phantom.fields import BOX_MM, Floats, Lattice, smooth_field

SIZE = 0.03  # standard deviation of a head's width, length and height, of 1
TURN_DEG = 1.5  # of its rotation about each axis: what registration has left
CENTRE_MM = (0.0, -18.0, 5.0)  # of the average brain
BENDS_MM = ((45.0, 2.6), (12.0, 1.2))  # scale of a displacement field, its standard deviation along an axis
REACH_MM = 16.0  # a bent and turned brain goes no further out of the average
WALLS_MM = (0.8, 1.4, -1.5, 4.0)  # how far the ventricles' walls stand out: mean, standard deviation, least, most
WALLS_FADE_MM = 12.0  # over which tissue goes with them
SHARPENING = 1.8  # exponent of the tissue shares: an average of 152 brains is more blurred than one of them
SULCI = (1.6, 3.2)  # weight of CSF against tissue, narrow to wide: the average has closed its sulci


@dataclass(frozen=True, eq=False)
class Grid:
    """Cubic voxels over BOX_MM.

    `near`, bool (X, Y, Z), are those that a brain may reach, `points_mm` (3, N) their places; `affine` is (4, 4).
    """

    affine: NDArray[np.float64]
    near: NDArray[np.bool_]
    points_mm: Floats

    @classmethod
    def around(cls, atlas: Atlas, spacing_mm: float) -> Grid:
        """The grid on which all persons of a cohort are scanned."""
        shape = [round((high - low) / spacing_mm) for low, high in BOX_MM]
        x, y, z = ((low + high - (n - 1) * spacing_mm) / 2 for (low, high), n in zip(BOX_MM, shape, strict=True))
        points = Lattice(np.zeros(shape, np.float32), (x, y, z), spacing_mm).points_mm()
        near = atlas.brain_mm.at(points) < REACH_MM
        affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
        affine[:3, 3] = x, y, z
        return cls(affine, near.reshape(shape), points[:, near])


@dataclass(frozen=True, eq=False)
class Anatomy:
    """One person's brain, at the P voxels that `brain`, bool (X, Y, Z), names.

    `points_mm` (3, P) are their places, `atlas_mm` (3, P) the same places in the average brain. The shares of `grey`
    and `white` matter and `csf` (P,) sum to 1. `ventricle_mm` (P,) is the distance to the ventricles, negative inside,
    `outward` (3, P) the direction away from them, `horns_mm` (4, 3) are their tips in the average brain.
    """

    brain: NDArray[np.bool_]
    points_mm: Floats
    atlas_mm: Floats
    grey: Floats
    white: Floats
    csf: Floats
    ventricle_mm: Floats
    outward: Floats
    horns_mm: NDArray[np.float64]

    def volume(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values (P,) in their voxels (X, Y, Z), 0 around the brain."""
        volume = np.zeros(self.brain.shape, values.dtype)
        volume[self.brain] = values
        return volume


def draw_anatomy(atlas: Atlas, grid: Grid, generator: np.random.Generator) -> Anatomy:
    """A person: a head of another size and pose, other folds, other ventricles, narrower or wider sulci."""
    placed = _pose(grid.points_mm, generator) + _bend(grid.points_mm, generator)
    inside = atlas.brain_mm.at(placed) < 0
    brain = grid.near.copy()
    brain[grid.near] = inside
    points, placed = grid.points_mm[:, inside], placed[:, inside]

    mean, deviation, least, most = WALLS_MM
    wall = np.float32(np.clip(generator.normal(mean, deviation), least, most))
    outward = np.stack([component.at(placed) for component in atlas.outward])
    placed = placed - wall * outward * np.exp(-np.maximum(atlas.ventricle_mm.at(placed), 0) / WALLS_FADE_MM)

    grey, white = atlas.grey.at(placed), atlas.white.at(placed)
    shares = np.stack([grey, white, np.maximum(1 - grey - white, 0)]) ** SHARPENING
    shares[2] *= generator.uniform(*SULCI)
    grey, white, csf = shares / shares.sum(axis=0)
    ventricle_mm = atlas.ventricle_mm.at(placed)
    return Anatomy(brain, points, placed, grey, white, csf, ventricle_mm, outward, atlas.horns_mm)


def _pose(points_mm: Floats, generator: np.random.Generator) -> Floats:
    """Points (3, N) after a change of size and a small rotation about the centre of the brain."""
    size = 1 + SIZE * generator.standard_normal((3, 1)).clip(-2, 2)
    x, y, z = np.deg2rad(TURN_DEG) * generator.standard_normal(3).clip(-2, 2)
    turn = np.array([(1, -z, y), (z, 1, -x), (-y, x, 1)])
    centre = np.array(CENTRE_MM)[:, None]
    return np.asarray((size * turn) @ (points_mm - centre) + centre, np.float32)


def _bend(points_mm: Floats, generator: np.random.Generator) -> Floats:
    """Displacements (3, N) in mm; the fields are added on the finest of their lattices, which has few points."""
    displacements = []
    for _ in range(3):
        fields = [(smooth_field(scale_mm, generator), deviation) for scale_mm, deviation in BENDS_MM]
        finest, _ = fields[-1]
        values = sum(deviation * field.at(finest.points_mm()) for field, deviation in fields)
        lattice = Lattice(np.reshape(values, finest.values.shape), finest.origin_mm, finest.pitch_mm)
        displacements.append(lattice.at(points_mm))
    return np.stack(displacements)
