"""One look for all figures: widths of a paper's column, colours that colour-blind people tell apart, three formats."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

CM = 1 / 2.54  # inches
COLUMN, PAGE = 8.8 * CM, 18.0 * CM  # widths of one column and of two
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (  # Okabe and Ito 2008
    *("#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"),
)
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK, "#8C8C8C")  # yellow is too pale for lines
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (7, 2)))
LOOK: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # it comes with matplotlib
    "font.size": 7,
    "axes.labelsize": 7,
    "axes.titlesize": 7.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E5E5E5",
    "grid.linewidth": 0.5,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "lines.linewidth": 1.1,
    "lines.markersize": 4,
    "pdf.fonttype": 42,  # text stays text
    "svg.fonttype": "path",
    "svg.hashsalt": "uadray",  # the same figure, the same file
    "savefig.dpi": 200,
}


@contextmanager
def styled() -> Iterator[None]:
    """Inside, figures are made and drawn in the one look."""
    with matplotlib.rc_context(LOOK):  # type: ignore[arg-type]
        yield


def new_figure(width: float, height: float, **settings: Any) -> Figure:
    """An empty figure of a fixed size in inches, whose parts keep clear of each other, with a canvas of its own."""
    figure = Figure(figsize=(width, height), dpi=200, layout="constrained", **settings)
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03)  # type: ignore[union-attr, call-arg]
    return figure


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Write NAME.pdf, .svg and .png, 200 dots per inch, the same bytes for the same figure; the path of the last."""
    with styled():
        figure.savefig(folder / f"{name}.pdf", metadata={"CreationDate": None})
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
        figure.savefig(folder / f"{name}.png", dpi=200)
    return folder / f"{name}.png"
