"""Figures of a report: SVG as data URIs, in colours that most colour-blind people can tell apart, on white."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PURPLE, SKY, RED = "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED)  # Okabe and Ito 2008
INK, QUIET, LINE = "#1b1f24", "#5d6570", "#d9dde3"
WIDTH, HEIGHT = 5.2, 3.1  # inches: text stays legible on a telephone
SETTINGS: dict[Any, Any] = {  # matplotlib's
    "svg.hashsalt": "uadray",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
}


@dataclass(frozen=True)
class Chart:
    """A figure with the words that stand for it where it cannot be seen."""

    uri: str
    alt: str


def chart(draw: Callable[[Axes], None], alt: str, height: float = HEIGHT, width: float = WIDTH) -> Chart:
    """The figure that `draw` makes on empty axes."""
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
        axes = figure.subplots()
        draw(axes)
        stream = io.BytesIO()
        FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None})
    return Chart(f"data:image/svg+xml;base64,{base64.b64encode(stream.getvalue()).decode()}", alt)


def grid(axes: Axes, axis: str = "both") -> None:
    """Faint lines behind what is drawn."""
    axes.grid(axis=axis)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
