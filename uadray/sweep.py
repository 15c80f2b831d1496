"""Search for the model, latent shape, weights and threshold that find the lesions.

    python -m uadray.sweep search_spaces/latent.yaml                      the embedded demo cohort
    python -m uadray.sweep search_spaces/latent.yaml --bids my_cohort     a BIDS folder of FLAIR scans: latent-my_cohort
    python -m uadray.sweep search_spaces/latent.yaml budget.trials=20 run.train.epochs=40 study=latent-longer
    python -m uadray.sweep search_spaces/latent.yaml --dry-run            what it would try, and about how long
    python -m uadray.sweep search_spaces/latent.yaml --smoke              the whole way in a minute, on few subjects
    python -m uadray.sweep search_spaces/latent.yaml --address auto       on the Ray cluster of this machine

The same command goes on with a study that was interrupted. Everything is written below --workspace.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.cluster.address import checked
from uadray.console import exit_codes, run
from uadray.options import Address, Bids, WorkspaceOrUrl
from uadray.study.design.smoke import smoke as shortened
from uadray.study.reading.checking import load

Overrides = Annotated[
    list[str] | None, typer.Argument(help="Values instead of the file's: budget.trials=20.", metavar="KEY=VALUE")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be tried and what it would take; train nothing.")
]
Smoke = Annotated[
    bool, typer.Option("--smoke", help="Two trials of two epochs on few subjects, in a study of its own.")
]
Extend = Annotated[bool, typer.Option("--extend", help="Go on with an ended study whose budget has grown.")]


def sweep(
    space: Annotated[Path, typer.Argument(help="Search space, a YAML file.")],
    overrides: Overrides = None,
    workspace: WorkspaceOrUrl = "runs",
    bids: Bids = None,
    address: Address = None,
    dry_run: DryRun = False,
    smoke: Smoke = False,
    extend: Extend = False,
) -> None:
    """Search a space, choose by the validation patients, test once."""
    with exit_codes():
        cluster = checked(address)
        plan = load(space, bids, overrides or ())
        plan = shortened(plan) if smoke else plan
        if dry_run:
            from uadray import dry_run as what_if
            from uadray.remote.objects import cache, is_url

            what_if.dry_run(plan, cache(workspace) if is_url(workspace) else Path(workspace))
            return
        from uadray import conduct
        from uadray.study.workspace import folder

        conduct.conduct(plan, workspace, folder.with_larger_budget if extend else folder.as_it_began, cluster)


if __name__ == "__main__":
    run(sweep)
