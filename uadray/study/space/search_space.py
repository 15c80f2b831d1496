"""A search space is a run's configuration in which some values are distributions.

    latent: {choice: [{kind: dense, dim: {choice: [64, 512]}}, {kind: spatial, size: {choice: [8, 16]}}]}
    kl_weight: {loguniform: [1.0e-4, 1.0]}
    percentile: {uniform: [90, 99.5], step: 0.5}

A condition is a branch: `dim` exists only where the choice fell on the dense latent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uadray.study.space.branches import Values, resolve
from uadray.study.space.corners import Origin, corners
from uadray.study.space.defects import Defect, defects
from uadray.study.space.distributions import Distribution, Scalar
from uadray.study.space.locating import locate
from uadray.study.space.points import points

if TYPE_CHECKING:
    import optuna

__all__ = ["SearchSpace", "Values"]


@dataclass(frozen=True)
class SearchSpace:
    """The tree of a search-space file's `run`; check it with `defects` before anything else is asked of it.

    >>> space = SearchSpace({"train": {"epochs": {"integer": [5, 9]}}})
    >>> space.resolve({"train.epochs": 7})
    {'train': {'epochs': 7}}
    """

    tree: Any

    def suggest(self, trial: optuna.trial.BaseTrial) -> Values:
        """Draw every value that the branches taken ask for."""
        values: Values = {}

        def draw(name: str, distribution: Distribution) -> Scalar:
            values[name] = distribution.suggest(trial, name)
            return values[name]

        resolve(self.tree, "", draw)
        return values

    def resolve(self, values: Mapping[str, Any]) -> Any:
        """The configuration tree that drawn values stand for."""
        return resolve(self.tree, "", lambda name, distribution: distribution.exactly(values[name]))

    def points(self) -> list[Values] | None:
        """Every configuration as its drawn values, the first drawn value changing slowest; None if they are endless.

        >>> SearchSpace({"a": {"choice": [1, 2]}, "b": {"choice": ["x", "y"]}}).points()[1]
        {'a': 1, 'b': 'y'}
        """
        return points(self.tree)

    def corners(self) -> list[Origin]:
        """Configurations that together visit every branch, every option and both ends of every range."""
        return corners(self.tree)

    def defects(self) -> list[Defect]:
        """What is wrong with the distributions themselves."""
        return list(defects(self.tree))

    def locate(self, tree: Any, names: Mapping[str, Any]) -> Values | None:
        """The drawn values at which the space is like `tree`; None where it is nowhere; see `locating`."""
        return locate(self.tree, tree, "", names)
