"""Whether every node of a cluster has the workspace: trials write their checkpoints and records there."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress

import ray
from pyarrow.fs import FileSystem
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from uadray.errors import ConfigError, Problem


def require_reach(workspace: str) -> None:
    """Raise ConfigError (UAD-420) unless each alive node of the running Ray reads and writes the workspace."""
    lacking = unreached(workspace)
    must = "every node must reach the workspace"
    do = "Give a folder that all have mounted at the same path, or a URL (s3://, gs://, abfs://) that all may write to."
    if lacking:
        raise ConfigError(Problem("UAD-420", f"node {node}", must, why, do) for node, why in lacking.items())


def unreached(workspace: str, patience_s: float = 60.0) -> dict[str, str]:
    """Why each alive node that does not share the workspace does not, by its address; {} where all do.

    A file goes there and is read by a task on each node, which leaves one for this process to read: a folder of the
    same name on another disk is told apart. All of them are removed. `workspace` is an existing folder or a URL.
    """
    workspace = workspace if "://" in workspace else os.path.abspath(workspace)  # links may lead elsewhere on a node
    mark = uuid.uuid4().hex
    try:
        _write(workspace, mark, mark)
    except OSError as error:
        return {"of this process": _line(error)}
    nodes = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
    tasks = {_task(node).remote(workspace, mark, node): node for node in nodes}
    try:
        _, late = ray.wait(list(tasks), num_returns=len(tasks), timeout=patience_s)
        answers = {
            node: f"no answer for {patience_s:g} s" if task in late else _answer(task, workspace, mark, node)
            for task, node in tasks.items()
        }
        for task in late:
            ray.cancel(task)
        return {nodes[node]: why for node, why in answers.items() if why}
    finally:
        for name in (mark, *(f"{mark}-{node}" for node in nodes)):
            _remove(workspace, name)


def _task(node: str) -> ray.remote_function.RemoteFunction:
    """Runs on that node and takes no CPU, so that it does not wait for trials."""
    where = NodeAffinitySchedulingStrategy(node, soft=False)
    return ray.remote(_shared).options(num_cpus=0, max_retries=0, scheduling_strategy=where)


def _shared(workspace: str, mark: str, node: str) -> str:
    """On a node: why the file is not there or cannot be answered; "" where both work."""
    try:
        if _read(workspace, mark) != mark:
            return "another folder of that name"
        _write(workspace, f"{mark}-{node}", mark)
    except OSError as error:
        return _line(error)
    return ""


def _answer(task: ray.ObjectRef, workspace: str, mark: str, node: str) -> str:
    try:
        said: str = ray.get(task)
        return said or ("" if _read(workspace, f"{mark}-{node}") == mark else "what it writes is not seen here")
    except (OSError, ray.exceptions.RayError) as error:
        return _line(error)


def _place(workspace: str, name: str) -> tuple[FileSystem, str]:
    filesystem, folder = FileSystem.from_uri(workspace)
    return filesystem, f"{folder}/.uadray-reach-{name}"


def _write(workspace: str, name: str, text: str) -> None:
    filesystem, path = _place(workspace, name)
    with filesystem.open_output_stream(path) as file:
        file.write(text.encode())


def _read(workspace: str, name: str) -> str:
    filesystem, path = _place(workspace, name)
    with filesystem.open_input_stream(path) as file:
        return str(file.read().decode())


def _remove(workspace: str, name: str) -> None:
    filesystem, path = _place(workspace, name)
    with suppress(OSError):  # of a node that did not get as far
        filesystem.delete_file(path)


def _line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
