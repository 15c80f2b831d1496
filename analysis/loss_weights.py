"""What the KL term (lambda_2) and the adversary (lambda_3) are worth: questions iii and iv of Baur et al. 2018.

python analysis/loss_weights.py runs/studies/loss_weights [-o FOLDER]
writes loss_weights.csv and the figure loss_weights
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator
from scipy import stats

from folder import BASELINE
from runs import Out, Uri, runs, target
from scores import Split, Which, scored
from style import BLUE, CM, COLUMN, VERMILION, new_figure, save, styled
from uadray.console import OUT, exit_codes, run
from uadray.errors import Problem, StudyError
from uadray.study.workspace.naming import Named

TERMS = {"lambda_2": ("lambda_3", "KL term", "adversary"), "lambda_3": ("lambda_2", "adversary", "KL term")}
SYMBOLS = {"lambda_2": "$\\lambda_2$, KL term", "lambda_3": "$\\lambda_3$, adversary"}
MEASURES = {"auprc": "pooled AUPRC", "dice_mean": "mean Dice"}


def loss_weights(study: Path, split: Split = "val", tracking_uri: str | None = None) -> pd.DataFrame:
    """A row for each of lambda_2 and lambda_3 and each of AUPRC and Dice.

    `mean_with` and `mean_without` the term over `runs_with` and `runs_without`, `difference`; `rho`, Spearman's rank
    correlation of the score with the weight among runs with the term, NaN for fewer than four or one weight. A search
    draws the rest of a configuration, too, and prefers what was good: read them as a description, not as a test.
    Raises StudyError: UAD-361 where no trial was scored, UAD-363 where neither weight differs between trials.
    """
    table = _trials(study, split, tracking_uri)
    return pd.DataFrame([_effect(table, term, measure, split) for term in TERMS for measure in MEASURES])


def figure(study: Path, split: Split = "val", tracking_uri: str | None = None) -> Figure:
    """AUPRC and Dice of each run over lambda_2 and over lambda_3, on a log scale that begins with runs at 0.

    Colour and marker say whether the run has the other term; the dashed line is the intensity baseline.
    """
    table, everyone = _trials(study, split, tracking_uri), runs(study, tracking_uri)
    baseline = everyone[everyone["trial"] == BASELINE]
    with styled():
        drawn = new_figure(COLUMN, 9.4 * CM)
        axes = drawn.subplots(2, 2, sharex="col", sharey="row")
        for column, term in enumerate(TERMS):
            for row, (measure, words) in enumerate(MEASURES.items()):
                axis = axes[row, column]
                _draw(axis, table, term, f"{split}/{measure}")
                for value in baseline.get(f"{split}/{measure}", pd.Series(dtype=float)).dropna():
                    axis.axhline(value, color="black", linestyle="--", linewidth=0.9)
                axis.set_ylim(bottom=0)
                axes[row, 0].set_ylabel(f"{words}\nof {split} patients")
            axes[1, column].set_xlabel(SYMBOLS[term])
            axes[0, column].legend(handles=_keys(term), loc="lower left", bbox_to_anchor=(-0.04, 1.0), ncols=1)
        if not baseline.empty:
            line = Line2D([], [], color="black", linestyle="--", linewidth=0.9, label="intensity baseline")
            drawn.legend(handles=[line], loc="outside lower center")
    return drawn


def _trials(study: Path, split: Split, tracking_uri: str | None) -> pd.DataFrame:
    """The scored trials of models with the loss of Eq. 2, where an absent weight is 0; they differ in a weight."""
    table = scored(study, runs(study, tracking_uri), split)
    table = table[(table["trial"] != BASELINE) & (table["lambda_1"] > 0)]
    if all(table[term].nunique() < 2 for term in TERMS):
        must, do = "lambda_2 or lambda_3 must differ between trials", "Search them: search_spaces/loss_weights.yaml."
        raise StudyError(Problem("UAD-363", str(study), must, "one value of each", do))
    return table


def _effect(table: pd.DataFrame, term: str, measure: str, split: Split) -> dict[str, Any]:
    scores = table[f"{split}/{measure}"]
    there = table[term] > 0
    weights = table.loc[there, term]
    enough = len(weights) > 3 and weights.nunique() > 1 and scores[there].nunique() > 1
    return {
        "term": term,
        "measure": measure,
        "runs_with": int(there.sum()),
        "runs_without": int((~there).sum()),
        "mean_with": float(scores[there].mean()),
        "mean_without": float(scores[~there].mean()),
        "difference": float(scores[there].mean() - scores[~there].mean()),
        "rho": float(stats.spearmanr(weights, scores[there]).statistic) if enough else math.nan,
    }


def _draw(axis: Axes, table: pd.DataFrame, term: str, measure: str) -> None:
    """Marks over log10 of the weight; runs without the term stand side by side where 0 is, left of a dotted line."""
    low, high = _decades(table.loc[table[term] > 0, term])
    zero = low - 0.7
    for other, (colour, marker) in {True: (VERMILION, "s"), False: (BLUE, "o")}.items():
        own = table[(table[TERMS[term][0]] > 0) == other]
        aside = zero + (0.16 if other else -0.16) * (1 + 0.4 * (own.groupby(term).cumcount() % 3 - 1))
        places = np.log10(own[term].where(own[term] > 0)).fillna(aside)
        if not own.empty:  # the layout breaks at marks without a place
            axis.plot(places, own[measure], marker, color=colour, alpha=0.8, clip_on=False)
    axis.axvline(low - 0.3, color="gray", linestyle=":", linewidth=0.7)
    decades = [*range(low, high + 1)]
    axis.xaxis.set_major_locator(FixedLocator([zero, *decades]))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticklabels(["0", *(f"$10^{{{decade}}}$" for decade in decades)])
    axis.set_xlim(zero - 0.4, high + 0.2)


def _decades(weights: pd.Series) -> tuple[int, int]:
    """Powers of ten around the weights, one decade at least."""
    if weights.empty:
        return -1, 0
    low, high = math.floor(math.log10(weights.min())), math.ceil(math.log10(weights.max()))
    return (low, high) if high > low else (low - 1, high + 1)


def _keys(term: str) -> list[Line2D]:
    other = TERMS[term][2]
    return [
        Line2D([], [], color=BLUE, marker="o", linestyle="", label=f"without {other}"),
        Line2D([], [], color=VERMILION, marker="s", linestyle="", label=f"with {other}"),
    ]


def main(study: Named, out: Out = None, split: Which = "val", tracking_uri: Uri = None) -> None:
    """Write the effect of lambda_2 and lambda_3, as a table and as a figure."""
    with exit_codes():
        table, folder = loss_weights(study, split, tracking_uri), target(study, out)
        table.to_csv(folder / "loss_weights.csv", index=False)
        save(figure(study, split, tracking_uri), folder, "loss_weights")
        OUT.print(table.to_string(index=False, float_format="%.3f"), highlight=False, soft_wrap=True)
        OUT.print(f"loss_weights.csv, .pdf, .svg, .png: {folder}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run(main)
