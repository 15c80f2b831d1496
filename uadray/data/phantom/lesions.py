"""Lesions as in multiple sclerosis: ovoid, most of them at the ventricles, some run together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uadray.data.phantom.anatomy import Anatomy
from uadray.data.phantom.fields import Floats, smooth_field

COUNT = (20.0, 0.25, 8, 30)  # lesions a patient: median, log-normal deviation, least, most
DIAMETER_MM = (8.5, 0.35, 3.0, 15.0)  # of the ball of the same volume: likewise
BURDEN = 0.15  # log-normal deviation of what a patient's count and diameters have in common
FADE_MM = 5.0  # from the ventricles, over which lesions become rare
REMOTE = 0.004  # how frequent they are in remote white matter, 1 being at the ventricles
MIDLINE_MM = 9.0  # the corpus callosum is mostly spared
GREY_SPARED = 0.85  # how much of its grey matter a lesion leaves out
CONFLUENT = 0.35  # share of the lesions that begin beside an earlier one
ELONGATION = (1.0, 2.0)  # long over short axis; the long one leads away from the ventricles (Dawson's fingers)
AIM = 0.3  # deviation of the long axis from that direction, in rad
OUTLINE = (3.5, 0.22)  # mm between the outline's bulges, their height in radii
EDGE_MM = 2.0  # from all lesion to none
EXCESS = (0.2, 0.4)  # of signal over white matter's, which is 1: the least and the range
EXCESS_BETA = (2.5, 1.5)  # the distribution within that range


@dataclass(frozen=True, eq=False)
class Lesions:
    """At the P voxels of an anatomy: `coverage` in [0, 1], and the `excess` of signal in units of white matter's."""

    coverage: Floats
    excess: Floats

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The voxels at least half of which are lesion; (P,)."""
        return np.asarray(self.coverage >= 0.5)


def no_lesions(anatomy: Anatomy) -> Lesions:
    """What a healthy person has."""
    return Lesions(np.zeros_like(anatomy.white), np.zeros_like(anatomy.white))


def draw_lesions(anatomy: Anatomy, generator: np.random.Generator) -> Lesions:
    """What a patient has: lesions that begin in white matter and end at the CSF."""
    points, lesions = anatomy.points_mm, no_lesions(anatomy)
    frequency = _frequency(anatomy)
    yielding = 1 - anatomy.csf - GREY_SPARED * anatomy.grey
    bulges = OUTLINE[1] * smooth_field(OUTLINE[0], generator).at(points)
    burden = np.exp(BURDEN * generator.standard_normal())
    centres: list[int] = []
    for _ in range(round(_log_normal(COUNT, burden, generator))):
        diameter = _log_normal(DIAMETER_MM, burden, generator)
        among = np.arange(frequency.size)
        if centres and generator.random() < CONFLUENT:
            among = _within(diameter, points[:, generator.choice(centres)], points)
        centre = among[_draw(frequency[among], generator)]
        centres.append(centre)

        elongation = generator.uniform(*ELONGATION)
        short = diameter / 2 / elongation ** (1 / 3)
        near = _within(1.5 * short * elongation + EDGE_MM, points[:, centre], points)
        axis = anatomy.outward[:, centre] + generator.normal(0, AIM, 3)
        offset = points[:, near] - points[:, centre, None]
        along = (axis / np.linalg.norm(axis)) @ offset
        across = np.sqrt(np.maximum((offset**2).sum(axis=0) - along**2, 0))
        radius = np.hypot(along / (short * elongation), across / short) * (1 + bulges[near])
        share = np.clip(0.5 + (1 - radius) * short / EDGE_MM, 0, 1) * yielding[near]
        bright = EXCESS[0] + EXCESS[1] * generator.beta(*EXCESS_BETA)
        lesions.coverage[near] = np.maximum(lesions.coverage[near], share)
        lesions.excess[near] = np.maximum(lesions.excess[near], share * bright)
    return lesions


def _frequency(anatomy: Anatomy) -> Floats:
    """How frequently a lesion begins at a voxel, up to a factor; (P,)."""
    distance, midline = anatomy.ventricle_mm, np.exp(-((anatomy.atlas_mm[0] / MIDLINE_MM) ** 2))
    near = np.exp(-distance / FADE_MM) * (1 - midline) + REMOTE
    return np.asarray(np.where(distance > 0, anatomy.white**4 * near, 0))


def _log_normal(law: tuple[float, float, float, float], factor: float, generator: np.random.Generator) -> float:
    median, deviation, least, most = law
    return float(np.clip(median * factor * np.exp(deviation * generator.standard_normal()), least, most))


def _draw(weights: Floats, generator: np.random.Generator) -> int:
    """An index, as probable as its weight."""
    cumulative = np.cumsum(weights, dtype=np.float64)
    return int(np.searchsorted(cumulative, generator.random() * cumulative[-1], side="right"))


def _within(reach_mm: float, centre_mm: Floats, points_mm: Floats) -> NDArray[np.intp]:
    """Which points (3, P), sorted by x as voxels are, lie in the cube of half side `reach_mm`."""
    first, last = np.searchsorted(points_mm[0], (centre_mm[0] - reach_mm, centre_mm[0] + reach_mm))
    y, z = np.abs(points_mm[1:, first:last] - centre_mm[1:, None])
    return np.asarray(first + np.flatnonzero((y < reach_mm) & (z < reach_mm)))
