"""A cluster of this machine's own, by the commands of clusters/README.md; what is typed and answered is kept."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from lab import Host

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PORT = 18265  # of this machine, for tunnels
DASHBOARD = f"http://127.0.0.1:{PORT}"


@dataclass
class Terminal:
    """Where the commands are typed: the machine itself, with a home of its own."""

    home: Path
    answers: list[tuple[str, str]] = field(default_factory=list)
    """Commands and what they said, so far."""

    def _place(self) -> dict[str, Any]:
        own = {"HOME": str(self.home), "PATH": f"{BIN}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
        ray = {"RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0", "RAY_API_SERVER_ADDRESS": DASHBOARD}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "PYTEST"))}
        env = {**kept, **own, **ray, "TERM": "dumb", "COLUMNS": "100"}
        return {"cwd": ROOT, "env": env, "stdin": subprocess.DEVNULL}

    def type(self, *command: object, timeout: float = 300, secret: bool = False) -> str:
        """Run a command to its end; raises AssertionError, with what it said, unless it succeeds."""
        done = subprocess.run(
            [*map(str, command)],
            **self._place(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        self.answers.append((" ".join(map(str, command)), "" if secret else done.stdout.rstrip()))
        assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
        return done.stdout

    @contextmanager
    def beside(self, *command: object) -> Iterator[None]:
        """Run a command in another terminal."""
        self.answers.append((" ".join(map(str, command)), "(in another terminal)"))
        process = subprocess.Popen(
            [*map(str, command)],
            **self._place(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, 15)
            process.wait()


@contextmanager
def dashboard(terminal: Terminal, cluster: Path) -> Iterator[None]:
    """A tunnel to the dashboard of a cluster, while jobs are submitted."""
    with terminal.beside("ray", "dashboard", "--port", PORT, cluster):
        wait_for("the tunnel to the dashboard", _tunnel)
        yield


def _tunnel() -> bool:
    try:
        urlopen(DASHBOARD, timeout=5)
    except HTTPError:
        return True  # without a token there is no page
    except OSError:
        return False
    return True


def cluster_file(folder: Path, name: str, head: Host, workers: list[Host], workspace: Path) -> Path:
    """clusters/local.yaml with its values filled in, as a user does."""
    text = (ROOT / "clusters" / "local.yaml").read_text()
    values = {
        "CHANGE_ME_HEAD": head.address,
        "CHANGE_ME_WORKER": ", ".join(worker.address for worker in workers),
        "CHANGE_ME_USER": "root",
        "CHANGE_ME_WORKSPACE": str(workspace),
        "~/.ssh/id_ed25519": str(folder / "keys" / "user"),
        "min_workers: 1 ": f"min_workers: {len(workers)} ",
        "max_workers: 1\n": f"max_workers: {len(workers)}\n",
        "uadray-local": name,
    }
    for old, new in values.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


def wait_for(what: str, holds: Callable[[], bool], timeout: float = 120) -> None:
    """Wait until a function of no arguments is true."""
    deadline = time.monotonic() + timeout
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(1)
