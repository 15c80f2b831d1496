"""Where one value of a search space is drawn from: a choice, or a range of numbers, in steps or not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import optuna

FEW = 200  # values that are all looked at before a study begins; of more, the two ends
Scalar = None | bool | int | float | str


class Distribution(ABC):
    """Where one value is drawn from."""

    @abstractmethod
    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Scalar: ...

    @abstractmethod
    def values(self) -> Sequence[Scalar] | None:
        """All that can be drawn, in order; None if there is no end of it."""

    @abstractmethod
    def corners(self) -> Sequence[Scalar]:
        """Values that together show whether all values of the distribution are allowed."""

    @abstractmethod
    def holds(self, value: Any) -> bool:
        """Whether the value can be drawn."""

    def exactly(self, value: Any) -> Any:
        """The value that a drawn one stands for: sums of steps lose their last digits."""
        return value


@dataclass(frozen=True)
class Choice(Distribution):
    """One of several labels; each stands for a subtree."""

    labels: tuple[Scalar, ...]

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Scalar:
        return trial.suggest_categorical(name, self.labels)

    def values(self) -> Sequence[Scalar]:
        return self.labels

    def corners(self) -> Sequence[Scalar]:
        return self.labels

    def holds(self, value: Any) -> bool:
        return value in self.labels


@dataclass(frozen=True)
class Range(Distribution):
    """A decimal number between two bounds, both included."""

    low: float
    high: float

    def values(self) -> Sequence[Scalar] | None:
        return None

    def corners(self) -> Sequence[Scalar]:
        return float(self.low), float(self.high)  # so that a key that takes whole numbers refuses them

    def holds(self, value: Any) -> bool:
        return type(value) in (int, float) and self.low <= value <= self.high


class Uniform(Range):
    """Every number alike."""

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Scalar:
        return trial.suggest_float(name, self.low, self.high)


class LogUniform(Range):
    """Every order of magnitude alike."""

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Scalar:
        return trial.suggest_float(name, self.low, self.high, log=True)


class Countable(Distribution):
    """A number of several that can be counted."""

    @abstractmethod
    def values(self) -> Sequence[Scalar]: ...

    def corners(self) -> Sequence[Scalar]:
        every = self.values()
        return every if len(every) <= FEW else (every[0], every[-1])

    def holds(self, value: Any) -> bool:
        return type(value) in (int, float) and value in self.values()


@dataclass(frozen=True)
class UniformSteps(Countable):
    """Every decimal number that is some steps above the lower bound, the upper one included.

    >>> UniformSteps(90, 90.3, 0.1).values()
    (90.0, 90.1, 90.2, 90.3)
    """

    low: float
    high: float
    step: float

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Scalar:
        return self.exactly(trial.suggest_float(name, self.low, self.high, step=self.step))

    def values(self) -> tuple[float, ...]:
        low, step = as_written(self.low), as_written(self.step)
        return tuple(float(low + number * step) for number in range(int(self.steps) + 1))

    def exactly(self, value: Any) -> float:
        number = round((value - self.low) / self.step)
        return float(as_written(self.low) + number * as_written(self.step))

    @property
    def steps(self) -> Fraction:
        """How many steps lead from bound to bound; a whole number if the range makes sense."""
        return (as_written(self.high) - as_written(self.low)) / as_written(self.step)


@dataclass(frozen=True)
class Integer(Countable):
    """Every whole number alike, or every one that is some steps above the lower bound."""

    low: int
    high: int
    step: int = 1

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Scalar:
        return trial.suggest_int(name, self.low, self.high, step=self.step)

    def values(self) -> range:
        return range(self.low, self.high + 1, self.step)

    def holds(self, value: Any) -> bool:
        return type(value) is int and super().holds(value)

    @property
    def steps(self) -> Fraction:
        """How many steps lead from bound to bound; a whole number if the range makes sense."""
        return Fraction(self.high - self.low, self.step)


class LogInteger(Integer):
    """Every order of magnitude of whole numbers alike."""

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Scalar:
        return trial.suggest_int(name, self.low, self.high, log=True)


def as_written(number: float) -> Fraction:
    """The decimal number that a person wrote, of which a float is the nearest."""
    return Fraction(str(number))


RANGES: Mapping[str, type[Range] | type[Integer]] = {
    "uniform": Uniform,
    "loguniform": LogUniform,
    "integer": Integer,
    "loginteger": LogInteger,
}
STEPPED: Mapping[str, type[UniformSteps] | type[Integer]] = {"uniform": UniformSteps, "integer": Integer}
WORDS = ("choice", *RANGES)
