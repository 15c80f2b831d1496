"""What a study improves, what a configuration must keep to be chosen, and which configurations no other beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Self

from pydantic import model_validator

from uadray.section import Section

Metric = Literal[
    "val/auprc",
    "val/dice_mean",
    "val/l1",
    "val/seconds_per_slice",
    "val/synthetic_auprc",
    "val/synthetic_dice",
    "model/parameters",
]
Mode = Literal["min", "max"]

BEST: Mapping[Metric, Mode] = {  # of the metrics by which a study could have chosen a detector
    "val/auprc": "max",
    "val/dice_mean": "max",
    "val/l1": "min",
    "val/seconds_per_slice": "min",
    "val/synthetic_auprc": "max",
    "val/synthetic_dice": "max",
}


class BoundConfig(Section):
    """Where a metric must lie for a configuration to be chosen; both ends may be given."""

    at_most: float | None = None
    """The highest allowed value."""

    at_least: float | None = None
    """The lowest allowed value."""

    @model_validator(mode="after")
    def _bounds_something(self) -> Self:
        if self.at_most is None and self.at_least is None:
            raise ValueError("must say at_most or at_least")
        if self.at_most is not None and self.at_least is not None and self.at_least > self.at_most:
            raise ValueError("at_least must not be above at_most")
        return self

    def excess(self, value: float) -> float:
        """How far a value lies beyond its bound, as a share of the bound; 0 or less where it is kept.

        A share, because samplers add up what several metrics are beyond theirs, seconds and parameters alike.

        >>> BoundConfig(at_most=2.0).excess(3.0), BoundConfig(at_least=2.0).excess(3.0)
        (0.5, -0.5)
        """
        above = [] if self.at_most is None else [_share(value - self.at_most, self.at_most)]
        below = [] if self.at_least is None else [_share(self.at_least - value, self.at_least)]
        return max(above + below)

    def __str__(self) -> str:
        ends = {"at most": self.at_most, "at least": self.at_least}
        return " and ".join(f"{words} {bound:g}" for words, bound in ends.items() if bound is not None)


def merit(value: float, mode: Mode) -> float:
    """A value of a metric, turned so that more is better."""
    return value if mode == "max" else -value


def non_dominated(merits: Sequence[Sequence[float]]) -> list[int]:
    """The places of the points that no other beats: none is as good everywhere and better somewhere; more is better.

    >>> non_dominated([(1.0, 0.0), (0.0, 1.0), (0.0, 0.5), (1.0, 0.0)])
    [0, 1, 3]
    """
    return [place for place, point in enumerate(merits) if not any(_dominates(other, point) for other in merits)]


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    return tuple(one) != tuple(other) and all(a >= b for a, b in zip(one, other, strict=True))


def _share(beyond: float, bound: float) -> float:
    return beyond / (abs(bound) or 1.0)
