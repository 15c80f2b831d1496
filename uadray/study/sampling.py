"""How the next configuration is chosen."""

from __future__ import annotations

from typing import Annotated, Literal

import optuna
from pydantic import Field

from uadray.errors import ConfigError, Problem
from uadray.section import Section
from uadray.study.search_space import SearchSpace, Values


class TpeConfig(Section):
    """Tree-structured Parzen estimator (Bergstra et al. 2011), multivariate, with a group for each branch."""

    kind: Literal["tpe"] = "tpe"

    seed: int = Field(0, ge=0, lt=2**31)
    """Of the draws; trial n draws from (seed, n), so a resumed study draws what an undisturbed one would."""

    startup_trials: int = Field(6, ge=1)
    """Random trials before the estimator has something to learn from."""

    def build(self, trial: int) -> optuna.samplers.BaseSampler:
        return optuna.samplers.TPESampler(
            seed=_seed(self.seed, trial), n_startup_trials=self.startup_trials, multivariate=True, group=True
        )

    def enqueued(self, space: SearchSpace) -> list[Values]:
        """None: all are drawn."""
        return []


class GridConfig(Section):
    """Every configuration of a space of choices and integers, once, in the order of the file."""

    kind: Literal["grid"] = "grid"

    def build(self, trial: int) -> optuna.samplers.BaseSampler:
        return optuna.samplers.RandomSampler(seed=trial)  # which is never asked: each trial is enqueued

    def enqueued(self, space: SearchSpace) -> list[Values]:
        """All points of the space; raises ConfigError (UAD-216) if it has no end."""
        points = space.points()
        if points is None:
            must, do = "a grid must have an end: choices and integers", "Replace ranges, or choose another sampler."
            raise ConfigError(Problem("UAD-216", "run", must, "uniform or loguniform", do))
        return points


class RandomConfig(Section):
    """Independent draws."""

    kind: Literal["random"] = "random"

    seed: int = Field(0, ge=0, lt=2**31)
    """Of the draws."""

    def build(self, trial: int) -> optuna.samplers.BaseSampler:
        return optuna.samplers.RandomSampler(seed=_seed(self.seed, trial))

    def enqueued(self, space: SearchSpace) -> list[Values]:
        """None: all are drawn."""
        return []


SamplerConfig = Annotated[TpeConfig | RandomConfig | GridConfig, Field(discriminator="kind")]


def _seed(seed: int, trial: int) -> int:
    return (seed * 1_000_003 + trial * 7919 + 1) % 2**32
