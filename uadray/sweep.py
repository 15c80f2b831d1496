"""Search for the model, latent shape, weights and threshold that find the lesions.

    python -m uadray.sweep search_spaces/latent.yaml                      the embedded demo cohort
    python -m uadray.sweep search_spaces/latent.yaml --bids my_cohort     a BIDS folder of skull-stripped FLAIR scans
    python -m uadray.sweep search_spaces/latent.yaml budget.trials=20 run.train.epochs=40 study=latent-longer

The same command goes on with a study that was interrupted. Everything is written below --workspace.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.console import exit_codes, run
from uadray.prepare import Bids, Workspace
from uadray.study.checking import load

Overrides = Annotated[
    list[str] | None, typer.Argument(help="Values instead of the file's: budget.trials=20.", metavar="KEY=VALUE")
]


def sweep(
    space: Annotated[Path, typer.Argument(help="Search space, a YAML file.")],
    overrides: Overrides = None,
    workspace: Workspace = Path("runs"),
    bids: Bids = None,
) -> None:
    """Search a space, choose by the validation patients, test once."""
    with exit_codes():
        plan = load(space, bids, overrides or ())
        from uadray.conduct import conduct

        conduct(plan, workspace)


if __name__ == "__main__":
    run(sweep)
