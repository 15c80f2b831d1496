"""How painted lesions are bounded: blobs that were made up, or the outlines of patients' own lesions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from uadray.data.store import Slices
from uadray.errors import DataError, Problem
from uadray.section import Section

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PLACES = 20  # tried for an outline, which is to lie in tissue


def _rising(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] > limits[1]:
        raise ValueError("must be the least and then the most")
    return limits


Range = Annotated[tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]], AfterValidator(_rising)]


class Outlines(Protocol):
    """What draws lesions."""

    def draw(self, tissue: Bools, brain_pixels: int, generator: np.random.Generator) -> Floats:
        """How far each pixel is from a lesion's middle, (H, W): 1 on its rim, less inside, whatever lies there.

        As far as `tissue` goes, (H, W) and somewhere true, the lesion has the size that was asked for.
        """
        ...


class Blobs(Section):
    """Ellipses with wavy rims, turned at random; where they meet CSF or the edge of the brain they go around it."""

    kind: Literal["blobs"] = "blobs"

    area: Range = (0.005, 0.1)
    """Of one lesion as a share of the slice's brain, least and most; log-uniform. Ours: with `lesions`, a
    slice's load has a median of 4.2 % of the brain (3.4 % in the patients of synthetic.py) and a mean of 6.2 %
    (6.1 %)."""

    elongation: Range = (1.0, 2.5)
    """Long over short axis, least and most. Ours."""

    waviness: float = Field(0.3, ge=0, lt=1)
    """Standard deviation of the rim's distance from the centre, as a share of that distance. Ours."""

    needs_labels: ClassVar[bool] = False
    labels: ClassVar[str] = "none"

    def outlines(self, patients: Slices) -> Blobs:
        """Itself: no label is looked at."""
        return self

    def draw(self, tissue: Bools, brain_pixels: int, generator: np.random.Generator) -> Floats:
        from scipy import ndimage

        area = brain_pixels * np.exp(generator.uniform(*np.log(self.area)))
        radius = np.sqrt(area / np.pi)
        places = np.argwhere(tissue)
        y, x = np.indices(tissue.shape) - places[generator.integers(len(places))][:, None, None]
        angle, root = generator.uniform(0, np.pi), np.sqrt(generator.uniform(*self.elongation))
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        noise = ndimage.gaussian_filter(generator.standard_normal(tissue.shape), max(radius / 2, 1), mode="wrap")
        distance = np.hypot(along / root, across * root) * np.exp(self.waviness * noise / noise.std())
        inside = np.sort(distance[tissue])
        rim = inside[min(max(round(area), 1), len(inside)) - 1]  # so many pixels are the lesion, whatever its shape
        return np.asarray(distance / max(rim, np.finfo(float).tiny))


class OfPatients(Section):
    """Outlines of lesions of validation patients, flipped, scaled and laid elsewhere; what they look like is made up.

    Validation patients are the only ones whose masks a study may see and has: those of test patients are shut away, and
    of patients who stand in for healthy subjects a store keeps none but lesion-free slices. So this painting reads
    labels, and an objective that is scored on it is not free of them; every record says so.
    """

    kind: Literal["of_patients"] = "of_patients"

    scale: Range = (0.7, 1.4)
    """Of lengths, least and most; log-uniform. Ours."""

    least_pixels: int = Field(4, ge=1)
    """Of an outline in its slice; smaller ones are not taken. Ours."""

    needs_labels: ClassVar[bool] = True
    labels: ClassVar[str] = "shapes of validation patients"

    def outlines(self, patients: Slices) -> PatientOutlines:
        """The outlines of all lesions in the patients' slices, whatever their order.

        Raises DataError (UAD-348) where none is large enough.
        """
        from scipy import ndimage

        found = []
        for row in np.lexsort((patients.slice_indices, patients.subjects)):
            labels, count = ndimage.label((patients.lesion & patients.brain)[row, 0], np.ones((3, 3)))
            boxes = ndimage.find_objects(labels)
            masks = (labels[box] == number for number, box in zip(range(1, count + 1), boxes, strict=True))
            found += [mask for mask in masks if mask.sum() >= self.least_pixels]
        if not found:
            must = f"a validation patient must have a lesion of {self.least_pixels} pixels to paint by"
            do = "Take {kind: blobs}, smaller outlines or other patients."
            raise DataError(Problem("UAD-348", "painting.shapes", must, "none", do))
        return PatientOutlines(tuple(found), self.scale)


@dataclass(frozen=True, eq=False)
class PatientOutlines:
    """Lesions in their bounding boxes, each (h, w) and connected."""

    masks: Sequence[Bools]
    scale: tuple[float, float]

    def draw(self, tissue: Bools, brain_pixels: int, generator: np.random.Generator) -> Floats:
        """As blobs do, but for the size, which is the lesion's own: what lies outside the tissue is cut off.

        Of some places the one with most of the lesion in tissue is taken.
        """
        from scipy import ndimage

        mask = self.masks[int(generator.integers(len(self.masks)))]
        mask = mask[:: generator.choice([-1, 1]), :: generator.choice([-1, 1])]
        pixels = _scaled(mask, float(np.exp(generator.uniform(*np.log(self.scale)))))
        places = np.argwhere(tissue)
        tried = [pixels + place for place in places[generator.integers(len(places), size=PLACES)]]
        on_slice = [at[((at >= 0) & (at < tissue.shape)).all(axis=1)] for at in tried]
        lesion = np.zeros_like(tissue)
        lesion[tuple(max(on_slice, key=lambda at: int(tissue[tuple(at.T)].sum())).T)] = True
        inwards, outwards = (ndimage.distance_transform_edt(part) for part in (lesion, ~lesion))
        radius = max(float(inwards.max()), 1.0)
        return np.asarray(np.where(lesion, 1 - inwards / radius, 1 + outwards / radius))


def _scaled(mask: Bools, scale: float) -> NDArray[np.int_]:
    """Pixels of the outline, (P, 2), from its middle, one at least."""
    from scipy import ndimage

    middle = np.argwhere(mask).mean(axis=0).round()
    reach = int(np.ceil(scale * max(mask.shape))) + 1
    offsets = np.indices((2 * reach + 1, 2 * reach + 1)) - reach
    at = offsets / scale + middle[:, None, None]
    laid = ndimage.map_coordinates(mask.astype(np.float64), at, order=1, mode="grid-constant") >= 0.5
    laid[reach, reach] |= not laid.any()  # what fell between the pixels is one of them
    return np.argwhere(laid) - reach


Shapes = Annotated[Blobs | OfPatients, Field(discriminator="kind")]
