"""Whether every node of a cluster can read and write the object store of a workspace, and has a cache to work in."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from uadray.cluster.nodes import PATIENCE_S, Node, alive, on_each
from uadray.errors import ConfigError, Problem, UadError, in_a_line
from uadray.remote.objects import Objects

FINE = ""


def require_access(objects: Objects, cache: Path, patience_s: float = PATIENCE_S) -> list[Node]:
    """The nodes that live, all of which can use the store.

    Raises ConfigError (UAD-449): a problem for each node that cannot, with its address and why.
    """
    nodes, token = alive(), uuid.uuid4().hex
    folder = f".reach-{token}"
    objects.write(f"{folder}/token", token.encode())
    try:
        said_there = on_each(nodes, answer, objects, folder, token, str(cache), patience_s=patience_s)
        wrong = {
            node: why or "an answer that was not seen"
            for node, why in said_there.items()
            if why != FINE or objects.read(f"{folder}/{node.id}") != token.encode()
        }
    finally:
        for name in objects.sizes(folder):
            objects.remove(name)
    must, do = (
        f"every node must use {objects.url} and {cache}",
        "Give it the keys, and a place to write (UADRAY_SCRATCH).",
    )
    if wrong:
        raise ConfigError(Problem("UAD-449", f"node {node}", must, why, do) for node, why in wrong.items())
    return nodes


def answer(name: str, objects: Objects, folder: str, token: str, cache: str) -> str:
    """What a node says: FINE when it has read the token and written it back, to the store and to its cache."""
    try:
        if objects.read(f"{folder}/token") != token.encode():
            return "another store there"
        objects.write(f"{folder}/{name}", token.encode())
        Path(cache).mkdir(parents=True, exist_ok=True)
        if not os.access(cache, os.W_OK):
            return f"no right to write {cache}"
    except (OSError, UadError) as error:
        return in_a_line(error)
    return FINE
