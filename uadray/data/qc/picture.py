"""One subject as a picture: three slices with the outlines of brain and lesion, and a caption.

Anterior is up and the patient's right is left, as the store has it; pixels are shown in their true proportions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from uadray.data.qc.measures import Person

TILE = 224  # pixels of a slice's longer side
SHOWN = 3
MARGIN, LINE = 8, 17  # pixels, of the caption
GREYS = 96  # enough for the eye; a palette of fewer colours makes smaller files
BRAIN, LESION = GREYS, GREYS + 1  # indices into the palette
COLOURS = ((86, 180, 233), (230, 159, 0))  # Okabe and Ito 2008


def window_of(share: NDArray[np.float64]) -> tuple[slice, slice]:
    """The rows and columns with anyone's brain and a little around it, the same for all pictures of a cohort."""
    return _around(share.max(axis=(0, 2)) > 0), _around(share.max(axis=(0, 1)) > 0)


def draw_slices(person: Person, window: tuple[slice, slice]) -> Image.Image:
    """The slices side by side, a palette image on black."""
    chosen = choose_slices(person)
    sheet = Image.new("P", (TILE * len(chosen), TILE))
    sheet.putpalette([level * 255 // (GREYS - 1) for level in range(GREYS) for _ in "RGB"] + [*COLOURS[0], *COLOURS[1]])
    for place, number in enumerate(chosen):
        tile = Image.fromarray(_tile(person, number, window))
        sheet.paste(tile, (place * TILE + (TILE - tile.width) // 2, (TILE - tile.height) // 2))
        _write(sheet, (place * TILE + MARGIN, TILE - LINE - 4), f"z {person.slices.slice_indices[number]}", 0.55)
    _write(sheet, (MARGIN, TILE // 2 - LINE // 2), "R", 0.55)
    return sheet


def with_caption(slices: Image.Image, facts: Sequence[str]) -> Image.Image:
    """The picture with the facts below, as many on a line as fit; the first one is bright."""
    lines = [[" ".join(facts[0].split())]]
    for fact in facts[1:]:
        short = " ".join(fact.split())
        fits = _font().getlength("   ".join([*lines[-1], short])) < slices.width - 2 * MARGIN
        lines = [*lines[:-1], [*lines[-1], short]] if fits and len(lines) > 1 else [*lines, [short]]
    sheet = Image.new("P", (slices.width, slices.height + LINE * len(lines) + MARGIN))
    sheet.putpalette(slices.getpalette() or [])
    sheet.paste(slices)
    for number, line in enumerate(lines):
        place = (MARGIN, slices.height + MARGIN // 2 + LINE * number)
        _write(sheet, place, "   ".join(line), 0.75 if number else 1.0)
    return sheet


def choose_slices(person: Person) -> list[int]:
    """A slice of each third of the stack, from inferior to superior: the one with most lesion, else the middle one."""
    area = np.count_nonzero(person.slices.lesion, axis=(1, 2, 3))
    thirds = (third for third in np.array_split(np.arange(len(area)), SHOWN) if third.size)
    return [int(third[np.argmax(area[third])] if area[third].any() else third[third.size // 2]) for third in thirds]


def _tile(person: Person, number: int, window: tuple[slice, slice]) -> NDArray[np.uint8]:
    """Palette indices (h, w) of one slice."""
    slices = person.slices
    image, brain, lesion = (part[number, 0][window] for part in (slices.images, slices.brain, slices.lesion))
    extent = np.multiply(image.shape, person.spacing_mm[:2])
    height, width = (max(round(TILE * side), 1) for side in extent / extent.max())
    grey = _resized(image, (width, height)).clip(0, 1)
    tile: NDArray[np.uint8] = np.rint(grey * (GREYS - 1)).astype(np.uint8)
    tile[_outline(brain, (width, height))] = BRAIN
    tile[_outline(lesion, (width, height))] = LESION
    return tile


def _outline(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels just around a mask."""
    large = np.asarray(Image.fromarray(np.ascontiguousarray(mask)).resize(size, Image.Resampling.NEAREST))
    return np.asarray(ndimage.binary_dilation(large) & ~large)


def _resized(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize(size, Image.Resampling.BICUBIC))


def _write(sheet: Image.Image, place: tuple[int, int], text: str, brightness: float) -> None:
    ImageDraw.Draw(sheet).text(place, text, fill=round(brightness * (GREYS - 1)), font=_font())


def _around(there: NDArray[np.bool_]) -> slice:
    """From the first to the last True, and 3 % more on both sides; all of it if there is none."""
    found = np.flatnonzero(there) if there.any() else np.arange(there.size)
    more = 1 + there.size * 3 // 100
    return slice(max(int(found[0]) - more, 0), int(found[-1]) + 1 + more)


@cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), 12)
