"""A cohort's slices while a person looks on: a progress bar, and lines about what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from uadray.console import OUT
from uadray.data import preparation
from uadray.data.cohorts import CohortConfig
from uadray.data.each import Each, one_by_one
from uadray.data.manifest import EXCLUSIONS
from uadray.data.subject import Part, Subject
from uadray.errors import DataError
from uadray.layout import STORES

if TYPE_CHECKING:
    from uadray.data.store import Store


def checked(
    cohort: CohortConfig,
    config: preparation.PrepareConfig,
    workspace: Path,
    each: Each = one_by_one,
) -> None:
    """Every problem of the cohort as one DataError, or a line that says there is none."""
    with _progress(cohort, workspace) as (subjects, on_subject):
        problems = preparation.check(subjects, config, workspace / STORES, on_subject, each)
    if problems:
        raise DataError(problems)
    OUT.print(f"{len(subjects)} subjects checked, no problem found", highlight=False)


def prepared(
    cohort: CohortConfig,
    config: preparation.PrepareConfig,
    workspace: Path,
    each: Each = one_by_one,
    require: Callable[[Iterable[Part]], None] = preparation.anyone,
) -> Store:
    """The cohort's store, with a progress bar while it is being made and lines about what is in it."""
    with _progress(cohort, workspace) as (subjects, on_subject):
        store = preparation.prepare(subjects, config, workspace / STORES, on_subject, each, require)
    OUT.print(f"slices: {store.describe()}", highlight=False, soft_wrap=True)
    if store.manifest.exclusions:
        OUT.print(f"left out: {store.path / EXCLUSIONS}", style="yellow", highlight=False, soft_wrap=True)
    return store


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
