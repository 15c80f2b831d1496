"""Whether every node of a cluster has the workspace: the same files at the same place, and locks that hold.

What is asked of a node is what a trial there will do: read what this process wrote, lock a file, write one that this
process sees. A folder that only looks the same, or an NFS whose locks end at the machine, is found out before anything
is computed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from uadray.cluster.nodes import PATIENCE_S, Node, alive, on_each
from uadray.errors import ConfigError, Problem

TOKEN, LOCK = "token", "lock"
FINE = ""
SEEN_S = 90.0  # NFS may hide a new file for the 60 s that it remembers a folder; a slow server needs a little more


def require_everywhere(workspace: Path, patience_s: float = PATIENCE_S) -> list[Node]:
    """The nodes that live, all of which have the workspace.

    Raises ConfigError (UAD-443): a problem for each node that has it not, with its address and what is wrong there.
    """
    nodes = alive()
    must = f"every node of the cluster must have the workspace at {workspace.resolve()}"
    do = "Give a folder that all nodes share, such as one on NFS with locks (no nolock, no local_lock), by --workspace."
    wrong = unreached(workspace, nodes, patience_s)
    if wrong:
        raise ConfigError(Problem("UAD-443", f"node {node}", must, why, do) for node, why in wrong.items())
    return nodes


def unreached(workspace: Path, nodes: Sequence[Node], patience_s: float = PATIENCE_S) -> Mapping[Node, str]:
    """The nodes that have not got this process's workspace, with what is wrong there; nothing is left behind in it."""
    workspace.mkdir(parents=True, exist_ok=True)
    folder, token = workspace.resolve() / f".reach-{uuid.uuid4().hex}", uuid.uuid4().hex
    folder.mkdir()
    try:
        (folder / TOKEN).write_text(token)
        for node in nodes:
            (folder / node.id).is_file()  # NFS remembers that it is not there, as it will of a trial's record
        with (folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            said = on_each(nodes, answer, str(folder), token, patience_s=patience_s)
        return {node: why for node in nodes if (why := said[node] or _unseen(folder / node.id, token)) != FINE}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def answer(name: str, folder: str, token: str) -> str:
    """What a node says: FINE when it has read the token, has met the lock and has written the token back."""
    place = Path(folder)
    try:
        read = (place / TOKEN).read_text()
    except OSError as error:
        return f"{error.strerror} when it was read there"
    if read != token:
        return "another file there"
    try:
        if not _locked(place / LOCK):
            return "file locks that do not reach the other nodes"
        with (place / name).open("w") as file:
            file.write(token)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return f"{error.strerror} when it was written there"
    return FINE


def _locked(path: Path) -> bool:
    """Whether another process holds the lock."""
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _unseen(path: Path, token: str) -> str:
    """FINE once this process sees what a node wrote."""
    deadline = time.monotonic() + SEEN_S
    while not path.is_file():
        if time.monotonic() > deadline:
            return f"what was written there was not seen here in {SEEN_S:.0f} s"
        time.sleep(0.1)
    return FINE if path.read_text() == token else "another file there"
