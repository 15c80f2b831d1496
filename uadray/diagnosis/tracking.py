"""Whether the place that runs are logged to answers; a database that is not there yet is not made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from uadray.diagnosis.finding import Finding, ok, problem, warning, whatever_is_refused
from uadray.tracking.server import SQLITE, Server

HERE = ("127.0.0.1", "localhost", "::1", None)


def tracking(uri: str, workspace: Path) -> Iterator[Finding]:
    """Of a URI that MLflow understands."""
    do = "Give a --tracking-uri below folders that you may look into."
    return whatever_is_refused("MLflow", _looked_at(uri, workspace), do)


def _looked_at(uri: str, workspace: Path) -> Iterator[Finding]:
    about = "MLflow"
    server = Server(uri, workspace)
    if server.here and not Path(uri.removeprefix(SQLITE)).is_file():
        yield _to_be_made(about, Path(uri.removeprefix(SQLITE)))
        return
    if server.answers():
        yield ok(about, "the SQLite file answers" if server.here else "the server answers")
    else:
        do = "See that it runs and knows MLFLOW_TRACKING_USERNAME and its password; a study goes on without."
        yield problem(about, f"{'the SQLite file' if server.here else 'the server'} does not answer", do)
    parts = urlsplit(uri)
    if parts.scheme == "http" and parts.hostname not in HERE:
        do = "Use https, or an ssh tunnel to loopback."
        yield warning(about, "a password would cross the network unencrypted", do)
    if parts.password:
        do = "Put it into MLFLOW_TRACKING_PASSWORD or ~/.mlflow/credentials: commands are seen by others."
        yield warning(about, "the URI holds a password", do)


def _to_be_made(about: str, path: Path) -> Finding:
    """Whether a database can be made there: in the nearest folder that there is."""
    nearest = next(folder for folder in path.absolute().parents if folder.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK):
        return ok(about, "a SQLite file that the first study makes")
    return problem(
        about, f"a SQLite file cannot be made: {nearest} is no folder, or not yours", "Correct --tracking-uri."
    )
