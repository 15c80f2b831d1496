"""What it sees: scan, reconstruction, anomaly map, segmentation against the truth (Fig. 4 of Baur et al. 2018)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from uadray.data.store import Slices
from uadray.scoring.detector import Detector

FOUND, MISSED, FALSE = (0.0, 0.62, 0.45, 0.85), (0.9, 0.6, 0.0, 0.85), (0.8, 0.47, 0.65, 0.85)  # Okabe and Ito 2008


def save_panels(detector: Detector, patients: Slices, threshold: float, path: Path, rows: int = 4) -> None:
    """Draw the slice with most lesion of up to `rows` patients, from the smallest lesion load to the largest."""
    shown = patients.only(_largest_lesions(patients, rows))
    maps, reconstructions = detector.anomaly_maps(shown), detector.reconstructions(shown)
    figure = Figure(figsize=(9, 2.05 * len(shown.images) + 0.7), layout="constrained", facecolor="black")
    axes = figure.subplots(len(shown.images), 4, squeeze=False)
    scale = max(float(maps.max()), 2 * threshold, 1e-6)
    for row, (image, x_hat, scores) in enumerate(zip(shown.images[:, 0], reconstructions, maps, strict=True)):
        _draw(axes[row, 0], image, shown.subjects[row])
        _draw(axes[row, 1], x_hat, "")
        _draw(axes[row, 2], scores, "", cmap="inferno", vmax=scale)
        _draw(axes[row, 3], image, "")
        axes[row, 3].imshow(_overlay(scores > threshold, shown.lesion[row, 0]), interpolation="nearest")
    for axis, title in zip(axes[0], ("scan", "reconstruction", "anomaly map", "segmentation"), strict=True):
        axis.set_title(title, color="white", fontsize=11)
    for name, colour, x in (("found", FOUND, 0.62), ("missed", MISSED, 0.76), ("false", FALSE, 0.91)):
        figure.text(x, 0.004, f"\N{BLACK SQUARE} {name}", color=colour, fontsize=10, ha="center")
    figure.get_layout_engine().set(rect=(0, 0.045, 1, 0.955))  # type: ignore[call-arg, union-attr]
    FigureCanvasAgg(figure).print_png(path)


def _largest_lesions(patients: Slices, rows: int) -> list[int]:
    """Row numbers of one slice a patient, spread over the lesion loads."""
    area = patients.lesion.reshape(len(patients.lesion), -1).sum(axis=1)
    largest = {}
    for number in np.argsort(area, kind="stable"):
        largest[patients.subjects[number]] = int(number)
    ordered = sorted(largest.values(), key=lambda number: (area[number], number))
    return [ordered[i] for i in np.unique(np.linspace(0, len(ordered) - 1, rows).round().astype(int))]


def _draw(axis: Axes, image: NDArray[np.float32], label: str, cmap: str = "gray", vmax: float = 1.0) -> None:
    axis.imshow(image, cmap=cmap, vmin=0, vmax=vmax, interpolation="nearest")
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_ylabel(label, color="white", fontsize=8)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _overlay(segmentation: NDArray[np.bool_], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Colours of voxels found, missed and falsely found; transparent elsewhere."""
    colours = np.zeros((*truth.shape, 4))
    colours[segmentation & truth] = FOUND
    colours[~segmentation & truth] = MISSED
    colours[segmentation & ~truth] = FALSE
    return colours
