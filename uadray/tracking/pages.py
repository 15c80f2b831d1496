"""MLflow's pages on a database: a server of this process, which nobody reaches from another machine."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

from uadray.errors import ConfigError, Problem
from uadray.tracking.server import SQLITE, Server, tracking_uri

LOOPBACK = "127.0.0.1"


def become_pages(workspace: Path, port: int) -> NoReturn:
    """Go on as MLflow's server on the database that studies of a workspace are logged to; never returns.

    The database finds the files of a workspace that was moved. Raises ConfigError: UAD-411 where nothing was logged,
    or where it is logged to a server, which has pages of its own; UAD-412 where another program has the port.
    """
    server = Server(tracking_uri(workspace), workspace)
    if problems := _none_to_open(server) or [*_nothing_logged(server), *_taken(port)]:
        raise ConfigError(problems)
    _ = server.client
    print(f"{server} on http://{LOOPBACK}:{port}, until Ctrl-C", flush=True)
    command = [sys.executable, "-m", "mlflow", "server", "--host", LOOPBACK, "--port", str(port), "--workers", "1"]
    own = {"MLFLOW_BACKEND_STORE_URI": server.uri, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    os.execve(sys.executable, command, {**os.environ, **own})  # a URI may hold a password, which no argument should


def _none_to_open(server: Server) -> list[Problem]:
    if not server.over_http:
        return []
    do = "Open that address in a browser: a server has pages of its own."
    return [Problem("UAD-411", "MLFLOW_TRACKING_URI", "must be a database", str(server), do)]


def _nothing_logged(server: Server) -> list[Problem]:
    if not server.here or Path(server.uri.removeprefix(SQLITE)).is_file():
        return []
    must, do = "must have been logged to", "Run a study first, or give --workspace the folder where one ran."
    return [Problem("UAD-411", str(server), must, "no such file", do)]


def _taken(port: int) -> list[Problem]:
    try:
        with socket.create_server((LOOPBACK, port)):
            return []
    except OSError as error:
        do = "Give another with --port, or stop what uses it."
        return [Problem("UAD-412", f"port {port} of {LOOPBACK}", "must be free", os.strerror(error.errno or 0), do)]
