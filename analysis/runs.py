"""A study's runs as a tidy table: one row a run, one column a parameter or metric, numbers as numbers.

python analysis/runs.py STUDY [-o FOLDER]        writes runs.csv
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
import typer

from folder import BASELINE, StudyFolder
from uadray.config import RunConfig
from uadray.console import OUT, exit_codes, run
from uadray.errors import ConfigError, Problem
from uadray.study.workspace.naming import Named, study_folder
from uadray.tracking.content import headlines

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

SETTINGS = RunConfig.parse({"model": "dAE"}).hyperparameters()  # the columns that every run has
TEXT = {"run_id", "name", "status", "reason", "precision"} | {
    name for name, value in SETTINGS.items() if isinstance(value, str)
}

Out = Annotated[Path | None, typer.Option("-o", "--out", help="Folder to write to; analysis/ in the study's.")]
Uri = Annotated[str | None, typer.Option(help="MLflow's tracking URI; the workspace's mlflow.db unless given.")]


def runs(study: Path, tracking_uri: str | None = None) -> pd.DataFrame:
    """One row for each trial and, as trial -1, for the intensity baseline, by trial.

    Columns: run_id, name, trial, status, reason, selected, infeasible, pareto; the settings, as
    `RunConfig.hyperparameters` has them; the metrics under MLflow's names. A metric that a run has not is NaN. Scores
    of patients that MLflow has not are taken from the study's folder. Raises ConfigError (UAD-360) where MLflow has no
    run of the study, and UAD-304 where there is no such study.
    """
    folder = StudyFolder(study)
    client = client_of(folder, tracking_uri)
    found = [_row(each) for each in _children(client, folder)]
    if not found:
        raise _not_there(folder, tracking_uri, "no run of this study")
    table = pd.DataFrame(found).sort_values("trial", ignore_index=True)
    _complete(table, folder)
    for name in table.columns.difference([*TEXT, "selected", "infeasible", "pareto"]):
        table[name] = _numbers(table[name])
    return table


def client_of(folder: StudyFolder, tracking_uri: str | None = None) -> MlflowClient:
    """The client of the study's tracking database, which is never made by asking."""
    from mlflow.tracking import MlflowClient  # after uadray.tracking, which says how long it may wait

    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    path = folder.workspace / "mlflow.db"
    if tracking_uri is None and not path.is_file():
        raise _not_there(folder, tracking_uri, "no such file")
    return MlflowClient(tracking_uri=tracking_uri or f"sqlite:///{path}")


def _children(client: MlflowClient, folder: StudyFolder) -> Iterator[Run]:
    """The runs of trials and baseline, all pages."""
    experiment = client.get_experiment_by_name(f"uadray/{folder.name}")
    if experiment is None:
        return
    query, token = f"tags.`uadray.study` = '{folder.id}' and tags.`uadray.key` != 'study'", None
    while True:
        page = client.search_runs([experiment.experiment_id], query, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _row(found: Run) -> dict[str, Any]:
    tags = found.data.tags
    key = tags["uadray.key"]
    return {
        "run_id": found.info.run_id,
        "name": found.info.run_name,
        "status": tags.get("uadray.status", ""),
        "reason": tags.get("uadray.reason", ""),
        **{name: tags.get(f"uadray.{name}") == "true" for name in ("selected", "infeasible", "pareto")},
        **found.data.params,
        **found.data.metrics,
        "trial": int(key.removeprefix("trial ")) if key.startswith("trial ") else BASELINE,
    }


def _complete(table: pd.DataFrame, folder: StudyFolder) -> None:
    """Fill in, from the study's folder, scores that no run has."""
    for split in ("val", "test"):
        cards = folder.cards(split)
        for place, trial in table["trial"].items():
            for name, value in headlines(split, cards[trial]).items() if trial in cards else ():
                if name not in table or pd.isna(table.loc[place, name]):
                    table.loc[place, name] = value


def _numbers(column: Any) -> Any:
    """The column as numbers where all that it holds are."""
    try:
        return pd.to_numeric(column)
    except (ValueError, TypeError):
        return column


def _not_there(folder: StudyFolder, tracking_uri: str | None, got: str) -> ConfigError:
    where = tracking_uri or str(folder.workspace / "mlflow.db")
    must = f"the tracking database must have the runs of {folder.name}"
    return ConfigError(Problem("UAD-360", where, must, got, "Give the one that the study logged to: --tracking-uri."))


def target(study: Path, out: Path | None) -> Path:
    """The folder to write to, which is there when this returns."""
    folder = out or study_folder(study) / "analysis"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def main(study: Named, out: Out = None, tracking_uri: Uri = None) -> None:
    """Write a study's runs as runs.csv."""
    with exit_codes():
        table = runs(study, tracking_uri)
        path = target(study, out) / "runs.csv"
        table.to_csv(path, index=False)
        OUT.print(f"{len(table)} runs: {path}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run(main)
