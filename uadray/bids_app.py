"""The same as uadray.predict, called as BIDS Apps are (Gorgolewski et al. 2017), for pipelines that call them.

python -m uadray.bids_app new_scans out participant --model latent-model
python -m uadray.bids_app new_scans out participant --participant-label 01 02 --model models:/uadray-latent@champion

Calls for single participants can run side by side with the same OUTPUT_DIR. Research use only. Not a medical device.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from uadray.bundle.content import NOTICE
from uadray.console import OUT, exit_codes, run
from uadray.options import Device
from uadray.prediction.runtime import RUNTIMES, Name

Labels = list[str]


class Level(StrEnum):
    """Of the analysis; scans are assessed one by one, so that nothing is left for a group."""

    participant = "participant"


class ManyLabels(TyperCommand):
    """A command whose options for several values take them in a row: --participant-label 01 02."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # typer has had two kinds of ctx
        """The arguments, read with the option's name before each of its values."""
        several = {name for option in self.params if getattr(option, "multiple", False) for name in option.opts}
        spread: list[str] = []
        named = ""
        for each, following in pairwise([*args, "-"]):
            if each.startswith("-"):
                named = each if each in several and not following.startswith("-") else ""
                spread += [] if named else [each]
            else:
                spread += [named, each] if named else [each]
        return super().parse_args(ctx, spread)


def bids_app(
    bids_dir: Annotated[Path, typer.Argument(help="Folder of a BIDS data set with FLAIR scans.")],
    output_dir: Annotated[Path, typer.Argument(help="Folder for the results: new, or one of earlier results.")],
    analysis_level: Annotated[Level, typer.Argument(help="There is one.")],
    model: Annotated[str, typer.Option(help="As uadray.predict takes it: a folder, NAME:best, models:/NAME@champion.")],
    participant_label: Annotated[
        Labels, typer.Option("--participant-label", "--participant_label", help="01 02, sub- before them or not.")
    ] = [],  # noqa: B006
    session_label: Annotated[
        Labels, typer.Option("--session-label", "--session_label", help="1 2, ses- before them or not.")
    ] = [],  # noqa: B006
    n_cpus: Annotated[
        int, typer.Option("--n-cpus", "--n_cpus", "--nprocs", "--nthreads", help="Scans at a time.", min=1)
    ] = 1,
    workspace: Annotated[
        Path, typer.Option("--workspace", "--work-dir", "-w", help="Folder with studies, and for models by name.")
    ] = Path("runs"),
    tracking_uri: Annotated[str | None, typer.Option(help="Of MLflow's registry, as in uadray.predict.")] = None,
    device: Device = "cpu",
    runtime: Annotated[Name, typer.Option(help="What runs the network, as in uadray.predict.")] = "torch",
    skip_bids_validation: Annotated[
        bool, typer.Option("--skip-bids-validation", "--skip_bids_validator", help="Without effect: none is done.")
    ] = False,
) -> None:
    """Apply a model to the scans of a BIDS data set, called as a BIDS App."""
    with exit_codes():
        OUT.print(NOTICE, highlight=False)
        from uadray.prediction.scans import of_labels

        scans = of_labels(bids_dir, participant_label, session_label)
        from uadray.prediction.device import require_device

        require_device(device)
        from uadray.assess import assess
        from uadray.opening import opened

        assess(opened(model, workspace, tracking_uri), scans, output_dir, n_cpus, device, RUNTIMES[runtime])


if __name__ == "__main__":
    run(bids_app, ManyLabels)
