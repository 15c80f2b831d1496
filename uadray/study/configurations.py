"""A configuration and its trainings, which differ in nothing but the seed: trial = configuration * repeats + repeat."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from uadray.study.ledger import Ledger, Record
from uadray.study.objectives import BoundConfig, Metric, Mode, merit


@dataclass(frozen=True)
class Configuration:
    """All trainings of a configuration, every one of them finished.

    A metric of a configuration is the mean over the trainings that have it; a configuration of which fewer than half
    have it, because the others failed or diverged, has none.
    """

    number: int
    trainings: tuple[Record, ...]

    def values(self, metric: str) -> dict[int, float]:
        """A metric's finite values by trial."""
        found = {record.index: record.metrics.get(metric, math.nan) for record in self.trainings}
        return {index: value for index, value in found.items() if math.isfinite(value)}

    def mean(self, metric: str) -> float:
        """Of a metric over trainings; NaN where fewer than half have it."""
        values = self.values(metric).values()
        return statistics.fmean(values) if values and 2 * len(values) >= len(self.trainings) else math.nan

    def std(self, metric: str) -> float:
        """Of a metric over trainings (ddof 1); 0 for one."""
        values = list(self.values(metric).values())
        return statistics.stdev(values) if len(values) > 1 else 0.0

    def has(self, metric: str) -> bool:
        """Whether half of the trainings have a metric."""
        return math.isfinite(self.mean(metric))

    @property
    def stopped(self) -> bool:
        """Whether a training was stopped early: then a mean is not that of whole trainings."""
        return any(record.status == "stopped" for record in self.trainings)

    def excess(self, constraints: Mapping[Metric, BoundConfig]) -> dict[Metric, float]:
        """How far each bounded metric is beyond its bound, 0 or less where it is kept; NaN where there is none."""
        return {metric: bound.excess(self.mean(metric)) for metric, bound in constraints.items()}

    def feasible(self, constraints: Mapping[Metric, BoundConfig]) -> bool:
        """Whether every bound is kept; a metric that a configuration lacks keeps none."""
        return all(excess <= 0 for excess in self.excess(constraints).values())

    def representative(self, metric: Metric, mode: Mode) -> Record:
        """The training that stands for the configuration: the one whose metric is the median, ties to the earlier.

        Of an even number of trainings it is the worse of the two in the middle: the best of several seeds would
        promise more than the configuration keeps.
        """
        values = self.values(metric)
        ordered = sorted(values.values(), key=lambda value: -merit(value, mode))
        median = ordered[len(ordered) // 2]
        return next(record for record in self.trainings if values.get(record.index) == median)


def configuration(ledger: Ledger, number: int, repeats: int) -> Configuration | None:
    """A configuration by its number; None until all its trainings are finished."""
    records = [ledger.record(index) for index in range(number * repeats, (number + 1) * repeats)]
    finished = tuple(record for record in records if record is not None)
    return Configuration(number, finished) if len(finished) == repeats else None


def configurations(ledger: Ledger, repeats: int) -> list[Configuration]:
    """All configurations whose trainings are finished, in their order."""
    numbers = sorted({record.index // repeats for record in ledger.records()})
    found = (configuration(ledger, number, repeats) for number in numbers)
    return [each for each in found if each is not None]
