"""The same patients through every model (Fig. 4 of Baur et al. 2018): scan, truth, reconstruction, residual, result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from seeing import Seen
from style import CM, GREEN, ORANGE, PAGE, PURPLE, new_figure, styled
from uadray.data.store import Slices

RELATIVE = Normalize(0, 2)  # multiples of the threshold
FOUND, FALSE, TRUTH = GREEN, PURPLE, ORANGE
ROWS = ("reconstruction", "residual", "segmentation")


def figure(seen: Sequence[Seen], count: int = 2) -> Figure:
    """Three rows for each of `count` patients, from a small lesion load to a large one; a column for each model.

    A patient is shown by the slice with the most lesion. Residuals are after the median filter, as multiples of each
    model's threshold, so that they can be compared; segmentations are coloured by whether they are right.
    """
    chosen = _patients(seen[0].slices, count)
    slices = seen[0].slices.only(chosen)
    box = _box(slices.brain[:, 0])
    height, width = slices.brain[0, 0][box].shape
    side = PAGE / (len(seen) + 1.35)
    with styled():
        drawn = new_figure(PAGE, side * height / width * 3 * len(chosen) + (1.6 + 0.25 * len(chosen)) * CM)
        axes = drawn.subplots(3 * len(chosen), len(seen) + 1, squeeze=False)
        for patient in range(len(chosen)):
            rows = axes[3 * patient : 3 * patient + 3]
            image, truth = slices.images[patient, 0][box], slices.lesion[patient, 0][box]
            _show(rows[0, 0], image, "scan")
            _show(rows[1, 0], image, "ground truth")
            rows[1, 0].imshow(_paint(truth, TRUTH), interpolation="nearest")
            rows[2, 0].axis("off")
            rows[2, 0].text(
                0.5, 0.5, _described(slices, patient), ha="center", va="center", transform=rows[2, 0].transAxes
            )
        for column, one in enumerate(seen, start=1):
            x_hats = one.detector.reconstructions(slices)
            axes[0, column].set_title(one.method.replace(" ", "\n", 1))
            for patient, number in enumerate(chosen):
                rows = axes[3 * patient : 3 * patient + 3, column]
                truth, found = slices.lesion[patient, 0][box], one.segmentation[number][box]
                _show(rows[0], x_hats[patient][box], ROWS[0] if column == 1 else "")
                _show(rows[1], one.relative[number][box], ROWS[1] if column == 1 else "", "inferno", RELATIVE)
                _show(rows[2], slices.images[patient, 0][box], ROWS[2] if column == 1 else "")
                for mask, colour in ((found & truth, FOUND), (found & ~truth, FALSE), (truth & ~found, TRUTH)):
                    rows[2].imshow(_paint(mask, colour), interpolation="nearest")
        _keys(drawn, axes)
    return drawn


def _patients(slices: Slices, count: int) -> list[int]:
    """The slice with most lesion of so many patients, at equal steps from a small lesion load to the largest."""
    area = slices.lesion.reshape(len(slices.lesion), -1).sum(axis=1)
    largest = {str(slices.subjects[number]): int(number) for number in np.argsort(area, kind="stable")}
    ordered = sorted((number for number in largest.values() if area[number]), key=lambda number: (area[number], number))
    places = np.linspace(len(ordered) / (2 * count), len(ordered) - len(ordered) / (2 * count), count)
    return [ordered[place] for place in np.unique(np.clip(places.astype(int), 0, len(ordered) - 1))]


def _described(slices: Slices, patient: int) -> str:
    """Who it is does not matter; how much there is to find does."""
    share = slices.lesion[patient].sum() / slices.brain[patient].sum()
    return f"patient {'ABCDEFGHIJ'[patient]}\nlesion: {100 * share:.1f} %\nof the brain"


def _box(brain: NDArray[np.bool_], margin: int = 1) -> tuple[slice, slice]:
    """Rows and columns in which brains, (N, H, W), lie."""
    rows, columns = (np.nonzero(brain.any(axis=axes))[0] for axes in ((0, 2), (0, 1)))
    (top, bottom), (left, right) = (
        (max(0, found.min() - margin), found.max() + margin + 1) for found in (rows, columns)
    )
    return slice(top, bottom), slice(left, right)


def _show(
    axis: Axes, image: NDArray[np.float32], label: str, cmap: str = "gray", norm: Normalize | None = None
) -> None:
    axis.imshow(image, cmap=cmap, norm=norm or Normalize(0, 1), interpolation="nearest")
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_visible(False)
    axis.set_ylabel(label, labelpad=2)


def _paint(mask: NDArray[np.bool_], colour: str) -> NDArray[np.float64]:
    """One colour where the mask is, transparent elsewhere."""
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return np.stack([np.full(mask.shape, red), np.full(mask.shape, green), np.full(mask.shape, blue), 0.85 * mask], -1)


def _keys(drawn: Figure, axes: NDArray[np.object_]) -> None:
    bar = drawn.colorbar(
        ScalarMappable(RELATIVE, "inferno"),
        ax=axes[-1].tolist(),
        orientation="horizontal",
        aspect=45,
        shrink=0.45,
        pad=0.03,
    )
    bar.set_label("residual after the median filter, in multiples of the model's threshold")
    bar.set_ticks([0, 0.5, 1, 1.5, 2], labels=["0", "0.5", "1", "1.5", "≥ 2"])
    patches = [Patch(color=FOUND, label="found"), Patch(color=FALSE, label="false"), Patch(color=TRUTH, label="missed")]
    drawn.legend(handles=patches, loc="lower right", ncols=3, handlelength=1, handleheight=1)
