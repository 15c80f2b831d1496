"""Bring a workspace home from an object store, so that reports and comparisons can be made of it.

    python -m uadray.fetch s3://bucket/runs -o runs                   everything
    python -m uadray.fetch s3://bucket/runs -o runs --study latent    one study, its slices and its models

What is home already is not brought again; what was brought is compared with its SHA-256.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.console import OUT, exit_codes, run

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for it, a workspace then.")]


def fetch(
    url: Annotated[str, typer.Argument(help="Of a workspace: s3://bucket/prefix, gs://, abfss:// (docs/storage.md).")],
    out: Out,
    study: Annotated[list[str] | None, typer.Option(help="A study to bring, instead of all.")] = None,
) -> None:
    """Bring a workspace home from an object store."""
    with exit_codes():
        from uadray.study.workspace.bringing import bring_home

        for line in bring_home(url, out, study or ()):
            OUT.print(line, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run(fetch)
