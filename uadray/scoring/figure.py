"""What a model sees in patients, step by step (Fig. 4 of Baur et al. 2018), and what it draws by itself (Fig. 5)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
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
    height, width = shown.brain[0, 0][box].shape
    figure, axes = _grid(len(maps), len(TITLES), height / width)
    for row, x_hat in enumerate(detector.reconstructions(shown)):
        image, truth = shown.images[row, 0][box], shown.lesion[row, 0][box]
        _draw(axes[row, 0], image, pseudonym(str(shown.subjects[row])))  # pictures leave the folder
        _draw(axes[row, 1], x_hat[box])
        _draw(axes[row, 2], unfiltered[row][box], cmap="inferno", norm=colours)
        _draw(axes[row, 3], maps[row][box], cmap="inferno", norm=colours)
        _draw(axes[row, 4], image)
        axes[row, 4].imshow(_overlay(segmentation[row][box], truth), interpolation="nearest")
        _outline(axes[row, 4], truth)
    window = median(detector.config.median_filter)
    for axis, title in zip(axes[0], TITLES, strict=True):
        axis.set_title(title.format(window=window), color="white", fontsize=12)
    _add_scale(figure, axes, colours, line)
    _add_key(figure, axes)
    FigureCanvasAgg(figure).print_png(path)


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


def _grid(rows: int, columns: int, height_to_width: float) -> tuple[Figure, NDArray[np.object_]]:
    """Axes of one size that nearly touch, with room for titles above and for the scale below."""
    side, gap, left, above, below = 2.1, 0.05, 0.3, 0.35, 0.75  # inches
    width = left + columns * (side + gap)
    height = above + rows * (side * height_to_width + gap) + below
    figure = Figure(figsize=(width, height), dpi=120, facecolor="black")
    room = {"left": left / width, "right": 1 - gap / width, "bottom": below / height, "top": 1 - above / height}
    space = {"wspace": gap / side, "hspace": gap / (side * height_to_width)}
    return figure, figure.subplots(rows, columns, squeeze=False, gridspec_kw={**room, **space})


def _draw(
    axis: Axes, image: NDArray[np.float32], label: str = "", cmap: str = "gray", norm: Normalize | None = None
) -> None:
    axis.imshow(image, cmap=cmap, norm=norm or Normalize(0, 1), interpolation="nearest")
    axis.set_autoscale_on(False)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_ylabel(label, color="white", fontsize=9)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _add_scale(figure: Figure, axes: NDArray[np.object_], colours: Normalize, threshold: float) -> None:
    """A bar of the colours below the two columns of scores."""
    left, right = axes[-1, 2].get_position(), axes[-1, 3].get_position()
    inch = 1 / figure.get_figheight()
    place = (left.x0 + 0.1 * left.width, left.y0 - 0.25 * inch, right.x1 - left.x0 - 0.2 * left.width, 0.12 * inch)
    bar = figure.colorbar(ScalarMappable(colours, "inferno"), cax=figure.add_axes(place), orientation="horizontal")
    bar.set_label("anomaly score; the line is the threshold", color="white", fontsize=9, labelpad=1)
    bar.ax.tick_params(colors="white", labelsize=8)
    bar.ax.axvline(threshold, ymin=-0.3, ymax=1.8, color="white", linewidth=1.5, clip_on=False)


def _add_key(figure: Figure, axes: NDArray[np.object_]) -> None:
    """What the colours of the last column mean, below it."""
    place = axes[-1, -1].get_position()
    keys = [Patch(color=FOUND, label="found"), Patch(color=FALSE, label="false")]
    keys.append(Patch(facecolor="none", edgecolor=TRUTH, label="truth"))
    figure.legend(
        handles=keys,
        loc="upper center",
        bbox_to_anchor=(place.x0 + place.width / 2, place.y0 - 0.02 / figure.get_figheight()),
        ncols=len(keys),
        frameon=False,
        labelcolor="white",
        fontsize=9,
        handlelength=1,
        handleheight=1,
        handletextpad=0.4,
        columnspacing=1,
    )


def _overlay(segmentation: NDArray[np.bool_], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Colours of voxels found and falsely found; transparent elsewhere."""
    colours = np.zeros((*truth.shape, 4))
    colours[segmentation & truth] = FOUND
    colours[segmentation & ~truth] = FALSE
    return colours


def _outline(axis: Axes, truth: NDArray[np.bool_]) -> None:
    """A line along the edges of the truth's pixels."""
    if truth.any():
        finer = 8
        fine = np.pad(truth, 1).repeat(finer, axis=0).repeat(finer, axis=1)
        y, x = ((np.arange(length) + 0.5) / finer - 1.5 for length in fine.shape)
        axis.contour(x, y, fine, levels=[0.5], colors=[TRUTH], linewidths=0.8)
