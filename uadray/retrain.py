"""Train a study's best configurations again, with several seeds each, and compare them on the test patients.

python -m uadray.retrain runs/studies/latent --top 3 --seeds 5
"""

from __future__ import annotations

from typing import Annotated

import typer

from uadray.cluster.address import checked
from uadray.console import OUT, exit_codes, run
from uadray.files import write_text
from uadray.options import Address
from uadray.study.ledger import Ledger
from uadray.study.reading.checking import load
from uadray.study.result.retraining import retraining
from uadray.study.workspace.naming import Named, study_folder
from uadray.yaml_file import dump


def retrain(
    study: Named,
    top: Annotated[int, typer.Option(help="Configurations, best first.", min=1)] = 3,
    seeds: Annotated[int, typer.Option(help="Trainings of each.", min=1)] = 5,
    address: Address = None,
) -> None:
    """Train a study's best configurations again, with several seeds each."""
    with exit_codes():
        cluster = checked(address)
        folder = study_folder(study).resolve()
        path = folder / "retrain.yaml"
        write_text(path, dump(retraining(Ledger(folder), top, seeds)))
        OUT.print(f"study: {path}", highlight=False, soft_wrap=True)
        plan = load(path)
        from uadray.conduct import conduct

        conduct(plan, folder.parents[1], address=cluster)


if __name__ == "__main__":
    run(retrain)
