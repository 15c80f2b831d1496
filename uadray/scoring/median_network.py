"""Selection networks: medians of all windows by minima and maxima of whole planes, which a processor does in bulk.

Adams 2021 (Fast median filters using separable sorting networks, ACM Transactions on Graphics): neighbouring windows
share most of their values, so shared parts are sorted once. Here 2 x 2 windows, a tile, share their core; a plane has
one value a tile, and what a tile sorted its neighbours take from the shifted plane. Lists are merged by Batcher's
odd-even merge; values that can no longer be the median are forgotten, and what nobody asks for is never computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Offset = tuple[int, int]  # rows and columns, in tiles


@dataclass(frozen=True, eq=False)
class Node:
    """A plane; numbers follow the order of making."""

    number: int


@dataclass(frozen=True, eq=False)
class Extremum(Node):
    """The minimum or maximum of two shifted planes."""

    operation: np.ufunc
    operands: tuple[Value, Value]


class Value(NamedTuple):
    """What a node has for the tile `offset` further."""

    node: Node
    offset: Offset


class Network:
    """Builds planes; one that exists under a shift is not built again."""

    def __init__(self, inputs: int) -> None:
        self.inputs = [Node(number) for number in range(inputs)]
        self._made: dict[tuple[object, ...], Extremum] = {}

    def apply(self, operation: np.ufunc, a: Value, b: Value) -> Value:
        """The minimum or maximum of two values."""
        if (b.node.number, b.offset) < (a.node.number, a.offset):
            a, b = b, a
        y, x = min(a.offset[0], b.offset[0]), min(a.offset[1], b.offset[1])
        a, b = (Value(v.node, (v.offset[0] - y, v.offset[1] - x)) for v in (a, b))
        key = (operation, a.node.number, a.offset, b.node.number, b.offset)
        if key not in self._made:
            self._made[key] = Extremum(len(self.inputs) + len(self._made), operation, (a, b))
        return Value(self._made[key], (y, x))

    def merge(self, a: Sequence[Value], b: Sequence[Value]) -> list[Value]:
        """Batcher's odd-even merge of two sorted lists, of any lengths."""
        if not a or not b:
            return [*a, *b]
        if len(a) == len(b) == 1:
            return [self.apply(np.minimum, a[0], b[0]), self.apply(np.maximum, a[0], b[0])]
        evens, odds = self.merge(a[0::2], b[0::2]), self.merge(a[1::2], b[1::2])
        merged = [evens[0]]
        for odd, even in zip(odds, evens[1:], strict=False):
            merged += [self.apply(np.minimum, odd, even), self.apply(np.maximum, odd, even)]
        rest = min(len(odds), len(evens) - 1)
        return [*merged, *odds[rest:], *evens[rest + 1 :]]

    def merge_all(self, lists: Sequence[list[Value]]) -> list[Value]:
        """One sorted list of many; parts of 2, 4, 8 ... lists, which neighbouring tiles have too."""
        if len(lists) == 1:
            return lists[0]
        half = 1 << (len(lists) - 1).bit_length() - 1
        return self.merge(self.merge_all(lists[:half]), self.merge_all(lists[half:]))


def median_of_tiles(size: int, depth: int) -> tuple[list[Node], list[Value]]:
    """The inputs and the four medians of a tile, for size x size windows over `depth` slices, size odd and over 1.

    Inputs are the even and odd rows and columns of each slice: (slice, row parity, column parity).
    """
    network = Network(4 * depth)
    middle = depth * size**2 // 2

    def pixel(y: int, x: int) -> list[Value]:
        place = 2 * (y % 2) + x % 2
        return network.merge_all([[Value(network.inputs[4 * z + place], (y // 2, x // 2))] for z in range(depth)])

    def candidates(a: list[Value], known_a: int, b: list[Value]) -> tuple[list[Value], int]:
        """The values of both that can be the median, when b is whole and a lacks as many at its ends as it may."""
        known = known_a + len(b)
        gone, may_go = known_a - len(a), 2 * max(0, known - 1 - middle)
        merged, ends = network.merge(a, b), (may_go - gone) // 2
        return merged[ends : len(merged) - ends], known

    core_rows = range(1, size)
    column = [network.merge_all([pixel(y, x) for y in core_rows]) for x in range(size + 1)]
    core, known = candidates(network.merge_all(column[1:size]), depth * (size - 1) ** 2, [])
    medians = []
    for y in (0, size):
        for left in (0, 1):
            wide, wide_known = candidates(core, known, column[size * left])
            edge = network.merge(network.merge_all([pixel(y, x) for x in core_rows]), pixel(y, size * left))
            ((median,), _) = candidates(wide, wide_known, edge)
            medians.append(median)
    return network.inputs, medians


class Program:
    """A network over flat planes in which the next row of tiles is `columns` further on; `tiles` at a time.

    Write `inputs`, call `run`, read `outputs`. Planes that are no longer needed lend their memory to later ones.
    """

    def __init__(self, network: tuple[list[Node], list[Value]], columns: int, tiles: int) -> None:
        leaves, roots = network
        self.tiles = tiles
        order = _in_order(roots)
        length: dict[Node, int] = dict.fromkeys([*leaves, *order], 0)
        last: dict[Node, int] = {}
        for value in roots:
            length[value.node] = max(length[value.node], tiles + value.offset[0] * columns + value.offset[1])
            last[value.node] = len(order)
        for step, node in reversed([*enumerate(order)]):
            for value in node.operands:
                needed = length[node] + value.offset[0] * columns + value.offset[1]
                length[value.node] = max(length[value.node], needed)
                last.setdefault(value.node, step)
        longest = max(length.values())
        plane: dict[Node, NDArray[np.float32]] = {leaf: np.zeros(longest, np.float32) for leaf in leaves}
        free: list[NDArray[np.float32]] = []

        def view(value: Value, count: int) -> NDArray[np.float32]:
            start = value.offset[0] * columns + value.offset[1]
            return plane[value.node][start : start + count]

        self._steps = []
        for step, node in enumerate(order):
            plane[node] = free.pop() if free else np.zeros(longest, np.float32)
            a, b = (view(value, length[node]) for value in node.operands)
            self._steps.append((node.operation, a, b, plane[node][: length[node]]))
            for used in dict.fromkeys(value.node for value in node.operands):
                if last[used] == step and isinstance(used, Extremum):
                    free.append(plane[used])
        self.inputs = [plane[leaf][: length[leaf]] for leaf in leaves]
        self.outputs = [view(root, tiles) for root in roots]

    def run(self) -> None:
        """Compute the outputs of the inputs."""
        for operation, a, b, out in self._steps:
            operation(a, b, out=out)


def _in_order(roots: Sequence[Value]) -> list[Extremum]:
    """The nodes that roots need, each after its operands and as late as may be; without inputs."""
    order: dict[Extremum, None] = {}
    stack = [(root.node, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if not isinstance(node, Extremum) or node in order:
            continue
        if ready:
            order[node] = None
        else:
            stack.append((node, True))
            stack += [(value.node, False) for value in reversed(node.operands)]
    return [*order]
