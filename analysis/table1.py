"""Table 1 of Baur et al. 2018 from a study's runs: every method and the intensity baseline on the same patients.

python analysis/table1.py runs/studies/table1 [-o FOLDER]      writes table1.md, table1.csv and table1.tex
python analysis/table1.py runs/studies/latent --split val      of the validation patients, who chose the winner
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from folder import StudyFolder
from methods import INTENSITY, with_methods
from paper import TABLE_1
from patients import patients, values
from runs import Out, Uri, runs, target
from scores import Split, Which, scored
from table1_text import caption, latex, markdown
from uadray.console import OUT, exit_codes, run
from uadray.files import write_text
from uadray.scoring.statistics.comparisons import Comparison, compare_with_baseline
from uadray.scoring.statistics.intervals import interval
from uadray.scoring.statistics.per_patient import Values
from uadray.scoring.statistics.trainings import over_trainings
from uadray.study.workspace.naming import Named


def table1(study: Path, split: Split = "test", tracking_uri: str | None = None) -> pd.DataFrame:
    """One row a method that was scored on the split's patients, in the order of the paper's table, intensity last.

    - `dice`, `dice_std` (ddof 0, as the paper's): over patients, each patient's value the mean over trainings;
      `dice_low`, `dice_high`: its 95 % bootstrap interval over patients; `dice_spread`: standard deviation (ddof 1) of
      the trainings' means, NaN for one training.
    - `auprc`: pooled over the brain voxels of all patients, mean over trainings; `auprc_spread` as above.
      `patient_auprc`, `_low`, `_high`: each patient's own, as Dice.
    - `dice_gain`, `auprc_gain` with `_low`, `_high`: the difference to the intensity baseline a patient; `_p` is of a
      permutation test, by Holm over the methods of the table, each measure for itself. NaN without a baseline.
    - `seconds_per_slice`: of the model, batch 1, mean over trainings; `trainings` of `attempted`, `stopped` of them
      early; `patients` that Dice can judge, `prevalence`; `paper_...`: the row as printed, where model and z are the
      same.

    Raises StudyError (UAD-361) where no trial was scored on the split, DataError (UAD-342 to UAD-344) where patients
    are too few or not the same for all methods.
    """
    table = with_methods(runs(study, tracking_uri))
    kept = scored(study, table, split)
    scores = patients(study, kept, split, tracking_uri)
    attempted = table.groupby("method").size()
    methods = {str(name): found for name, found in kept.groupby("method", sort=False)}
    gains = {score: _gains(methods, scores, score) for score in ("dice", "auprc")}
    rows = [
        {
            **_row(found, scores, split),
            "attempted": int(attempted[name]),
            **_gain("dice", gains["dice"].get(name)),
            **_gain("auprc", gains["auprc"].get(name)),
        }
        for name, found in methods.items()
    ]
    return pd.DataFrame(rows)


def _row(found: pd.DataFrame, scores: pd.DataFrame, split: Split) -> dict[str, Any]:
    """A method's numbers by its trainings."""
    first = found.iloc[0]
    by_training = {trial: scores[scores["trial"] == trial] for trial in found["trial"]}
    dice = _over({trial: values(rows, "dice") for trial, rows in by_training.items()})
    auprc = _over({trial: values(rows, "auprc") for trial, rows in by_training.items()})
    paper = TABLE_1.get(first["row"])
    same = paper is not None and paper.z == first["z"].replace("×", "x")
    return {
        "method": first["method"],
        "row": first["row"],
        "z": first["z"],
        **{f"dice{name}": value for name, value in dice.items()},
        "auprc": float(found[f"{split}/auprc"].mean()),
        "auprc_spread": float(found[f"{split}/auprc"].std(ddof=1)),
        **{f"patient_auprc{name}": value for name, value in auprc.items() if name in ("", "_low", "_high")},
        "seconds_per_slice": float(found["val/seconds_per_slice"].mean()),
        "paper_dice": paper.dice_mean if paper and same else np.nan,
        "paper_dice_std": paper.dice_std if paper and same else np.nan,
        "paper_auprc": paper.auprc if paper and same else np.nan,
        "paper_seconds_per_slice": paper.seconds_per_slice if paper and same else np.nan,
        "trainings": len(found),
        "stopped": int((found["status"] == "stopped").sum()),
        "patients": sum(value is not None for value in values(by_training[first["trial"]], "dice").values()),
        "prevalence": float(found[f"{split}/prevalence"].mean()),
    }


def _over(by_training: dict[int, Values]) -> dict[str, float]:
    """Mean, std and interval over patients, and the spread over trainings."""
    if len(by_training) > 1:
        trainings = over_trainings(by_training)
        sure, spread = trainings.over_patients, trainings.spread_of_trainings
    else:
        sure, spread = interval(next(iter(by_training.values()))), np.nan
    each = [value for value in _mean(by_training).values() if value is not None]
    return {"": sure.value, "_std": float(np.std(each)), "_low": sure.low, "_high": sure.high, "_spread": spread}


def _mean(by_training: dict[int, Values]) -> Values:
    """Each patient's mean over trainings; None where there is nothing to judge."""
    table = pd.DataFrame(by_training, dtype=float).mean(axis=1, skipna=False)
    return {str(subject): None if pd.isna(value) else float(value) for subject, value in table.items()}


def _gains(methods: dict[str, pd.DataFrame], scores: pd.DataFrame, score: str) -> dict[str, Comparison]:
    """Every method against the intensity baseline, {} where one of them is missing."""
    if INTENSITY not in methods or len(methods) < 2:
        return {}
    table = {
        name: _mean({trial: values(scores[scores["trial"] == trial], score) for trial in found["trial"]})
        for name, found in methods.items()
    }
    return {comparison.method: comparison for comparison in compare_with_baseline(table, INTENSITY)}


def _gain(score: str, found: Comparison | None) -> dict[str, float]:
    if found is None:
        return dict.fromkeys((f"{score}_gain{end}" for end in ("", "_low", "_high", "_p")), np.nan)
    difference = found.difference
    return {
        f"{score}_gain": difference.value,
        f"{score}_gain_low": difference.low,
        f"{score}_gain_high": difference.high,
        f"{score}_gain_p": found.permutation_holm,
    }


def main(study: Named, out: Out = None, split: Which = "test", tracking_uri: Uri = None) -> None:
    """Write Table 1 of a study as Markdown, CSV and LaTeX."""
    with exit_codes():
        table = table1(study, split, tracking_uri)
        name, folder = StudyFolder(study).name, target(study, out)
        text = caption(table, name, split)
        write_text(folder / "table1.md", markdown(table, text))
        write_text(folder / "table1.tex", latex(table, text))
        write_text(folder / "table1.csv", table.to_csv(index=False))
        OUT.print(markdown(table, text), highlight=False, markup=False, soft_wrap=True)
        OUT.print(f"table1.md, table1.csv, table1.tex: {folder}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run(main)
