"""Points that fill a space evenly (Sobol 1967, scrambled as by Owen 1998), also one whose branches depend on choices.

Optuna's own sampler takes the values of its first trial for the whole space, draws all others independently, and counts
its points in the database, so that a resumed study draws other ones. Here every value that any branch asks for has a
coordinate of its own, taken or not, and trial n is point n.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from scipy.stats import qmc

from uadray.study.space.branches import distribution_of
from uadray.study.space.distributions import Choice
from uadray.study.space.search_space import SearchSpace


class SobolSampler(optuna.samplers.BaseSampler):
    """One point of the scrambled sequence: whatever a trial asks for is read from its coordinates."""

    def __init__(self, space: SearchSpace, seed: int, point: int) -> None:
        names = list(dict.fromkeys(drawn_names(space.tree)))
        sequence = qmc.Sobol(max(len(names), 1), scramble=True, rng=np.random.default_rng(seed))
        if point:
            sequence.fast_forward(point)
        self._point = dict(zip(names, sequence.random(1)[0].tolist(), strict=False))

    def infer_relative_search_space(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Nothing: each value has its coordinate."""
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing."""
        return {}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """The value at the point's coordinate."""
        return at(param_distribution, self._point[param_name])


def drawn_names(tree: Any, name: str = "") -> Iterator[str]:
    """The names of all values that a space may draw, whichever way its choices fall.

    >>> list(drawn_names({"a": {"choice": [{"kind": "x", "b": {"integer": [1, 9]}}, {"kind": "y"}]}}))
    ['a', 'a.x.b']
    """
    distribution = distribution_of(tree)
    if isinstance(distribution, Choice):
        yield name
        for label, option in zip(distribution.labels, tree["choice"], strict=True):
            yield from drawn_names(option, f"{name}.{label}" if name else str(label))
    elif distribution is not None:
        yield name
    elif isinstance(tree, (dict, list)):
        for key, child in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from drawn_names(child, f"{name}.{key}" if name else str(key))


def at(distribution: BaseDistribution, share: float) -> Any:
    """The value below which a share, in [0, 1), of a distribution lies.

    >>> at(IntDistribution(1, 10), 0.55), at(FloatDistribution(0.0, 2.0), 0.5)
    (6, 1.0)
    """
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[int(share * len(distribution.choices))]
    if not isinstance(distribution, (FloatDistribution, IntDistribution)):
        raise TypeError(f"{distribution} has no order")
    low, high = distribution.low, distribution.high
    whole = isinstance(distribution, IntDistribution)
    if distribution.log:
        margin = 0.5 if whole else 0.0  # each whole number is the middle of its stretch
        start, end = low - margin, high + margin
        value = math.exp(math.log(start) + share * math.log(end / start))
        return min(max(round(value) if whole else value, low), high)
    if distribution.step is None:
        return low + share * (high - low)
    steps = int(share * (round((high - low) / distribution.step) + 1))
    return min(low + steps * distribution.step, high)
