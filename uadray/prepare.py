"""Turn a cohort's scans into a store of slices, once; the same scans and settings are never prepared twice.

python -m uadray.prepare search_spaces/latent.yaml --bids my_cohort --check         every problem, nothing prepared
python -m uadray.prepare search_spaces/latent.yaml --bids my_cohort --workers 4     four subjects at a time
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from uadray.console import INCOMPLETE, OUT, exit_codes, run
from uadray.data import preparation
from uadray.data.cohorts import CohortConfig
from uadray.data.manifest import EXCLUSIONS
from uadray.data.subject import Part, Subject
from uadray.errors import ConfigError, DataError, Problem
from uadray.study.checking import load

if TYPE_CHECKING:
    from uadray.data.store import Store

Workspace = Annotated[str, typer.Option(help="Folder for cohorts, stores, studies and the MLflow database.")]
WorkspaceOrUrl = Annotated[
    str, typer.Option("--workspace", help="As a folder, or at s3://bucket/prefix, gs://, abfss:// (docs/storage.md).")
]
Bids = Annotated[Path | None, typer.Option(help="BIDS folder to take instead of the file's cohort.")]
Address = Annotated[
    str | None, typer.Option(help="Ray cluster to run on, auto or HOST:PORT; a Ray of its own unless given.")
]
Check = Annotated[bool, typer.Option("--check", help="Say what is wrong with the cohort, and prepare nothing.")]


def prepare(
    space: Annotated[Path, typer.Argument(help="Search space, a YAML file; its cohort and prepare sections count.")],
    workspace: Workspace = "runs",
    bids: Bids = None,
    check: Check = False,
    workers: Annotated[int, typer.Option(help="Subjects at a time.", min=1)] = 1,
) -> None:
    """Prepare a study's slices and say what they are."""
    with exit_codes():
        plan, folder = load(space, bids), _folder(workspace)
        each: preparation.Each = preparation.one_by_one
        if workers > 1:
            from uadray.data.mapping import over_cores

            each = over_cores(workers)
        if check:
            checked(plan.cohort, plan.prepare, folder, each)
            return
        store = prepared(plan.cohort, plan.prepare, folder, each)
        OUT.print(f"store: {store.path}", highlight=False, soft_wrap=True)
        if store.manifest.exclusions:
            raise typer.Exit(INCOMPLETE)


def checked(
    cohort: CohortConfig,
    config: preparation.PrepareConfig,
    workspace: Path,
    each: preparation.Each = preparation.one_by_one,
) -> None:
    """Every problem of the cohort as one DataError, or a line that says there is none."""
    with _progress(cohort, workspace) as (subjects, on_subject):
        problems = preparation.check(subjects, config, workspace / "stores", on_subject, each)
    if problems:
        raise DataError(problems)
    OUT.print(f"{len(subjects)} subjects checked, no problem found", highlight=False)


def prepared(
    cohort: CohortConfig,
    config: preparation.PrepareConfig,
    workspace: Path,
    each: preparation.Each = preparation.one_by_one,
    require: Callable[[Iterable[Part]], None] = preparation.anyone,
) -> Store:
    """The cohort's store, with a progress bar while it is being made and lines about what is in it."""
    with _progress(cohort, workspace) as (subjects, on_subject):
        store = preparation.prepare(subjects, config, workspace / "stores", on_subject, each, require)
    OUT.print(f"slices: {store.describe()}", highlight=False, soft_wrap=True)
    if store.manifest.exclusions:
        OUT.print(f"left out: {store.path / EXCLUSIONS}", style="yellow", highlight=False, soft_wrap=True)
    return store


def _folder(workspace: str) -> Path:
    """Raises ConfigError (UAD-454) for a URL, which would become a folder of that name."""
    from uadray.remote.objects import is_url  # pyarrow, for which a faulty file should not wait

    if is_url(workspace):
        must, do = "must be a folder", "Leave this out: uadray.sweep with --workspace URL prepares by itself."
        raise ConfigError(Problem("UAD-454", "--workspace", must, workspace.rpartition("@")[2], do))
    return Path(workspace)


@contextmanager
def _progress(
    cohort: CohortConfig, workspace: Path
) -> Iterator[tuple[Sequence[Subject], Callable[[int, int, str], None]]]:
    """The cohort's subjects, and what moves a progress bar from one to the next."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=OUT, transient=True) as bar:
        reading = bar.add_task("reading the cohort", total=None)
        subjects = cohort.subjects(workspace / "cohorts")
        bar.update(reading, visible=False)
        preparing = bar.add_task("preparing slices", total=len(subjects))
        yield subjects, lambda done, of_all, _: bar.update(preparing, completed=done, total=of_all)


if __name__ == "__main__":
    run(prepare)
