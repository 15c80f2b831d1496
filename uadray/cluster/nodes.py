"""The nodes of the cluster that this process is connected to, and something done on each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from uadray.errors import in_a_line

PATIENCE_S = 60.0  # for one answer; a first worker with its code takes some seconds


@dataclass(frozen=True, order=True)
class Node:
    """A machine of the cluster, or what Ray takes for one."""

    address: str
    name: str
    id: str

    def __str__(self) -> str:
        return f"{self.address} ({self.name})"


def alive() -> list[Node]:
    """The nodes that live, by address."""
    found = (node for node in ray.nodes() if node["Alive"])
    return sorted(Node(node["NodeManagerAddress"], node["NodeManagerHostname"], node["NodeID"]) for node in found)


def on_each(
    nodes: Sequence[Node], ask: Callable[..., str], *arguments: Any, patience_s: float = PATIENCE_S
) -> Mapping[Node, str]:
    """What `ask(node id, *arguments)` returns on each node, in a process there, all at a time.

    It takes no core, so that it is not kept waiting by what runs. A node that does not answer says so.
    """
    task = ray.remote(num_cpus=0, max_retries=0)(ask)
    asked = {
        node: task.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False)).remote(
            node.id, *arguments
        )
        for node in nodes
    }
    ray.wait(list(asked.values()), num_returns=len(asked), timeout=patience_s)
    return {node: _answer(reference, patience_s) for node, reference in asked.items()}


def _answer(reference: ray.ObjectRef, patience_s: float) -> str:
    if not ray.wait([reference], timeout=0)[0]:
        return f"no answer in {patience_s:.0f} s"
    try:
        return str(ray.get(reference))
    except RayError as error:
        return in_a_line(error, -1)
