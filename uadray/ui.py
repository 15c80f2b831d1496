"""Open MLflow's pages on what studies logged, for this machine alone.

python -m uadray.ui                                        runs/mlflow.db on http://127.0.0.1:5000
python -m uadray.ui --workspace /data/runs --port 5001
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.console import exit_codes, run

Workspace = Annotated[Path, typer.Option(help="The folder with the studies.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Of 127.0.0.1.")]


def ui(workspace: Workspace = Path("runs"), port: Port = 5000) -> None:
    """Open MLflow's pages on what studies logged, for this machine alone; until Ctrl-C."""
    with exit_codes():
        from uadray.tracking.pages import become_pages

        become_pages(workspace, port)


if __name__ == "__main__":
    run(ui)
