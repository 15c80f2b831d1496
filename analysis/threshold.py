"""Mean Dice of the validation patients over the percentile that sets the threshold, model by model.

The paper thresholds every model at the 98th percentile and says that this "is not guaranteed to be a good threshold for
every model".

python analysis/threshold.py runs/studies/latent [-o FOLDER]        writes threshold.csv and the figure threshold
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from folder import StudyFolder
from methods import representatives, with_methods
from runs import Out, Uri, client_of, runs, target
from style import CM, COLUMN, CYCLE, DASHES, MARKERS, new_figure, save, styled
from uadray.console import OUT, exit_codes, run
from uadray.errors import Problem, StudyError
from uadray.study.workspace.naming import Named

TICKS = (80, 90, 95, 98, 99, 99.5, 99.9)
CURVES = "tables/percentiles.json"
MARK: dict[str, Any] = {
    "markersize": 6,
    "markeredgecolor": "white",
    "markeredgewidth": 0.5,
    "clip_on": False,
    "zorder": 3,
}
OF_HEALTHY = ("healthy_percentile", "healthy_false_positives")  # thresholds that are a point of the curve


def threshold(study: Path, tracking_uri: str | None = None) -> pd.DataFrame:
    """One row a shown model and percentile: row, method, trial, percentile, dice; `chosen` marks the trial's own.

    Shown is one run of each row of Table 1 (`representatives`). The curve's Dice is of the maps alone; the chosen point
    is the trial's result, with small components dropped where its configuration says so. A threshold that is no
    percentile of healthy validation scores has no chosen point. Raises StudyError: UAD-362, UAD-364 without a curve.
    """
    folder = StudyFolder(study)
    client = client_of(folder, tracking_uri)
    rows = []
    for _, shown in representatives(with_methods(runs(study, tracking_uri)), folder).iterrows():
        if any(artifact.path == CURVES for artifact in client.list_artifacts(shown["run_id"], "tables")):
            curve = json.loads(Path(client.download_artifacts(shown["run_id"], CURVES)).read_text())
        else:
            record = folder.ledger.record(int(shown["trial"]))
            curve = dict(record.percentiles) if record else {}
        points = [(float(percentile), float(dice), False) for percentile, dice in curve.items()]
        if points and shown["threshold"] in OF_HEALTHY:
            points.append((float(shown["threshold_percentile"]), float(shown["val/dice_mean"]), True))
        names = {"row": shown["row"], "method": shown["method"], "trial": int(shown["trial"])}
        rows += [
            {**names, "percentile": percentile, "dice": dice, "chosen": chosen}
            for percentile, dice, chosen in sorted(points)
        ]
    if not rows:
        must, do = "a scored trial must have Dice by percentile", "Score labelled validation patients."
        raise StudyError(Problem("UAD-364", str(study), must, "none", do))
    return pd.DataFrame(rows)


def figure(study: Path, tracking_uri: str | None = None) -> Figure:
    """A line a model, over the share of healthy voxels above the threshold on a log scale; a mark at what it chose."""
    table = threshold(study, tracking_uri)
    with styled():
        drawn = new_figure(COLUMN, 7.6 * CM)
        axis = drawn.subplots()
        for place, (_, found) in enumerate(table.groupby("trial", sort=False)):
            colour, curve, chosen = CYCLE[place], found[~found["chosen"]], found[found["chosen"]]
            looks: dict[str, Any] = {"color": colour, "marker": MARKERS[place]}
            axis.plot(_rarity(curve), curve["dice"], color=colour, linestyle=DASHES[place])
            if not chosen.empty:  # the layout breaks at a mark without a place
                axis.plot(_rarity(chosen), chosen["dice"], **looks, **MARK, linestyle="")
            axis.plot([], [], **looks, linestyle=DASHES[place], label=found["method"].iloc[0])
        axis.xaxis.set_major_locator(FixedLocator([-math.log10(100 - tick) for tick in TICKS]))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set_xticklabels([f"{tick:g}" for tick in TICKS])
        axis.set_xlabel("threshold: percentile of healthy validation scores (%)")
        axis.set_ylabel("mean Dice of validation patients")
        axis.set_ylim(bottom=0)
        drawn.legend(loc="outside upper center", ncols=2, handlelength=3.2, columnspacing=1.2)
    return drawn


def _rarity(points: pd.DataFrame) -> list[float]:
    """Places on a scale that gives each factor in false positives the same length."""
    return [-math.log10(100 - percentile) for percentile in points["percentile"]]


def main(study: Named, out: Out = None, tracking_uri: Uri = None) -> None:
    """Write Dice over the percentile of the threshold, as a table and as a figure."""
    with exit_codes():
        table, folder = threshold(study, tracking_uri), target(study, out)
        table.to_csv(folder / "threshold.csv", index=False)
        save(figure(study, tracking_uri), folder, "threshold")
        OUT.print(f"threshold.csv, .pdf, .svg, .png: {folder}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run(main)
