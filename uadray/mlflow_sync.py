"""Bring MLflow up to what studies' folders hold: after a server was away, or to fill another one.

    python -m uadray.mlflow_sync runs/studies/latent
    python -m uadray.mlflow_sync runs/studies/* --tracking-uri http://127.0.0.1:5000

What is there already is not logged twice, and what was begun is completed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.console import OUT, exit_codes, run
from uadray.errors import Problem, StudyError, UadError
from uadray.study.workspace.naming import study_folders

Uri = Annotated[
    str | None,
    typer.Option(help="Of the server or database; else MLFLOW_TRACKING_URI, else SQLite in the studies' workspace."),
]


def mlflow_sync(
    studies: Annotated[
        list[Path], typer.Argument(help="Studies: their folders, those with study.json, or their names in runs/.")
    ],
    tracking_uri: Uri = None,
) -> None:
    """Bring MLflow up to what studies' folders hold."""
    with exit_codes():
        for study in study_folders(studies):
            OUT.print(_synced(study.resolve(), tracking_uri), highlight=False, soft_wrap=True)


def _synced(study: Path, uri: str | None) -> str:
    """Bring one study up to date; raises StudyError (UAD-410) where MLflow does not answer."""
    from uadray.study.quiet import silence
    from uadray.tracking.mirror import Mirror
    from uadray.tracking.server import Server
    from uadray.tracking.server import tracking_uri as usual

    silence()
    workspace = study.parents[1]
    mirror = Mirror(study, Server(uri or usual(workspace), workspace))
    try:
        trials = mirror.everything()
    except UadError:
        raise
    except Exception as error:  # of MLflow and of whatever it is made of
        do = "See that the server runs and lets you in; the same command goes on from here."
        problem = Problem("UAD-410", str(mirror.server), "MLflow must answer", mirror.server.blame(error), do)
        raise StudyError(problem) from error
    return f"{study.name}: {trials} trials, {mirror.server}, experiment {mirror.experiment}{mirror.note}"


if __name__ == "__main__":
    run(mlflow_sync)
