"""Every configuration of a search space, where they can be counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from uadray.study.space.branches import Values, resolve
from uadray.study.space.distributions import Distribution, Scalar

MOST_POINTS = 100_000  # of a grid; more are as good as endless


class EndlessError(Exception):
    """A range of decimal numbers has no last value."""


def points(tree: Any) -> list[Values] | None:
    """Every configuration as its drawn values, the first drawn value changing slowest; None if they are endless."""
    found: list[Values] = []
    pending: list[list[int]] = [[]]  # which option of each draw, as far as it is settled
    while pending:
        settled = pending.pop()
        walk = _Walk(settled)
        try:
            resolve(tree, "", walk)
        except EndlessError:
            return None
        found.append(walk.values)
        chosen = settled + [0] * (len(walk.counts) - len(settled))
        for depth in range(len(settled), len(chosen)):  # the deepest is taken next
            if len(found) + len(pending) + walk.counts[depth] > MOST_POINTS:
                return None
            pending += [[*chosen[:depth], other] for other in range(walk.counts[depth] - 1, 0, -1)]
    return found


class _Walk:
    """Draws that take the options they are told to, then always the first; raises EndlessError where there is none."""

    def __init__(self, settled: Sequence[int]) -> None:
        self.values: Values = {}
        self.counts: list[int] = []
        self._settled = settled

    def __call__(self, name: str, distribution: Distribution) -> Scalar:
        options, depth = distribution.values(), len(self.counts)
        if options is None:
            raise EndlessError
        self.counts.append(len(options))
        self.values[name] = options[self._settled[depth] if depth < len(self._settled) else 0]
        return self.values[name]
