"""Turn a cohort's scans into a store of slices, once; the same scans and settings are never prepared twice.

python -m uadray.prepare search_spaces/latent.yaml --bids my_cohort
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from uadray.console import OUT, exit_codes, run
from uadray.data import preparation
from uadray.data.cohorts import CohortConfig
from uadray.data.store import Store
from uadray.study.checking import load

Workspace = Annotated[Path, typer.Option(help="Folder for cohorts, stores, studies and the MLflow database.")]
Bids = Annotated[Path | None, typer.Option(help="BIDS folder to take instead of the file's cohort.")]


def prepare(
    space: Annotated[Path, typer.Argument(help="Search space, a YAML file; its cohort and prepare sections count.")],
    workspace: Workspace = Path("runs"),
    bids: Bids = None,
) -> None:
    """Prepare a study's slices and say what they are."""
    with exit_codes():
        plan = load(space, bids)
        prepared(plan.cohort, plan.prepare, workspace)


def prepared(cohort: CohortConfig, config: preparation.PrepareConfig, workspace: Path) -> Store:
    """The cohort's store, with a progress bar while it is being made and a line about what is in it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=OUT, transient=True) as bar:
        reading = bar.add_task("reading the cohort", total=None)
        subjects = cohort.subjects(workspace / "cohorts")
        bar.update(reading, visible=False)
        preparing = bar.add_task("preparing slices", total=len(subjects))
        store = preparation.prepare(
            subjects, config, workspace / "stores", lambda done, _, name: bar.update(preparing, completed=done)
        )
    OUT.print(f"slices: {store.describe()}", highlight=False, soft_wrap=True)
    return store


if __name__ == "__main__":
    run(prepare)
