"""Trainings of one method taken together, under the names that Table 1 of Baur et al. 2018 gives them."""

from __future__ import annotations

import pandas as pd

from folder import BASELINE, StudyFolder
from paper import TABLE_1, paper_row
from runs import SETTINGS
from uadray.errors import Problem, StudyError

INTENSITY = "intensity"


def with_methods(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs with three columns more: `row`, as Table 1 calls the model, `z`, and `method`, one name a method.

    Runs that differ in nothing but their seed are one method; runs that have even the seed in common differ in what no
    column shows, or were drawn twice, and are told apart. A method is named by its row; by z, the weights of its loss
    and its first trial, too, as far as that is needed to tell methods apart. Methods are in the order of Table 1.
    """
    table = runs.copy()
    table["row"] = [paper_row(model, latent) or model for model, latent in _words(table)]
    table["z"] = [latent.replace("x", "×") for _, latent in _words(table)]
    table["_first"] = _first(table)
    table["method"] = _names(table)
    order = {name: place for place, row in reversed(list(enumerate(TABLE_1))) for name in (TABLE_1[row].model, row)}
    place = table["row"].map(lambda row: order.get(row, len(order))) + 99 * (table["trial"] == BASELINE)
    return (
        table.assign(_place=place)
        .sort_values(["_place", "_first", "trial"], ignore_index=True)
        .drop(columns=["_first", "_place"])
    )


def representatives(runs: pd.DataFrame, folder: StudyFolder, most: int = 8) -> pd.DataFrame:
    """One trained run of each row of Table 1 that the study has, at most so many.

    Of a row with several methods the one with the best mean objective on validation, of its trainings the one in the
    middle: what is shown is no lucky seed. Raises StudyError (UAD-362) where no trial has the objective.
    """
    metric, mode = folder.objective
    scored = runs[(runs["trial"] != BASELINE) & runs[metric].notna()] if metric in runs else runs.iloc[:0]
    if scored.empty:
        must, do = f"a trial must have {metric}", "Wait for a trial to end, or see the reasons in trials/."
        raise StudyError(Problem("UAD-362", folder.name, must, "none", do))
    sign = -1 if mode == "max" else 1
    means = scored.groupby("method")[metric].mean()
    scored = scored.assign(_merit=sign * scored[metric], _mean=sign * scored["method"].map(means))
    chosen = []
    for _, rivals in scored.groupby("row", sort=False):
        best = rivals[rivals["method"] == rivals.sort_values(["_mean", "trial"])["method"].iloc[0]]
        chosen.append(best.sort_values(["_merit", "trial"]).iloc[[len(best) // 2]])
    rows = pd.concat(chosen)
    kept = rows.sort_values(["_mean", "trial"]).head(most).index
    return rows.loc[[index for index in rows.index if index in kept]].drop(columns=["_merit", "_mean"])


def _words(table: pd.DataFrame) -> list[tuple[str, str]]:
    return [(str(model), str(latent)) for model, latent in zip(table["model"], table["latent"], strict=True)]


def _first(table: pd.DataFrame) -> list[int]:
    """The first trial of the method that each run is of."""
    columns = [name for name in SETTINGS if name in table and name != "train_seed"]
    keys = [*zip(*(table[name] for name in columns), table["trial"] == BASELINE, strict=True)]
    seeds = [*zip(keys, table["train_seed"], strict=True)]
    first: dict[object, int] = {}
    for key, trial in sorted(zip(keys, table["trial"], strict=True), key=lambda found: found[1]):
        first.setdefault(key, trial)
    twice = {key for key, seed in seeds if seeds.count((key, seed)) > 1}
    return [trial if key in twice else first[key] for key, trial in zip(keys, table["trial"], strict=True)]


def _names(table: pd.DataFrame) -> list[str]:
    """By row; where that is not one method's, by row and z; then by weights; then by the first trial."""
    shaped = (table["row"] + " " + table["z"]).str.strip()
    weighted = shaped + [
        "".join(f" λ{n}={weight:.0e}" for n, weight in zip((2, 3), weights, strict=True) if weight)
        for weights in table[["lambda_2", "lambda_3"]].itertuples(index=False)
    ]
    numbered = weighted + " (trial " + table["_first"].astype(str) + ")"
    names = numbered.copy()
    for candidates in (weighted, shaped, table["row"]):
        alone = table.groupby(candidates)["_first"].transform("nunique") == 1
        names = candidates.where(alone, names)
    return [str(name) for name in names.where(table["trial"] != BASELINE, INTENSITY)]
