"""Several trainings of one method, which differ in their seed only: how much of a result is luck of the training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from uadray.scoring.statistics.intervals import Interval, bootstrap
from uadray.scoring.statistics.per_patient import Values, at_least, judged_by_all


@dataclass(frozen=True)
class Trainings:
    """A method over its trainings and over patients: two kinds of doubt that are never to be mixed.

    `mean_of_trainings` and `spread_of_trainings` (standard deviation, ddof 1) are over the mean of each training:
    what another seed would change, on the same patients. `over_patients` is the bootstrap interval of the mean
    over patients, each patient's value being first averaged over the trainings: what other patients would change, for
    the method's average training. Neither holds the other; one training of a new user on new patients varies by both.
    """

    mean_of_trainings: float
    spread_of_trainings: float
    trainings: int
    mean_of_each_training: tuple[float, ...]
    over_patients: Interval

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "mean_of_each_training": list(self.mean_of_each_training)}

    def __str__(self) -> str:
        spread = f"standard deviation {self.spread_of_trainings:.2f} over {self.trainings} trainings"
        return f"{self.over_patients} patients; {spread}"


def over_trainings(by_seed: Mapping[int, Values], level: float = 0.95, seed: int = 0) -> Trainings:
    """The spread over trainings beside the interval over patients, from a table seed -> patient -> value.

    Wrong to read as precise with few trainings: of normal values the standard deviation of 3 is off by a factor of 2 or
    more one time in four. The best of several seeds is no result of the method. `seed` draws patients, nothing else.
    Raises DataError: UAD-342 to 344 as `judged_by_all`, UAD-344 for fewer than two trainings.
    """
    at_least(2, len(by_seed), "trainings", "trainings", "Train with another seed.")
    values = judged_by_all({f"seed {number}": by_seed[number] for number in sorted(by_seed)})
    means = values.mean(axis=0)
    return Trainings(
        mean_of_trainings=float(means.mean()),
        spread_of_trainings=float(means.std(ddof=1)),
        trainings=len(means),
        mean_of_each_training=tuple(map(float, means)),
        over_patients=bootstrap(values.mean(axis=1), np.mean, level, seed=seed),
    )
