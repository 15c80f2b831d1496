"""How items are worked through: one after the other here, over cores or nodes in mapping.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Each(Protocol):
    """A `map`, which may work on several items at once; results come in the order of the items."""

    def __call__(self, function: Callable[[Item], Result], items: Sequence[Item], /) -> Iterable[Result]: ...


def one_by_one(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """In this process."""
    return map(function, items)
