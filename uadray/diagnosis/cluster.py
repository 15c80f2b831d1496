"""A running Ray: whether it lets us in, what it has, and whether its nodes share the workspace and the versions."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from uadray import __version__
from uadray.diagnosis.finding import Finding, ok, problem, warning
from uadray.study.nodes import unreached

PATIENCE_S = 60.0


def cluster(address: str, workspace: str) -> Iterator[Finding]:
    """Of the Ray at an address; `auto` is the one of this machine."""
    about = "cluster"
    try:
        with _connected(address):
            alive = [node for node in ray.nodes() if node["Alive"]]
            there = ray.cluster_resources()
            say = f"{len(alive)} nodes, {there.get('CPU', 0):g} CPUs, {there.get('GPU', 0):g} GPUs"
            yield ok(about, say)
            yield from _workspace(workspace)
            yield from _versions([node["NodeID"] for node in alive])
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        do = "See that Ray runs there (`ray status`) and that RAY_AUTH_MODE=token and the token file are the cluster's."
        yield problem(about, f"no answer: {(str(error).strip() or type(error).__name__).splitlines()[0][:200]}", do)


@contextmanager
def _connected(address: str) -> Iterator[None]:
    _knock(address)
    ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Raise OSError where nobody listens; Ray itself asks for two minutes."""
    where = os.environ.get("RAY_ADDRESS", address) if address == "auto" else address
    host, _, port = where.rpartition("://")[2].rpartition(":")
    if port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()


def _workspace(workspace: str) -> Iterator[Finding]:
    lacking = unreached(workspace, PATIENCE_S)
    for node, why in lacking.items():
        do = "Mount the workspace there at the same path, or give a URL that all nodes may write to."
        yield problem("shared workspace", f"node {node} does not reach it: {why}", do)
    if not lacking:
        yield ok("shared workspace", "every node reads and writes it")


def _versions(nodes: list[str]) -> Iterator[Finding]:
    """Ray compares its own version and Python's; torch's and uadray's shape results as well."""
    asked = ray.remote(_software)
    tasks = [
        asked.options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=True)).remote()
        for node in nodes
    ]
    done, _ = ray.wait(tasks, num_returns=len(tasks), timeout=PATIENCE_S)
    different = sorted(set(ray.get(done)) - {_software()})
    if different:
        do = "Install the same everywhere: pip install --constraint constraints.txt ."
        yield warning("versions of nodes", f"here {_software()}; there {'; '.join(different)}", do)
    else:
        yield ok("versions of nodes", "the same as here")


def _software() -> str:
    return f"uadray {__version__}, torch {version('torch')}, Python {platform.python_version()}"
