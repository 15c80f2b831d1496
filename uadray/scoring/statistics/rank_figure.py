"""The critical-difference plot (Demsar 2006, J. Mach. Learn. Res. 7, 1, fig. 1)."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from uadray.scoring.statistics.ranks import Ranks

WIDTH, LINE, LETTER = 4.6, 0.24, 0.09  # inches: the scale of ranks, a line of text, a letter
ABOVE, BELOW = 1.15, 0.15  # inches over and under the scale's and the last name's line


def save_ranks(ranks: Ranks, path: Path) -> None:
    """Draw average ranks on a line, the best at the left, each joined to its method's name.

    A thick bar joins methods that do not differ; the bar above the scale is as long as the critical difference.
    """
    best, worst = floor(min(ranks.average.values())), ceil(max(ranks.average.values()))
    worst = max(worst, best + 1, ceil(best + ranks.critical_difference))
    inch = (worst - best) / WIDTH  # in ranks
    ends = [(ranks.average[clique[0]], ranks.average[clique[-1]]) for clique in ranks.cliques]
    bars = _levels([(start - 0.05 * inch, end + 0.05 * inch) for start, end in ends])
    names = list(ranks.average)
    left, right = names[: ceil(len(names) / 2)], names[ceil(len(names) / 2) :][::-1]
    labels = max(len(name) for name in names) * LETTER + 0.7
    depth = (max((level for *_, level in bars), default=-1) + 1) * 0.5 + 0.6  # lines that the bars take
    height = ABOVE + (depth + len(left)) * LINE + BELOW
    figure = Figure(figsize=(WIDTH + 2 * labels, height), dpi=150, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(best - labels * inch, worst + labels * inch)
    axes.set_ylim(-(depth + len(left)) - BELOW / LINE, ABOVE / LINE)
    axes.set_axis_off()
    _draw_scale(axes, best, worst)
    _draw_critical_difference(axes, ranks, best)
    for start, end, level in bars:
        y = -0.55 - 0.5 * level
        axes.plot([start, end], [y, y], color="black", linewidth=4, solid_capstyle="butt")
    _draw_names(axes, ranks, left, best - 0.15 * inch, depth, "right")
    _draw_names(axes, ranks, right, worst + 0.15 * inch, depth, "left")
    FigureCanvasAgg(figure).print_png(path)


def _levels(bars: Sequence[tuple[float, float]]) -> list[tuple[float, float, int]]:
    """Each bar with the first line on which it touches no bar before it; 0 is the line next to the scale."""
    placed: list[tuple[float, float, int]] = []
    for start, end in bars:
        taken = {level for other_start, other_end, level in placed if start <= other_end and other_start <= end}
        placed.append((start, end, next(level for level in range(len(bars)) if level not in taken)))
    return placed


def _draw_scale(axes: Axes, best: int, worst: int) -> None:
    axes.plot([best, worst], [0, 0], color="black", linewidth=1)
    for tick in range(2 * best, 2 * worst + 1):
        length = 0.2 if tick % 2 else 0.4
        axes.plot([tick / 2, tick / 2], [0, length], color="black", linewidth=1)
        if not tick % 2:
            axes.text(tick / 2, 0.55, str(tick // 2), ha="center", va="bottom", fontsize=9)


def _draw_critical_difference(axes: Axes, ranks: Ranks, best: int) -> None:
    end = best + ranks.critical_difference
    axes.plot([best, end], [2.3, 2.3], color="black", linewidth=1.5)
    for x in (best, end):
        axes.plot([x, x], [2.1, 2.5], color="black", linewidth=1.5)
    p = f"= {ranks.friedman_p:.3f}" if ranks.friedman_p >= 0.001 else "< 0.001"
    about = f"average ranks over {ranks.patients} patients, 1 is best; Friedman p {p}"
    text = f"{about}\nCD = {ranks.critical_difference:.2f}"
    axes.text(best, 2.65, text, ha="left", va="bottom", fontsize=9, linespacing=1.4)


def _draw_names(axes: Axes, ranks: Ranks, names: Sequence[str], x: float, depth: float, align: str) -> None:
    """Names from the top down, each with its average rank and a line to it; the outermost rank is the topmost."""
    for row, name in enumerate(names):
        y, at = -depth - row - 0.5, ranks.average[name]
        axes.plot([at, at, x], [0, y, y], color="black", linewidth=0.8)
        text = f"{name}  {at:.2f} " if align == "right" else f" {at:.2f}  {name}"
        axes.text(x, y, text, ha=align, va="center", fontsize=10)
