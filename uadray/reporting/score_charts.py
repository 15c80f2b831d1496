"""Scores, drawn: thresholds, learning, methods side by side, and patients one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from uadray.reporting.charts import BLUE, COLOURS, GREEN, INK, ORANGE, QUIET, Chart, chart, grid
from uadray.reporting.words import number
from uadray.scoring.statistics.per_patient import Floats
from uadray.study.ledger import Record
from uadray.study.result.comparison import BASELINE, Standing
from uadray.study.result.verdict import Verdict

TICKS = (80, 90, 95, 98, 99, 99.5, 99.9)
STYLES = ("-", "--", "-.", ":")


def percentiles(best: Sequence[Record]) -> Chart:
    """Mean validation Dice by the percentile that sets the threshold; each trial's own is a dot."""

    def draw(axes: Axes) -> None:
        grid(axes)
        for place, record in enumerate(best):
            x = np.array([float(percentile) for percentile in record.percentiles])
            y = np.array(list(record.percentiles.values()))
            colour, words = COLOURS[place % len(COLOURS)], f"{record.index}: {record.run.describe()}"
            axes.plot(_stretched(x), y, STYLES[place % len(STYLES)], color=colour, label=words, linewidth=1.4)
            threshold = record.run.scoring.threshold
            if threshold.kind == "healthy_percentile" and record.val is not None:
                axes.plot(_stretched(threshold.percentile), record.val.dice_mean, "o", color=colour)
        axes.set_xticks([float(_stretched(tick)) for tick in TICKS], [f"{tick:g}" for tick in TICKS])
        axes.set(
            xlabel="percentile of the scores of healthy validation voxels", ylabel="mean Dice, validation patients"
        )
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=1)

    tops = ", ".join(f"trial {r.index} up to {number(max(r.percentiles.values()))}" for r in best)
    return chart(draw, f"Mean validation Dice by percentile: {tops}.", height=2.9 + 0.2 * len(best))


def _stretched(percentile: float | Floats) -> Floats:
    """The axis of percentiles: every tenfold of what stays above is as wide."""
    stretched: Floats = np.asarray(-np.log10(100 - np.asarray(percentile, np.float64)))
    return stretched


def learning(record: Record) -> Chart:
    """Every term of the training loss, but those that are always 0, and the healthy validation l1 by epoch."""
    names = [name for name in record.curve[0] if name != "seconds"]
    curves = {name: np.array([row.get(name, np.nan) for row in record.curve]) for name in names}
    shown = {name: values for name, values in curves.items() if np.nanmax(np.abs(values)) > 0}
    epochs = np.arange(1, len(record.curve) + 1)

    def draw(axes: Axes) -> None:
        grid(axes)
        for place, (name, values) in enumerate(shown.items()):
            own, mark = name.startswith("val/"), "o-" if len(epochs) < 40 else "-"
            (drawn,) = axes.plot(epochs, values, mark, label=_term(name), color=COLOURS[place % len(COLOURS)])
            drawn.set(linewidth=2.0 if own else 1.1, markersize=3 if own else 2)
        if all((values[np.isfinite(values)] > 0).all() for values in shown.values()):
            axes.set_yscale("log")
        axes.set(xlabel="epoch", ylabel="weighted loss; mean |x − x̂| of val l1")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)

    losses = record.losses
    alt = f"Losses of trial {record.index} over {len(epochs)} epochs; val l1 from {losses[0]:.3g} to {losses[-1]:.3g}."
    return chart(draw, alt, height=3.6)


def _term(name: str) -> str:
    return {"val/l1": "val l1 (healthy)"}.get(name, name.removeprefix("train/").replace("/", ": "))


def methods(rows: Sequence[Standing]) -> Chart:
    """AUPRC and Dice of every method, mean over patients with its bootstrap interval."""
    names = [row.method for row in rows]

    def draw(axes: Axes) -> None:
        grid(axes, "x")
        for offset, (label, colour, marker) in zip(
            (-0.14, 0.14), (("AUPRC a patient", BLUE, "o"), ("Dice a patient", ORANGE, "s")), strict=True
        ):
            values = [row.auprc if marker == "o" else row.dice for row in rows]
            ends = [[v.value - v.low for v in values], [v.high - v.value for v in values]]
            places = np.arange(len(rows)) + offset
            axes.errorbar(
                [v.value for v in values],
                places,
                xerr=np.abs(ends),
                fmt=marker,
                color=colour,
                label=label,
                markersize=4,
            )
        axes.set_yticks(range(len(names)), names)
        axes.get_yticklabels()[names.index(BASELINE)].set_fontweight("bold")
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0)
        axes.set(xlabel="mean over test patients")
        axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2)

    alt = "; ".join(f"{row.method} AUPRC {number(row.auprc.value)}, Dice {number(row.dice.value)}" for row in rows)
    return chart(draw, alt, height=1.1 + 0.34 * len(rows), width=6.2)


def against_baseline(verdict: Verdict) -> Chart:
    """Dice of each test patient by the winner and by the intensity baseline."""
    bar = {patient.subject: patient.dice for patient in verdict.baseline.test.patients}
    pairs = [(bar[p.subject], p.dice) for p in verdict.winner.test.patients if p.dice is not None]
    known = [(x, y) for x, y in pairs if x is not None]

    def draw(axes: Axes) -> None:
        grid(axes)
        axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1)
        axes.plot([x for x, _ in known], [y for _, y in known], "o", color=GREEN, markeredgecolor=INK, alpha=0.8)
        top = max([0.1, *(value for pair in known for value in pair)]) * 1.08
        axes.set(xlim=(-0.02 * top, top), ylim=(-0.02 * top, top), aspect="equal")
        axes.set(xlabel="Dice, intensity baseline", ylabel="Dice, winner")

    above = sum(y > x for x, y in known)
    return chart(draw, f"Dice of {len(known)} test patients; the winner is above the baseline in {above}.", height=3.6)


def by_load(verdict: Verdict) -> Chart:
    """Dice of each test patient by how much lesion there is, of the winner and of the baseline."""
    cards = {"winner": (verdict.winner.test, "o", GREEN), "intensity baseline": (verdict.baseline.test, "x", ORANGE)}

    def draw(axes: Axes) -> None:
        grid(axes)
        for label, (card, marker, colour) in cards.items():
            points = [(p.lesion_voxels, p.dice) for p in card.patients if p.dice is not None]
            axes.plot(
                [x for x, _ in points], [y for _, y in points], marker, color=colour, label=label, linestyle="none"
            )
        axes.set(xscale="log", xlabel="lesion voxels of the patient", ylabel="Dice")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(bottom=-0.02)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)

    return chart(draw, "Dice of each test patient by the number of its lesion voxels.", height=3.6)
