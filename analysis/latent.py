"""Dice and AUPRC by the shape and size of z, dense and spatial: question ii of Baur et al. 2018.

python analysis/latent.py runs/studies/latent [-o FOLDER]        writes latent.csv and the figure latent
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from folder import BASELINE, StudyFolder
from methods import with_methods
from runs import Out, Uri, runs, target
from scores import Split, Which, scored
from style import BLUE, CM, COLUMN, VERMILION, new_figure, save, styled
from uadray.console import OUT, exit_codes, run
from uadray.study.workspace.naming import Named

KINDS = {"dense": (BLUE, "o"), "spatial": (VERMILION, "s")}
MEASURES = {"dice_mean": "mean Dice", "auprc": "pooled AUPRC"}


def latent(study: Path, split: Split = "val", tracking_uri: str | None = None) -> pd.DataFrame:
    """One row a shape of z, dense ones first, small before large.

    latent_kind, z, values; runs that were scored; of `dice` and `auprc` their mean, median, best and standard deviation
    (ddof 1, NaN for one run). Runs of a shape may differ in more than their seed: in a search every setting is drawn.
    Raises StudyError (UAD-361) where no trial was scored on the split.
    """
    table = _with_z(study, split, tracking_uri)
    rows = [
        {
            "latent_kind": kind,
            "z": z,
            "values": int(values),
            "runs": len(found),
            **{
                f"{short}_{name}": float(getattr(found[f"{split}/{measure}"], name)())
                for short, measure in (("dice", "dice_mean"), ("auprc", "auprc"))
                for name in ("mean", "median", "max", "std")
            },
        }
        for (kind, values, z), found in table.groupby(["latent_kind", "latent_values", "z"])
    ]
    return pd.DataFrame(rows)


def figure(study: Path, split: Split = "val", tracking_uri: str | None = None) -> Figure:
    """A row for each shape of z, a mark for each run, hollow where it was stopped early, a bar at their mean.

    The dashed line is the intensity baseline, where it was scored.
    """
    table = _with_z(study, split, tracking_uri)
    everyone = runs(study, tracking_uri)
    baseline = everyone[everyone["trial"] == BASELINE]
    shapes = [*table.groupby(["latent_kind", "latent_values", "z"]).groups]
    with styled():
        drawn = new_figure(COLUMN, (2.6 + 0.5 * len(shapes)) * CM)
        left, right = drawn.subplots(1, 2, sharey=True)
        drawn.get_layout_engine().set(w_pad=0.06)  # type: ignore[union-attr, call-arg]
        for axis, (measure, words) in zip((left, right), MEASURES.items(), strict=True):
            _draw(axis, table, shapes, f"{split}/{measure}")
            axis.set_xlabel(f"{words}\nof {split} patients")
            for value in baseline.get(f"{split}/{measure}", pd.Series(dtype=float)).dropna():
                axis.axvline(value, color="black", linestyle="--", linewidth=0.9)
            axis.margins(x=0.06)
            axis.set_xlim(left=0)
        left.set_yticks(range(len(shapes)), [f"{z} ({values:.0f})" if "×" in z else z for _, values, z in shapes])
        left.set_ylim(len(shapes) - 0.5, -0.5)
        left.set_ylabel("z (values in it)")
        keys = [
            Line2D([], [], color=colour, marker=marker, linestyle="", label=f"{kind} z")
            for kind, (colour, marker) in KINDS.items()
            if kind in set(table["latent_kind"])
        ]
        if (table["status"] == "stopped").any():
            keys.append(Line2D([], [], color="gray", marker="o", markerfacecolor="none", linestyle="", label="stopped"))
        if not baseline.empty:
            keys.append(Line2D([], [], color="black", linestyle="--", linewidth=0.9, label="intensity"))
        drawn.legend(handles=keys, loc="outside upper center", ncols=len(keys), columnspacing=1, handletextpad=0.4)
    return drawn


def _with_z(study: Path, split: Split, tracking_uri: str | None) -> pd.DataFrame:
    """The scored trials whose model has a z."""
    table = with_methods(scored(study, runs(study, tracking_uri), split))
    return table[(table["trial"] != BASELINE) & (table["latent_values"] > 0)]


def _draw(axis: Axes, table: pd.DataFrame, shapes: list[tuple[str, float, str]], measure: str) -> None:
    for place, (kind, values, z) in enumerate(shapes):
        found = table[(table["latent_kind"] == kind) & (table["latent_values"] == values) & (table["z"] == z)]
        colour, marker = KINDS[kind]
        for status, value in zip(found["status"], found[measure], strict=True):
            filled = "none" if status == "stopped" else colour
            axis.plot(value, place, marker, markeredgecolor=colour, markerfacecolor=filled, alpha=0.8, clip_on=False)
        axis.plot([found[measure].mean()] * 2, [place - 0.32, place + 0.32], color=colour, linewidth=1.6)


def main(study: Named, out: Out = None, split: Which = "val", tracking_uri: Uri = None) -> None:
    """Write Dice and AUPRC by the shape of z, as a table and as a figure."""
    with exit_codes():
        table, folder = latent(study, split, tracking_uri), target(study, out)
        table.to_csv(folder / "latent.csv", index=False)
        save(figure(study, split, tracking_uri), folder, "latent")
        OUT.print(table.to_string(index=False, float_format="%.3f"), highlight=False, soft_wrap=True)
        OUT.print(f"{StudyFolder(study).name}, {split}: latent.csv, latent.pdf, .svg, .png: {folder}", highlight=False)


if __name__ == "__main__":
    run(main)
