"""Train and score one configuration: a search space without a choice, such as a study's best.yaml.

    python -m uadray.train runs/studies/latent/best.yaml

The test patients are not read; `python -m uadray.evaluate` scores the model on them, or on others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.cluster.address import checked
from uadray.console import OUT, exit_codes, run
from uadray.options import Address, Bids, WorkspaceOrUrl
from uadray.study.design.one_run import one_run
from uadray.study.reading.checking import load


def train(
    space: Annotated[Path, typer.Argument(help="Search space of one point, a YAML file.")],
    workspace: WorkspaceOrUrl = "runs",
    bids: Bids = None,
    address: Address = None,
) -> None:
    """Train one configuration and score it on the validation patients."""
    with exit_codes():
        cluster = checked(address)
        plan = one_run(load(space, bids))
        from uadray.conduct import opened

        with opened(plan, workspace, address=cluster) as study:
            trained = study.search()
            study.tracker.chosen()
        OUT.print(f"{trained.run.describe()}, {len(trained.curve)} epochs, validation:", highlight=False)
        for name, value in trained.metrics.items():
            OUT.print(f"  {name:24} {value:.4g}", highlight=False)
        OUT.print(f"files: {study.workspace.named(study.ledger.trial(trained.index))}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run(train)
