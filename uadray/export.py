"""Write a study's model as one folder that can be copied, opened and applied anywhere.

python -m uadray.export runs/studies/latent -o latent-model     the selected trial
python -m uadray.export latent:7 -o latent-model                trial 7 of a study in the workspace
python -m uadray.export models:/uadray-latent@champion -o latent-model
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.console import OUT, exit_codes, run
from uadray.errors import ConfigError, Problem

Workspace = Annotated[Path, typer.Option(help="Folder for cohorts, stores, studies and the MLflow database.")]
TrackingUri = Annotated[
    str | None, typer.Option(help="Of the registry; else MLFLOW_TRACKING_URI, else SQLite in the workspace.")
]
STUDY = "Folder of a study, or NAME of one in the workspace; with :best or :TRIAL. Or models:/NAME@ALIAS."


def export(
    study: Annotated[str, typer.Argument(help=STUDY)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the model, new or a former model.")],
    trial: Annotated[int | None, typer.Option(help="Trial; the selected one unless given.", min=0)] = None,
    workspace: Workspace = Path("runs"),
    tracking_uri: TrackingUri = None,
) -> None:
    """Write a study's model as one folder that can be applied anywhere."""
    with exit_codes():
        from uadray.bundle import reference
        from uadray.bundle.writing import copied, require_place, write_bundle
        from uadray.opening import in_registry, opened

        if in_registry(study):
            if trial is not None:
                must, do = "a model of the registry is of one trial", "Leave --trial out, or name the study."
                raise ConfigError(Problem("UAD-389", study, must, f"--trial {trial}", do))
            require_place(out)
            bundle = copied(opened(study, workspace, tracking_uri), out)
        else:
            bundle = write_bundle(*reference.trial(study, workspace, trial), out)
        about = bundle.content
        OUT.print(f"model: {bundle.path}", highlight=False, soft_wrap=True)
        OUT.print(f"{about.description}, trial {about.trial} of {about.study}, {about.origin}", highlight=False)
        OUT.print(about.notice, highlight=False)


if __name__ == "__main__":
    run(export)
