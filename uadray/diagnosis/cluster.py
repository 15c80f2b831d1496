"""A running Ray: whether it lets us in, what it has, and whether its nodes can do a study's work."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import ray

from uadray.cluster.nodes import alive
from uadray.cluster.versions import require_alike
from uadray.diagnosis.finding import Finding, ok, problem
from uadray.diagnosis.secrecy import asks_for_token
from uadray.errors import UadError, in_a_line
from uadray.study.machine import shipped
from uadray.study.workspace.workspace import Workspace


def cluster(address: str, workspace: Callable[[], Workspace]) -> Iterator[Finding]:
    """Of the Ray at an address, `auto` for the one of this machine, and of the workspace that its nodes are to have."""
    about = "cluster"
    try:
        with _connected(address) as dashboard:
            nodes, there = alive(), ray.cluster_resources()
            say = f"{len(nodes)} nodes, {there.get('CPU', 0):g} CPUs, {there.get('GPU', 0):g} GPUs"
            yield ok(about, say)
            yield asks_for_token(dashboard)
            yield from required("shared workspace", "every node reads and writes it", lambda: workspace().nodes())
            yield from required("versions of nodes", "the same as here", lambda: require_alike(nodes))
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        do = "See that Ray runs there (`ray status`) and that RAY_AUTH_MODE=token and the token file are the cluster's."
        yield problem(about, f"no answer: {(str(error).strip() or type(error).__name__).splitlines()[0][:200]}", do)


def required(about: str, fine: str, check: Callable[[], object]) -> Iterator[Finding]:
    """What a study requires before it begins: a line a problem, or one that says that all is fine."""
    try:
        check()
    except UadError as error:
        for found in error.problems:
            yield problem(about, f"{found.code} {found.where}: {found.got}", found.do)
    except PermissionError as error:
        yield problem(about, in_a_line(error), "See that you may write there.")
    else:
        yield ok(about, fine)


@contextmanager
def _connected(address: str) -> Iterator[str | None]:
    """Connected as a study is; where the dashboard is, if there is one."""
    _knock(address)
    found = ray.init(address=address, log_to_driver=False, logging_level="ERROR", runtime_env=shipped())
    try:
        yield found.dashboard_url
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Raise OSError where nobody listens; Ray itself asks for two minutes."""
    where = os.environ.get("RAY_ADDRESS", address) if address == "auto" else address
    host, _, port = where.rpartition(":")
    if port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
