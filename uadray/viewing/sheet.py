"""A sheet of a scan's slices and what a model makes of them, for a quick look at many scans."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from uadray.bundle.content import NOTICE
from uadray.files import draft_of
from uadray.prediction.predicting import Prediction
from uadray.viewing.shown import FOUND, NOT_ASSESSED, Shown, shown, summary

TITLES = ("scan", "reconstruction", "residual", "anomaly map", "segmentation")
SIDE, GAP, LEFT, ABOVE, BELOW = 2.1, 0.05, 0.55, 0.95, 0.85  # inches
LINE = 0.17  # inches of a warning
DPI = 120
FINER = 3  # pixels of stripes in one of the picture, which would else cut them to waves
STRIPE = 8 * FINER


def write_sheet(found: Prediction, stem: Path) -> Path:
    """Write STEM_qc.png, whole or not at all: axial slices of the scan's own grid, a row each.

    They are the slice with most anomaly, and the middle and the two ends of what was assessed. What was not assessed is
    striped in grey, so that nobody takes it for a low score. Raises DataError (UAD-101 to UAD-108) if the scan has gone
    or changed.
    """
    seen = shown(found)
    rows = _slices(seen, found.threshold)
    warnings = [line for each in found.warnings for line in textwrap.wrap(f"Unlike known scans: {each}", 150)]
    box = _box(seen)
    sides = seen.spacing_mm[1] / seen.spacing_mm[0]
    height, width = _axial(seen.scan, 0)[box].shape
    figure, axes = _grid(len(rows), sides * height / width, LINE * len(warnings))
    colours = Normalize(0, seen.top_score)
    for row, (z, why) in zip(axes, rows, strict=True):
        scan, unseen = _axial(seen.scan, z)[box], ~_axial(seen.assessed, z)[box]
        maps = (_axial(each, z)[box] for each in (seen.reconstruction, seen.residual, seen.anomaly))
        _draw(row[0], scan, sides, "gray", Normalize(*seen.window), f"{why}\n{_z_mm(seen, z):.0f} mm")
        for axis, values, cmap, norm in zip(
            row[1:4], maps, ("gray", "inferno", "inferno"), (Normalize(0, 1), colours, colours), strict=True
        ):
            _draw(axis, values, sides, cmap, norm)
            _stripe(axis, unseen, seen.spacing_mm)
        _draw(row[4], scan, sides, "gray", Normalize(*seen.window))
        _outline(row[4], _axial(seen.segmentation, z)[box])
    for axis, title in zip(axes[0], TITLES, strict=True):
        axis.set_title(title, color="white", fontsize=12)
    for axis in (axes[0, 0], axes[0, 4]):
        axis.text(0.03, 0.97, "R", transform=axis.transAxes, color="white", fontsize=9, va="top")
    _tell(figure, found, warnings)
    _add_scale(figure, axes, colours, found.threshold)
    path = stem.with_name(f"{stem.name}_qc.png")
    draft = draft_of(path)
    with draft.open("wb") as file:
        FigureCanvasAgg(figure).print_png(file)
    return draft.replace(path)


def _slices(seen: Shown, threshold: float) -> list[tuple[int, str]]:
    """The z of the slices to draw, the highest first, and why each is; the middle where none was assessed."""
    assessed = np.flatnonzero(seen.assessed.any(axis=(0, 1)))
    if not len(assessed):
        return [(seen.scan.shape[2] // 2, "not assessed")]
    above = np.clip(seen.anomaly - threshold, 0, None).sum(axis=(0, 1), dtype=np.float64)
    load = above if above.any() else seen.anomaly.sum(axis=(0, 1), dtype=np.float64)
    reasons: dict[int, list[str]] = {}
    for place, why in (
        (load[assessed].argmax(), "most anomaly"),
        (-1, "highest assessed"),
        (len(assessed) // 2, "middle assessed"),
        (0, "lowest assessed"),
    ):
        reasons.setdefault(int(assessed[place]), []).append(why)
    return sorted(((z, ",\n".join(why)) for z, why in reasons.items()), reverse=True)


def _axial(array: NDArray[Any], z: int) -> NDArray[Any]:
    """A slice as radiologists see it: anterior above, the patient's right on the left."""
    return np.asarray(array[::-1, ::-1, z].T)


def _z_mm(seen: Shown, z: int) -> float:
    """Of the middle of a slice, towards superior."""
    x, y, _ = seen.scan.shape
    return float((seen.affine @ ((x - 1) / 2, (y - 1) / 2, z, 1))[2])


