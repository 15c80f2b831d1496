"""Turn a cohort's scans into a store of slices, once; the same scans and settings are never prepared twice.

python -m uadray.prepare search_spaces/latent.yaml --bids my_cohort --check         every problem, nothing prepared
python -m uadray.prepare search_spaces/latent.yaml --bids my_cohort --workers 4     four subjects at a time
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.console import INCOMPLETE, OUT, exit_codes, run
from uadray.data.each import Each, one_by_one
from uadray.errors import ConfigError, Problem
from uadray.options import Bids, WorkspaceAsGiven
from uadray.preparing import checked, prepared
from uadray.study.reading.checking import load

Check = Annotated[bool, typer.Option("--check", help="Say what is wrong with the cohort, and prepare nothing.")]


def prepare(
    space: Annotated[Path, typer.Argument(help="Search space, a YAML file; its cohort and prepare sections count.")],
    workspace: WorkspaceAsGiven = "runs",
    bids: Bids = None,
    check: Check = False,
    workers: Annotated[int, typer.Option(help="Subjects at a time.", min=1)] = 1,
) -> None:
    """Prepare a study's slices and say what they are."""
    with exit_codes():
        plan, folder = load(space, bids), _folder(workspace)
        each: Each = one_by_one
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


def _folder(workspace: str) -> Path:
    """Raises ConfigError (UAD-454) for a URL, which would become a folder of that name."""
    from uadray.remote.objects import is_url  # pyarrow, for which a faulty file should not wait

    if is_url(workspace):
        must, do = "must be a folder", "Leave this out: uadray.sweep with --workspace URL prepares by itself."
        raise ConfigError(Problem("UAD-454", "--workspace", must, workspace.rpartition("@")[2], do))
    return Path(workspace)


if __name__ == "__main__":
    run(prepare)
