"""What a model sees in patients, step by step (Fig. 4 of Baur et al. 2018), and what it draws by itself (Fig. 5)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from PIL import Image

from uadray.data.store import Slices
from uadray.models.base import Model
from uadray.pseudonyms import pseudonym
from uadray.scoring.detector import Detector
from uadray.scoring.filters import median
from uadray.scoring.threshold import Fitted, headline

FOUND, FALSE, TRUTH = (0.0, 0.62, 0.45, 0.75), (0.8, 0.47, 0.65, 0.75), (0.95, 0.9, 0.25, 1.0)  # Okabe and Ito 2008
TITLES = ("scan", "reconstruction", "residual", "after {window} median", "segmentation")
SIDE, GAP, LEFT, ABOVE, BELOW, DPI = 2.1, 0.05, 0.3, 0.35, 0.75, 120  # inches; the side of a picture is its width

Colours = NDArray[np.float64]


def save_panels(
    detector: Detector, patients: Slices, unfiltered: NDArray[np.float32], threshold: Fitted, path: Path, rows: int = 4
) -> None:
    """Draw the slice with most lesion of up to `rows` patients, from the smallest lesion load to the largest.

    `unfiltered` are the detector's maps of all slices of these patients, (N, H, W). The two columns of scores share
    their colours, whose bar has a line at the threshold, or at the mean of the scans' own.
    """
    chosen = _largest_lesions(patients, rows)
    filtered = detector.filtered(unfiltered, patients)
    segmentation = detector.segment(filtered, patients, threshold)[chosen]
    shown, unfiltered, maps = patients.only(chosen), unfiltered[chosen], filtered[chosen]
    line = headline(threshold, filtered, patients)
    colours = _colours(unfiltered[shown.brain[:, 0]], line)
    box = _box(shown.brain[:, 0])
    x_hats, inferno = detector.reconstructions(shown), colormaps["inferno"]
    tiles = []
    for row, x_hat in enumerate(x_hats):
        image, truth = _grey(shown.images[row, 0][box]), shown.lesion[row, 0][box]
        scores = (inferno(colours(scores[row][box]))[..., :3] for scores in (unfiltered, maps))
        tiles.append([image, _grey(x_hat[box]), *scores, _overlaid(image, segmentation[row][box], truth)])
    figure, axis, corners = _mosaic(tiles)
    for corner, row in zip(corners[:, -1], range(len(tiles)), strict=True):
        _outline(axis, shown.lesion[row, 0][box], corner)
    _add_words(axis, corners, tiles[0][0].shape, median(detector.config.median_filter), shown.subjects)
    _add_scale(figure, axis, colours, line)
    _add_key(figure, axis)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).save(path, dpi=(DPI, DPI))


@torch.no_grad()
def save_samples(model: Model, path: Path, rows: int = 3, columns: int = 8) -> None:
    """Draw images of the model alone as a grid; nothing is written for a model that is not generative."""
    model.eval()
    samples = model.samples(rows * columns).clamp(0, 1).cpu().numpy()
    if not len(samples):
        return
    pixels = samples.shape[-1]
    framed = np.pad(samples[:, 0], ((0, 0), (1, 1), (1, 1)), constant_values=0.25)
    grid = framed.reshape(rows, columns, pixels + 2, pixels + 2).swapaxes(1, 2).reshape(rows * (pixels + 2), -1)
    picture = Image.fromarray((255 * grid).round().astype(np.uint8))
    larger = max(1, round(128 / pixels))
    picture.resize((picture.width * larger, picture.height * larger), Image.Resampling.NEAREST).save(path)


def _largest_lesions(patients: Slices, rows: int) -> list[int]:
    """Row numbers of one slice a patient, spread over the lesion loads."""
    area = patients.lesion.reshape(len(patients.lesion), -1).sum(axis=1)
    largest = {}
    for number in np.argsort(area, kind="stable"):
        largest[patients.subjects[number]] = int(number)
    ordered = sorted(largest.values(), key=lambda number: (area[number], number))
    return [ordered[i] for i in np.unique(np.linspace(0, len(ordered) - 1, rows).round().astype(int))]


def _box(brain: NDArray[np.bool_], margin: int = 2) -> tuple[slice, slice]:
    """Rows and columns in which brains, (N, H, W), lie; everything where there is none."""
    found = brain.any(axis=0)
    places = np.nonzero(found if found.any() else ~found)
    rows, columns = (slice(max(0, place.min() - margin), place.max() + margin + 1) for place in places)
    return rows, columns


def _colours(scores: NDArray[np.float32], threshold: float) -> Normalize:
    """From 0 to where most scores end, so that a bright few do not darken the rest; the threshold is always within."""
    usual = max(float(np.percentile(scores, 99)), 2 * threshold)
    return Normalize(0, max(min(usual, float(scores.max())), 1.1 * threshold, 1e-6))


def _grey(image: NDArray[np.float32]) -> Colours:
    """An image in [0, 1] as colours, (H, W, 3)."""
    return np.repeat(image.clip(0, 1)[..., None].astype(np.float64), 3, axis=2)


def _mosaic(tiles: Sequence[Sequence[Colours]]) -> tuple[Figure, Axes, NDArray[np.int_]]:
    """Rows of pictures of one size, (H, W, 3), in one axis whose unit is their pixel; with each one's upper left.

    One picture in one axis takes a fifth of the time that twenty axes take.
    """
    height, width, _ = tiles[0][0].shape
    gap = max(1, round(width * GAP / SIDE))  # pixels
    rows, columns = len(tiles), len(tiles[0])
    picture = np.zeros((rows * (height + gap), columns * (width + gap), 3))
    corners = np.moveaxis(np.mgrid[:rows, :columns], 0, -1) * (height + gap, width + gap)
    for own, places in zip(tiles, corners, strict=True):
        for tile, (top, left) in zip(own, places, strict=True):
            picture[top : top + height, left : left + width] = tile
    inches = SIDE / width
    high, wide = picture.shape[0] * inches, picture.shape[1] * inches
    figure = Figure(figsize=(LEFT + wide, ABOVE + high + BELOW), dpi=DPI, facecolor="black")
    full_wide, full_high = figure.get_size_inches()
    axis = figure.add_axes((LEFT / full_wide, BELOW / full_high, wide / full_wide, high / full_high))
    axis.set_axis_off()
    axis.imshow(picture, interpolation="nearest", aspect="auto")
    axis.set_autoscale_on(False)
    return figure, axis, corners


def _add_words(
    axis: Axes, corners: NDArray[np.int_], shape: tuple[int, ...], window: object, subjects: NDArray[np.str_]
) -> None:
    """What the columns are, above them, and whose the rows are, beside them."""
    height, width, _ = shape
    words = partial(axis.annotate, textcoords="offset points", ha="center", color="white")
    for (_, left), title in zip(corners[0], TITLES, strict=True):
        above = (left + (width - 1) / 2, -0.5)
        words(title.format(window=window), above, (0, 6), va="bottom", fontsize=12)
    for (top, _), subject in zip(corners[:, 0], subjects, strict=True):
        beside, name = (-0.5, top + (height - 1) / 2), pseudonym(str(subject))  # pictures leave the folder
        words(name, beside, (-8, 0), va="center", rotation=90, fontsize=9)


def _add_scale(figure: Figure, axis: Axes, colours: Normalize, threshold: float) -> None:
    """A bar of the colours below the two columns of scores."""
    place, inch = axis.get_position(), 1 / figure.get_figheight()
    column = place.width / len(TITLES)
    lies = (place.x0 + 2.1 * column, place.y0 - 0.25 * inch, 1.8 * column, 0.12 * inch)
    bar = figure.colorbar(ScalarMappable(colours, "inferno"), cax=figure.add_axes(lies), orientation="horizontal")
    bar.set_label("anomaly score; the line is the threshold", color="white", fontsize=9, labelpad=1)
    bar.ax.tick_params(colors="white", labelsize=8)
    bar.ax.axvline(threshold, ymin=-0.3, ymax=1.8, color="white", linewidth=1.5, clip_on=False)


def _add_key(figure: Figure, axis: Axes) -> None:
    """What the colours of the last column mean, below it."""
    place = axis.get_position()
    middle = place.x1 - place.width / len(TITLES) / 2
    keys = [Patch(color=FOUND, label="found"), Patch(color=FALSE, label="false")]
    keys.append(Patch(facecolor="none", edgecolor=TRUTH, label="truth"))
    figure.legend(
        handles=keys,
        loc="upper center",
        bbox_to_anchor=(middle, place.y0 - 0.02 / figure.get_figheight()),
        ncols=len(keys),
        frameon=False,
        labelcolor="white",
        fontsize=9,
        handlelength=1,
        handleheight=1,
        handletextpad=0.4,
        columnspacing=1,
    )


def _overlaid(image: Colours, segmentation: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Colours:
    """The image with the colours of voxels found and falsely found over it."""
    over = image.copy()
    for (*colour, opacity), where in ((FOUND, segmentation & truth), (FALSE, segmentation & ~truth)):
        over[where] += opacity * (np.array(colour) - over[where])
    return over


def _outline(axis: Axes, truth: NDArray[np.bool_], corner: NDArray[np.int_]) -> None:
    """A line along the edges of the truth's pixels; the upper left one is at `corner`, (row, column)."""
    within = np.pad(truth, 1)
    edges = []
    for along, step in ((0, (0, 1)), (1, (1, 0))):  # an edge between neighbours runs across to where they lie
        starts = np.argwhere(np.diff(within, axis=along)) - (0.5, 0.5) - (along == 1, along == 0) + corner
        edges += np.stack([starts, starts + step], axis=1)[..., ::-1].tolist()
    axis.add_collection(LineCollection(edges, colors=[TRUTH], linewidths=0.8, capstyle="projecting"))
