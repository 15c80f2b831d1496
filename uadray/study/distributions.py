"""Where one value of a search space is drawn from: choice, uniform, loguniform, integer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import optuna

Scalar = None | bool | int | float | str


class Distribution(ABC):
    """Where one value is drawn from."""

    @abstractmethod
    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Scalar: ...

    @abstractmethod
    def corners(self) -> tuple[Scalar, ...]:
        """Values that together show whether all values of the distribution are allowed."""

    @abstractmethod
    def holds(self, value: Any) -> bool:
        """Whether the value can be drawn."""

    @property
    @abstractmethod
    def finite(self) -> bool:
        """Whether the corners are all that can be drawn."""


@dataclass(frozen=True)
class Choice(Distribution):
    """One of several labels; each stands for a subtree."""

    labels: tuple[Scalar, ...]

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Scalar:
        return trial.suggest_categorical(name, self.labels)

    def corners(self) -> tuple[Scalar, ...]:
        return self.labels

    def holds(self, value: Any) -> bool:
        return value in self.labels

    @property
    def finite(self) -> bool:
        return True


@dataclass(frozen=True)
class Range(Distribution):
    """A number between two bounds, both included."""

    low: float
    high: float

    def corners(self) -> tuple[Scalar, ...]:
        return (self.low, self.high)

    def holds(self, value: Any) -> bool:
        return isinstance(value, (int, float)) and self.low <= value <= self.high

    @property
    def finite(self) -> bool:
        return False


class Uniform(Range):
    """Every number alike."""

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Scalar:
        return trial.suggest_float(name, self.low, self.high)


class LogUniform(Range):
    """Every order of magnitude alike."""

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Scalar:
        return trial.suggest_float(name, self.low, self.high, log=True)


class Integer(Range):
    """Every whole number alike."""

    def suggest(self, trial: optuna.trial.BaseTrial, name: str) -> Scalar:
        return trial.suggest_int(name, int(self.low), int(self.high))

    def corners(self) -> tuple[Scalar, ...]:
        every = range(int(self.low), int(self.high) + 1)
        return tuple(every) if len(every) <= 200 else (every[0], every[-1])

    def holds(self, value: Any) -> bool:
        return isinstance(value, int) and super().holds(value)

    @property
    def finite(self) -> bool:
        return len(self.corners()) == int(self.high) - int(self.low) + 1


RANGES: Mapping[str, type[Range]] = {"uniform": Uniform, "loguniform": LogUniform, "integer": Integer}
WORDS = ("choice", *RANGES)
