"""Options and arguments that several commands have, each in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_FOLDER = typer.Option(help="Folder for cohorts, stores, studies and the MLflow database.")
Workspace = Annotated[Path, _FOLDER]
WorkspaceAsGiven = Annotated[str, _FOLDER]  # a Path would drop a slash of the URL that is refused
WorkspaceOrUrl = Annotated[
    str, typer.Option("--workspace", help="As a folder, or at s3://bucket/prefix, gs://, abfss:// (docs/storage.md).")
]
Bids = Annotated[Path | None, typer.Option(help="BIDS folder to take instead of the file's cohort.")]
Address = Annotated[
    str | None, typer.Option(help="Ray cluster to run on, auto or HOST:PORT; a Ray of its own unless given.")
]
TrackingUri = Annotated[
    str | None, typer.Option(help="Of the registry; else MLFLOW_TRACKING_URI, else SQLite in the workspace.")
]
Trial = Annotated[int | None, typer.Option(help="Trial; the selected one unless given.", min=0)]
Device = Annotated[str, typer.Option(help="As PyTorch names it: cpu, cuda, mps.")]
StoreFolder = Annotated[Path, typer.Argument(help="Folder of a store, the one with manifest.json.")]