def _box(seen: Shown, margin: int = 2) -> tuple[slice, slice]:
    """Rows and columns of the displayed slices in which there is something."""
    low, high = seen.window
    there = (seen.scan > low + 0.05 * (high - low)) | seen.assessed
    places = np.nonzero(np.asarray(there.any(axis=2)).T[::-1, ::-1])
    rows, columns = (slice(max(0, int(place.min()) - margin), int(place.max()) + margin + 1) for place in places)
    return rows, columns


def _grid(rows: int, height_to_width: float, for_warnings: float) -> tuple[Figure, NDArray[np.object_]]:
    """Axes of one size that nearly touch, with room for words above and for the scale below."""
    above = ABOVE + for_warnings
    width, height = LEFT + len(TITLES) * (SIDE + GAP), above + rows * (SIDE * height_to_width + GAP) + BELOW
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="black")
    room = {"left": LEFT / width, "right": 1 - GAP / width, "bottom": BELOW / height, "top": 1 - above / height}
    space = {"wspace": GAP / SIDE, "hspace": GAP / (SIDE * height_to_width)}
    return figure, figure.subplots(rows, len(TITLES), squeeze=False, gridspec_kw={**room, **space})


def _draw(axis: Axes, image: NDArray[np.float32], sides: float, cmap: str, norm: Normalize, label: str = "") -> None:
    axis.imshow(image, cmap=cmap, norm=norm, aspect=sides, interpolation="nearest")
    axis.set_autoscale_on(False)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_ylabel(label, color="white", fontsize=9)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _stripe(axis: Axes, unseen: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> None:
    """Grey diagonal stripes over the pixels that nobody looked at, as wide in every scan."""
    height, width = unseen.shape
    columns = round(FINER * SIDE * DPI)
    rows = round(columns * height * spacing_mm[1] / (width * spacing_mm[0]))
    y, x = np.indices((rows, columns))
    grey = np.where((x + y) % STRIPE < STRIPE // 4, 0.42, 0.24)
    colours = np.stack([grey, grey, grey, unseen[y * height // rows, x * width // columns]], axis=-1)
    axis.imshow(colours, extent=(-0.5, width - 0.5, height - 0.5, -0.5), aspect="auto", interpolation="antialiased")
    axis.set_aspect(spacing_mm[1] / spacing_mm[0])


def _outline(axis: Axes, mask: NDArray[np.bool_]) -> None:
    """A line along the edges of the mask's pixels, on a darker one that parts it from bright tissue."""
    if mask.any():
        finer = 6
        fine = np.pad(mask, 1).repeat(finer, axis=0).repeat(finer, axis=1)
        y, x = ((np.arange(length) + 0.5) / finer - 1.5 for length in fine.shape)
        axis.contour(x, y, fine, levels=[0.5], colors=["black"], linewidths=2.6)
        axis.contour(x, y, fine, levels=[0.5], colors=[FOUND], linewidths=1.5)


def _tell(figure: Figure, found: Prediction, warnings: list[str]) -> None:
    """The scan's name, what was found, and the warnings, above."""
    width, height = figure.get_size_inches()
    left = LEFT / width
    figure.text(left, 1 - 0.25 / height, f"{found.name}: {summary(found)}", color="white", fontsize=11, weight="bold")
    said = f"{NOTICE} Grey stripes: {NOT_ASSESSED[0].lower()}{NOT_ASSESSED[1:]}"
    figure.text(left, 1 - 0.48 / height, said, color="white", fontsize=9.5)
    for number, line in enumerate(warnings):
        figure.text(left, 1 - (0.66 + LINE * number) / height, line, color=(0.9, 0.62, 0.0), fontsize=8.5)


def _add_scale(figure: Figure, axes: NDArray[np.object_], colours: Normalize, threshold: float) -> None:
    """A bar of the colours below the two columns of scores, and what the outline means."""
    left, right, last = (axes[-1, column].get_position() for column in (2, 3, 4))
    inch = 1 / figure.get_figheight()
    place = (left.x0 + 0.1 * left.width, BELOW * inch - 0.25 * inch, right.x1 - left.x0 - 0.2 * left.width, 0.12 * inch)
    bar = figure.colorbar(ScalarMappable(colours, "inferno"), cax=figure.add_axes(place), orientation="horizontal")
    bar.set_label(f"anomaly score; the line is the threshold, {threshold:.3g}", color="white", fontsize=9, labelpad=1)
    bar.ax.tick_params(colors="white", labelsize=8)
    bar.ax.axvline(threshold, ymin=-0.3, ymax=1.8, color="white", linewidth=1.5, clip_on=False)
    figure.text(
        last.x0 + last.width / 2, BELOW * inch - 0.25 * inch, "outline: found", color=FOUND, fontsize=9, ha="center"
    )
