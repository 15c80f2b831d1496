"""Subjects over cores, or over the nodes of a cluster, with Ray: results come in their order, a few at a time.

Plain tasks, not Ray Data: its `map` has the same results and takes 2.7 s longer, whatever the work (two cores, 24 and
48 items of half a second: 0.67 and 0.82 of what two cores could do, against 0.97 here).
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from uadray.data.each import Each, Item, Result
from uadray.errors import UadError

AHEAD = 4  # tasks for each core, running or waiting: their results are in memory together
GONE_S = 60.0  # without a core in the cluster, until the rest is worked on here; another node may come
LOOK_S = 5.0


def over_cores(workers: int) -> Each:
    """A `map` with so many processes; a Ray of this machine is started where none is running."""
    if not ray.is_initialized():
        ray.init(address="local", num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    return _over_cores


def _over_cores(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    shared, task = ray.put(function), ray.remote(_apply)
    yield from map(_result, _ahead(lambda item: task.remote(shared, item), items, _cores()))


class OverNodes:
    """A `map` over the cores that the cluster of this process has; `look` is what a process sees of an item.

    An item is worked on where the same is seen of it as here, else in this process: a node may lack a file or a
    package, or have another. So is one that fails on a node, and what it raises here is what is raised. A cluster
    without a core is not waited for, and one that loses its last only for GONE_S. `here` are the items that came to
    this process, `there` those that nodes took.
    """

    def __init__(self, look: Callable[[Any], object]) -> None:
        self.here: set[Any] = set()
        self.there: set[Any] = set()
        self._look = look

    def __call__(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """The results, in the order of the items."""
        cores = _cores()
        if not cores:
            self.here.update(items)
            yield from map(function, items)
            return
        shared, task, folder = ray.put((function, self._look)), ray.remote(_apply_alike), str(Path.cwd())

        def begin(item: Item) -> tuple[Item, Any]:
            return item, task.remote(shared, item, self._look(item), folder)

        waiting = _Waiting()
        for item, reference in _ahead(begin, items, cores):
            try:
                waiting.for_end_of(reference)
                result = ray.get(reference)
                self.there.add(item)
            except (RayError, _NobodyThere):
                result = function(item)
                self.here.add(item)
            yield result


class _NobodyThere(Exception):
    """The cluster has had no core for GONE_S: its task would wait for ever."""


class _Waiting:
    """For the end of one task after another, as long as the cluster has a core."""

    def __init__(self) -> None:
        self._gone: float | None = None

    def for_end_of(self, reference: Any) -> None:
        """Raises _NobodyThere where no core is seen for GONE_S; for the tasks after that at once, until one is seen."""
        while not ray.wait([reference], timeout=0)[0]:
            if self._gone_s() > GONE_S:
                ray.cancel(reference)
                raise _NobodyThere
            ray.wait([reference], timeout=LOOK_S)

    def _gone_s(self) -> float:
        now = time.monotonic()
        self._gone = None if _cores() else now if self._gone is None else self._gone
        return 0.0 if self._gone is None else now - self._gone


def _cores() -> int:
    """Of all nodes that are there now."""
    return int(ray.cluster_resources().get("CPU", 0))


def _ahead(begin: Callable[[Item], Result], items: Sequence[Item], cores: int) -> Iterator[Result]:
    """What was begun of each item, in their order; as many are begun as keep every core busy."""
    begun: deque[Result] = deque()
    for item in items:
        begun.append(begin(item))
        if len(begun) == AHEAD * cores:
            yield begun.popleft()
    while begun:
        yield begun.popleft()


def _apply_alike(
    shared: tuple[Callable[[Item], Result], Callable[[Item], object]], item: Item, seen: object, folder: str
) -> Result:
    """The result; raises LookupError where something else is seen of the item than by who asks."""
    function, look = shared
    with contextlib.chdir(folder) if Path(folder).is_dir() else contextlib.nullcontext():  # paths may be relative
        if look(item) != seen:
            raise LookupError("other files or packages than where the study runs")
        return function(item)


def _apply(function: Callable[[Item], Result], item: Item) -> Result:
    return function(item)


def _result(task: Any) -> Any:
    """What a task returned; a person's mistake comes as it was raised, not as Ray's error about it."""
    try:
        return ray.get(task)
    except RayTaskError as error:
        if isinstance(error.cause, UadError):
            raise error.cause from None
        raise
