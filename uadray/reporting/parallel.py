"""Parallel coordinates: a line a trial through its architecture, its settings and its objective.

The picture is made of points here and drawn by the page's template; it needs no script to be read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.ticker import MaxNLocator

from uadray.reporting.gathering import Found
from uadray.reporting.words import SHORT, of_metric, short
from uadray.study.ledger import Record
from uadray.study.objectives import merit

WIDTH, HEIGHT, TOP, BOTTOM, SIDE = 960, 400, 46, 372, 70  # units of the SVG
MOST = 9  # axes
SETTINGS: Mapping[str, str] = {  # in this order; the first ones stay where there is no room for all
    "model": "architecture",
    "latent_values": "values of z",
    "lambda_1": "λ₁ reconstruction",
    "lambda_2": "λ₂ KL",
    "lambda_3": "λ₃ adversarial",
    "threshold_percentile": "percentile",
    "learning_rate": "learning rate",
    "standardise": "standardise",
    "median_filter": "median filter",
    "erosion": "erosion",
    "residual": "residual",
    "noise": "noise",
    "epochs": "epochs",
    "train_seed": "seed",
}


@dataclass(frozen=True)
class Tick:
    """A label at a height."""

    y: float
    label: str


Scale = tuple[Callable[[Any], float], Sequence[Tick]]  # where a value lies on an axis, and the axis's labels


@dataclass(frozen=True)
class Axis:
    """A vertical line of the picture."""

    x: float
    name: str
    ticks: Sequence[Tick]


@dataclass(frozen=True)
class Line:
    """A trial; `points` are as SVG has them."""

    trial: int
    points: str
    colour: str
    words: str
    selected: bool


@dataclass(frozen=True)
class Parallel:
    """The picture; lines that are drawn later lie above."""

    axes: Sequence[Axis]
    lines: Sequence[Line]
    width: int = WIDTH
    height: int = HEIGHT
    top: int = TOP
    bottom: int = BOTTOM


def parallel(found: Found) -> Parallel | None:
    """The scored trials; None where fewer than two, or where nothing differs."""
    scored = sorted(found.scored, key=lambda record: merit(record.metrics[found.objective], found.mode))
    rows = [record.run.hyperparameters() for record in scored]
    varying = [name for name in SETTINGS if len({str(row[name]) for row in rows}) > 1]
    names = sorted(varying[: MOST - 1], key=list(SETTINGS).index)
    if len(scored) < 2 or not names:
        return None
    columns: dict[str, Sequence[Any]] = {SETTINGS[name]: [row[name] for row in rows] for name in names}
    columns[SHORT[found.objective]] = [record.metrics[found.objective] for record in scored]
    axes, heights = [], []
    for place, (name, values) in enumerate(columns.items()):
        own = place == len(names) and max(values) <= 1  # a score is not in orders of magnitude
        at, ticks = _linear(values) if own else _scale(values)
        axes.append(Axis(SIDE + place * (WIDTH - 2 * SIDE) / len(names), name, ticks))
        heights.append([at(value) for value in values])
    return Parallel(
        axes, [_line(found, record, place, len(scored), axes, heights) for place, record in enumerate(scored)]
    )


def _line(
    found: Found, record: Record, place: int, count: int, axes: Sequence[Axis], heights: Sequence[Sequence[float]]
) -> Line:
    points = " ".join(f"{axis.x:.1f},{column[place]:.1f}" for axis, column in zip(axes, heights, strict=True))
    value = of_metric(found.objective, record.metrics[found.objective])
    words = f"trial {record.index}: {record.run.describe()}, {SHORT[found.objective]} {value}"
    colour = to_hex(colormaps["cividis"](0.05 + 0.85 * place / max(count - 1, 1)))  # by rank; the best is the brightest
    selected = found.winner is not None and record.index == found.winner.index
    return Line(record.index, points, colour, words, selected)


def _scale(values: Sequence[Any]) -> Scale:
    """Words, and up to four numbers, in their order; numbers by size.

    Numbers that are positive and span a factor of 20 or more are in orders of magnitude; 0 is a step below them.
    """
    if any(isinstance(value, str) for value in values) or len(set(values)) <= 4:
        labels = sorted(set(values), key=lambda value: (isinstance(value, str), value))
        at = {value: _height(place, 0, len(labels) - 1) for place, value in enumerate(labels)}
        return at.__getitem__, [Tick(at[value], value if isinstance(value, str) else short(value)) for value in labels]
    positive = [value for value in values if value > 0]
    if min(values) >= 0 and positive and max(positive) / min(positive) >= 20:
        return _logarithmic(values, math.log10(min(positive)), math.log10(max(positive)))
    return _linear(values)


def _logarithmic(values: Sequence[float], low: float, high: float) -> Scale:
    zero = low - 0.15 * (high - low) if 0 in values else low

    def at(value: float) -> float:
        return _height(math.log10(value) if value > 0 else zero, zero, high)

    ticks = [Tick(at(10.0**power), short(10.0**power)) for power in range(math.ceil(low), math.floor(high) + 1)]
    return at, [*([Tick(at(0), "0")] if 0 in values else []), *ticks]


def _linear(values: Sequence[float]) -> Scale:
    low, high = min(values), max(values)
    marks = [float(mark) for mark in MaxNLocator(5).tick_values(low, high) if low <= mark <= high]
    ends = marks if len(marks) > 1 else [low, high]
    return lambda value: _height(value, low, high), [Tick(_height(mark, low, high), short(mark)) for mark in ends]


def _height(value: float, low: float, high: float) -> float:
    """From the bottom to the top; in the middle where there is one value only."""
    share = (value - low) / (high - low) if high > low else 0.5
    return BOTTOM - share * (BOTTOM - TOP)
