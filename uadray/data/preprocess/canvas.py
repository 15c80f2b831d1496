"""From axial slices to square ones of one size."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from uadray.data.preprocess.slices import SliceStack
from uadray.errors import DataError, Problem
from uadray.section import Section


class PadCanvas(Section):
    """Zeros around the slice, or less background: size x size pixels about the centre of the field of view.

    Baur et al. 2018 have 256 x 256 slices; padded or resized, they do not say. Padding keeps voxels as they are.
    """

    kind: Literal["pad"] = "pad"
    size: int = Field(default=256, ge=16, le=1024)
    """Rows and columns."""

    def fit(self, stack: SliceStack) -> SliceStack:
        """The slices on the canvas; raises DataError (UAD-112) if brain or lesion voxels would be cut off."""
        wanted = stack.brain | stack.lesion
        if np.count_nonzero(_centred(wanted, self.size)) < np.count_nonzero(wanted):
            rows, columns = (np.ptp(np.flatnonzero(wanted.any(axis=axes))) + 1 for axes in ((0, 2), (0, 1)))
            must = f"the brain must fit into {self.size} x {self.size} pixels about the centre"
            got, do = f"{rows} x {columns} in {wanted.shape[1:]}", "Use a larger size or canvas.kind resample."
            raise DataError(Problem("UAD-112", "canvas", must, got, do))
        return _on_square(stack, self.size)


class ResampleCanvas(Section):
    """The whole slice at another resolution: padded to a square about its centre, then resampled to size x size pixels.

    Images are resampled bilinearly with antialiasing. Masks take the nearest pixel, which is blind to a lesion's size:
    measured from 1 mm to 64 x 64 on 5854 sections of real MS lesions, it keeps 59 % of them and 1.02 of their area. A
    coverage of one half keeps 34 % and 0.79, because small lesions lose everywhere.
    """

    kind: Literal["resample"] = "resample"
    size: int = Field(default=64, ge=16, le=1024)
    """Rows and columns."""

    def fit(self, stack: SliceStack) -> SliceStack:
        """The slices on the canvas; rows and columns keep the proportion that they have in the scan, in pixels."""
        import torch  # takes 0.9 s: only who resamples should wait
        from torch.nn.functional import interpolate

        square = _on_square(stack, max(stack.brain.shape[1:]))
        brain, lesion = (self._nearest(mask) for mask in (square.brain, square.lesion))
        images = torch.from_numpy(square.images)[:, None]
        images = interpolate(images, size=(self.size, self.size), mode="bilinear", antialias=True)[:, 0]
        row, column, between = square.spacing_mm
        scale = square.brain.shape[1] / self.size
        return replace(
            square,
            images=images.clamp(0, 1).numpy() * brain,
            brain=brain,
            lesion=lesion,
            spacing_mm=(row * scale, column * scale, between),
            to_native=square.to_native @ _pixels(scale, (scale - 1) / 2, (scale - 1) / 2),
        )

    def _nearest(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        centres = (2 * np.arange(self.size) + 1) * mask.shape[1] // (2 * self.size)  # the pixel that holds the centre
        return np.asarray(mask[:, centres[:, None], centres])


Canvas = Annotated[PadCanvas | ResampleCanvas, Field(discriminator="kind")]


def _on_square(stack: SliceStack, side: int) -> SliceStack:
    images, brain, lesion = (_centred(array, side) for array in (stack.images, stack.brain, stack.lesion))
    kept = [(length, min(length, side)) for length in stack.images.shape[1:]]
    row, column = ((length - k) // 2 - (side - k) // 2 for length, k in kept)
    to_native = stack.to_native @ _pixels(1.0, row, column)
    return replace(stack, images=images, brain=brain, lesion=lesion, to_native=to_native)


def _pixels(scale: float, row: float, column: float) -> NDArray[np.float64]:
    """(4, 4): where (row, column, z, 1) of the new slices lies in the former ones."""
    return np.array([[scale, 0, 0, row], [0, scale, 0, column], [0, 0, 1, 0], [0, 0, 0, 1.0]])


def _centred(array: NDArray[Any], side: int) -> NDArray[Any]:
    """(N, H, W) to (N, side, side) about the centre, with zeros around or less of the border."""
    square = np.zeros((len(array), side, side), array.dtype)
    kept = [min(length, side) for length in array.shape[1:]]
    rows, columns = (slice((side - k) // 2, (side - k) // 2 + k) for k in kept)
    of_rows, of_columns = (slice((n - k) // 2, (n - k) // 2 + k) for n, k in zip(array.shape[1:], kept, strict=True))
    square[:, rows, columns] = array[:, of_rows, of_columns]
    return square
