"""How a search went, drawn: its history, what decided, and what no configuration beats in all objectives."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from uadray.reporting.charts import BLUE, GREEN, INK, ORANGE, QUIET, RED, SKY, Chart, chart, grid
from uadray.reporting.gathering import Found
from uadray.reporting.words import SHORT, number
from uadray.study.ledger import Record
from uadray.study.objectives import merit

MARKS = {"completed": ("o", BLUE), "stopped": ("s", ORANGE)}
LOST = ("diverged", "failed")
SHOWN = 10  # settings


def history(found: Found) -> Chart:
    """The objective of every trial in its order, and the best so far."""
    scored, lost = found.scored, [record.index for record in found.records if record.status in LOST]
    values = {record.index: record.metrics[found.objective] for record in scored}
    best = _best_so_far(found, scored)

    def draw(axes: Axes) -> None:
        grid(axes, "y")
        axes.step([r.index for r in scored], best, where="post", color=INK, linewidth=1.2, label="best so far")
        for status, (marker, colour) in MARKS.items():
            own = [record.index for record in scored if record.status == status]
            if own:
                words = f"{status} early" if status == "stopped" else status
                axes.plot(own, [values[index] for index in own], marker, color=colour, label=words, markersize=5)
        if lost:
            axes.plot(lost, [0.02] * len(lost), "x", color=RED, transform=axes.get_xaxis_transform(), label="lost")
        if found.winner is not None and found.winner.index in values:
            at = found.winner.index
            axes.plot(at, values[at], "o", markersize=11, fillstyle="none", color=GREEN, label=f"selected: trial {at}")
        axes.set(xlabel="trial", ylabel=SHORT[found.objective])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)

    ends = f", from {number(best[0])} to {number(best[-1])}" if best else ""
    return chart(draw, f"{SHORT[found.objective]} of {len(scored)} trials in their order; the best so far goes{ends}.")


def _best_so_far(found: Found, scored: Sequence[Record]) -> list[float]:
    best: list[float] = []
    for record in scored:
        value = record.metrics[found.objective]
        best.append(max([value, *best[-1:]], key=lambda each: merit(each, found.mode)))
    return best


def importance(shares: dict[str, float]) -> Chart:
    """The share of the objective's variance that each setting explains, the largest first."""
    shown = list(shares.items())[:SHOWN][::-1]

    def draw(axes: Axes) -> None:
        grid(axes, "x")
        axes.barh([name.replace("_", " ") for name, _ in shown], [100 * share for _, share in shown], color=BLUE)
        axes.tick_params(axis="y", length=0)
        axes.set(xlabel="share of the objective’s variance, %")

    first = ", ".join(f"{name} {100 * share:.0f} %" for name, share in shown[::-1][:3])
    return chart(draw, f"Shares of the variance: {first}.", height=0.9 + 0.24 * len(shown))


def pareto(found: Found, trials: Sequence[int]) -> Chart:
    """Every trial by the first two objectives; those that no other beats in all of them are joined."""
    first, second = list(found.plan.objectives)[:2]
    points = {r.index: (r.metrics[first], r.metrics[second]) for r in found.scored if second in r.metrics}

    def draw(axes: Axes) -> None:
        grid(axes)
        others = [point for index, point in points.items() if index not in trials]
        axes.plot([x for x, _ in others], [y for _, y in others], "o", color=SKY, label="beaten by another")
        front = sorted((*points[index], index) for index in trials if index in points)
        axes.plot([x for x, *_ in front], [y for _, y, _ in front], "o-", color=BLUE, linewidth=1, label="not beaten")
        for x, y, index in front:
            axes.annotate(str(index), (x, y), textcoords="offset points", xytext=(4, 4), fontsize=8, color=QUIET)
        axes.set(xlabel=f"{SHORT[first]}", ylabel=f"{SHORT[second]}")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)

    return chart(draw, f"{len(points)} trials by {SHORT[first]} and {SHORT[second]}; no other beats {len(trials)}.")
