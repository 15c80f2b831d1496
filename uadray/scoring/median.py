"""Exact medians of pixels by a selection network, a few rows at a time so that all of it stays in the cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from uadray.scoring.median_network import Node, Program, Value, median_of_tiles

Maps = NDArray[np.float32]

CHUNK = 24000  # tiles of 2 x 2 pixels: a 5 x 5 median takes 0.53 ms for 256 x 256; 0.59 with 16384, 0.63 with 8192


def median_2d(maps: Maps, size: int) -> Maps:
    """Each slice's size x size median, size odd; the border repeats its nearest pixel. maps is (N, H, W).

    As scipy.ndimage.median_filter(maps, (1, size, size), mode="nearest"), but a window with a NaN has the median NaN.
    """
    return _filtered(maps, size, [0])


def median_3d(maps: Maps, size: int) -> Maps:
    """The size x size x size median of consecutive slices, (N, H, W); every border repeats its nearest.

    As scipy.ndimage.median_filter(maps, size, mode="nearest"), but a window with a NaN has the median NaN.
    """
    return _filtered(maps, size, range(-(size // 2), size // 2 + 1))


def _filtered(maps: Maps, size: int, reach: Sequence[int]) -> Maps:
    """Medians over the slices that are `reach` away."""
    if size == 1:
        return maps
    maps = np.ascontiguousarray(maps, np.float32)
    filtered = np.zeros(maps.shape, np.float32)
    y, x = _box(maps, size // 2)
    inside, out = maps[:, y, x], filtered[:, y, x]
    if inside.size:
        grid = _Grid.of(inside.shape, size // 2)
        program = Program(_network(size, len(reach)), grid.columns, grid.slices * grid.tall * grid.columns)
        for band in grid.bands(inside.shape):
            band.load(inside, program, reach)
            program.run()
            band.save(program, out)
    return filtered


@lru_cache(maxsize=16)
def _network(size: int, depth: int) -> tuple[list[Node], list[Value]]:
    return median_of_tiles(size, depth)


def _box(maps: Maps, radius: int) -> tuple[slice, slice]:
    """Rows and columns of all windows that are not only zeros: far outside the brain nothing need be computed."""
    if not maps.size:
        return slice(0), slice(0)
    lit = np.bitwise_or.reduce(maps.view(np.int32), axis=0) != 0
    places = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    if not lit.any():
        return slice(0), slice(0)
    y, x = (slice(max(0, int(at[0]) - radius), int(at[-1]) + radius + 1) for at in places)
    return y, x


@dataclass(frozen=True)
class _Grid:
    """How many slices, and rows of tiles in each, go through the network together: about CHUNK tiles."""

    slices: int
    rows: int
    columns: int  # with those that only lend pixels to windows
    radius: int

    @classmethod
    def of(cls, shape: tuple[int, ...], radius: int) -> _Grid:
        rows, columns = -(-shape[1] // 2), -(-shape[2] // 2) + radius
        bands = -(-rows // max(1, CHUNK // columns))
        rows = -(-rows // bands)
        return cls(min(shape[0], max(1, CHUNK // ((rows + radius) * columns))), rows, columns, radius)

    @property
    def tall(self) -> int:
        """Rows of tiles, with those that only lend pixels to windows."""
        return self.rows + self.radius

    def bands(self, shape: tuple[int, ...]) -> Iterator[_Band]:
        """Bands that cover all tiles."""
        for start in range(0, shape[0], self.slices):
            for row in range(0, shape[1], 2 * self.rows):
                yield _Band(self, start, min(start + self.slices, shape[0]), row)


@dataclass(frozen=True)
class _Band:
    """Slices start to stop, from a row of pixels on."""

    grid: _Grid
    start: int
    stop: int
    row: int

    def load(self, maps: Maps, program: Program, reach: Sequence[int]) -> None:
        """Even and odd rows and columns of the band's pixels and of those around become the planes of the program."""
        shape = self.stop - self.start, self.grid.tall, self.grid.columns
        for number, away in enumerate(reach):
            window = self._window(maps, away)
            for place in range(4):
                plane = program.inputs[4 * number + place][: np.prod(shape)].reshape(shape)
                plane[:] = window[:, place // 2 :: 2, place % 2 :: 2]

    def save(self, program: Program, out: Maps) -> None:
        """The reverse, for medians."""
        shape = self.stop - self.start, self.grid.tall, self.grid.columns
        band = out[self.start : self.stop, self.row : self.row + 2 * self.grid.rows]
        for place, plane in enumerate(program.outputs):
            part = band[:, place // 2 :: 2, place % 2 :: 2]
            part[:] = plane[: np.prod(shape)].reshape(shape)[:, : part.shape[1], : part.shape[2]]

    def _window(self, maps: Maps, away: int) -> Maps:
        """The pixels of the slices that are `away`, borders repeated."""
        radius, width = self.grid.radius, maps.shape[2]
        z = np.clip(np.arange(self.start, self.stop) + away, 0, len(maps) - 1)
        first, last = self.row - radius, self.row + 2 * self.grid.rows + radius
        whole = maps[z[0] : z[-1] + 1] if z[-1] - z[0] == len(z) - 1 else maps[z]  # a view where it can be
        part = whole[:, max(0, first) : last]
        window = np.empty((len(z), last - first, 2 * self.grid.columns), np.float32)
        y, x = slice(max(0, -first), max(0, -first) + part.shape[1]), slice(radius, radius + width)
        window[:, y, x] = part
        window[:, : y.start] = window[:, y.start : y.start + 1]
        window[:, y.stop :] = window[:, y.stop - 1 : y.stop]
        window[:, :, : x.start] = window[:, :, x.start : x.start + 1]
        window[:, :, x.stop :] = window[:, :, x.stop - 1 : x.stop]
        return window
