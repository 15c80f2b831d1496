"""How the next configuration is chosen.

Each sampler is made anew for every trial, seeded by the study's seed and the trial's number, and knows the settled
trials and nothing else: what it draws depends on neither timing nor kills. TPE, GP and NSGA-II know constraints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from uadray.errors import ConfigError, Problem
from uadray.section import Section
from uadray.study.space.points import MOST_POINTS
from uadray.study.space.search_space import SearchSpace, Values

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class DrawnConfig(Section):
    """A sampler that draws every trial that is not enqueued."""

    seed: int = Field(0, ge=0, lt=2**31)
    """Of the draws; trial n draws from (seed, n), so a resumed study draws what an undisturbed one would."""

    def enqueued(self, space: SearchSpace) -> list[Values]:
        """None: all are drawn."""
        return []


class TpeConfig(DrawnConfig):
    """Tree-structured Parzen estimator (Bergstra et al. 2011), multivariate, with a group for each branch."""

    kind: Literal["tpe"] = "tpe"

    startup_trials: int = Field(6, ge=1)
    """Random trials before the estimator has something to learn from."""

    def build(self, trial: int, space: SearchSpace) -> BaseSampler:
        from optuna.samplers import TPESampler

        return TPESampler(
            seed=_seed(self.seed, trial), n_startup_trials=self.startup_trials, multivariate=True, group=True
        )


class GpConfig(DrawnConfig):
    """A Gaussian process and its expected improvement (Jones et al. 1998), for small spaces and few trials.

    It learns from trials that trained to their end, and models the values that all configurations have; those of a
    branch that some lack are drawn at random. Choices that lead to other choices are better left to TPE. A draw takes
    about half a second, of two objectives one or two.
    """

    kind: Literal["gp"] = "gp"

    startup_trials: int = Field(10, ge=1)
    """Random trials before the process is fitted. Default from Optuna."""

    def build(self, trial: int, space: SearchSpace) -> BaseSampler:
        from optuna.samplers import GPSampler

        return GPSampler(
            seed=_seed(self.seed, trial), n_startup_trials=self.startup_trials, warn_independent_sampling=False
        )


class NsgaiiConfig(DrawnConfig):
    """A genetic algorithm for several objectives (Deb et al. 2002, NSGA-II).

    Trials that trained to their end are its populations: stopped ones, and those that `warm_start` knows, have no
    children. What parents pass on are the values that all configurations have; those of a branch are drawn at random.
    """

    kind: Literal["nsga2"] = "nsga2"

    population_size: int = Field(10, ge=2)
    """Trials of a generation. Deb et al. 2002 have 100 and Optuna 50; a study here seldom has as many trials."""

    def build(self, trial: int, space: SearchSpace) -> BaseSampler:
        from uadray.study.design.genetic import RepeatableNsgaii

        return RepeatableNsgaii(seed=_seed(self.seed, trial), population_size=self.population_size)


class QmcConfig(DrawnConfig):
    """Scrambled Sobol points: random search without its gaps and heaps (Bergstra and Bengio 2012, Sec. 3).

    Every value of every branch has a coordinate, taken or not. The points fill the space best when there are
    2, 4, 8, 16, ... of them.
    """

    kind: Literal["qmc"] = "qmc"

    def build(self, trial: int, space: SearchSpace) -> BaseSampler:
        from uadray.study.design.quasi_random import SobolSampler

        return SobolSampler(space, self.seed, trial)


class RandomConfig(DrawnConfig):
    """Independent draws."""

    kind: Literal["random"] = "random"

    def build(self, trial: int, space: SearchSpace) -> BaseSampler:
        from optuna.samplers import RandomSampler

        return RandomSampler(seed=_seed(self.seed, trial))


class GridConfig(Section):
    """Every configuration of a space of choices, integers and steps, once, in the order of the file."""

    kind: Literal["grid"] = "grid"

    def build(self, trial: int, space: SearchSpace) -> BaseSampler:
        from optuna.samplers import RandomSampler

        return RandomSampler(seed=trial)  # which is never asked: each trial is enqueued

    def enqueued(self, space: SearchSpace) -> list[Values]:
        """All points of the space; raises ConfigError (UAD-216) if it has no end."""
        points = space.points()
        if points is None:
            must = f"a grid must have an end: choices, integers and steps, {MOST_POINTS} points at most"
            do = "Give ranges a `step`, or choose another sampler."
            raise ConfigError(Problem("UAD-216", "run", must, "more, or a range without a step", do))
        return points


SamplerConfig = Annotated[
    TpeConfig | GpConfig | NsgaiiConfig | QmcConfig | RandomConfig | GridConfig, Field(discriminator="kind")
]


def _seed(seed: int, trial: int) -> int:
    return (seed * 1_000_003 + trial * 7919 + 1) % 2**32
