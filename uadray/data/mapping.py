"""Subjects over cores and nodes with Ray Data: results come in their order, a few at a time."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import ray
import ray.data

BLOCK = 8  # items a task at most: a task costs some 20 ms, and its results are in memory together

Item = TypeVar("Item")
Result = TypeVar("Result")


def over_cores(workers: int) -> Callable[[Callable[[Item], Result], Sequence[Item]], Iterator[Result]]:
    """A `map` with so many processes; a Ray of this machine is started where none is running."""
    if not ray.is_initialized():
        ray.init(address="local", num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    return _over_cores


def _over_cores(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    def apply(row: dict[str, Any]) -> dict[str, Any]:
        return {"result": pickle.dumps(function(items[row["item"]]))}

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    block = max(1, min(BLOCK, len(items) // (8 * int(ray.cluster_resources()["CPU"]))))  # eight a core, or more
    context = ray.data.DataContext.get_current().copy()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    with ray.data.DataContext.current(context):
        rows = ray.data.from_items(
            [{"item": number} for number in range(len(items))], override_num_blocks=-(-len(items) // block)
        )
        for row in rows.map(apply).iter_rows():
            yield pickle.loads(row["result"])
