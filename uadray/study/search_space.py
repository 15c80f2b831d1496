"""A search space is a run's configuration in which some values are distributions.

    latent: {choice: [{kind: dense, dim: {choice: [64, 512]}}, {kind: spatial, size: {choice: [8, 16]}}]}
    kl_weight: {loguniform: [1.0e-4, 1.0]}

A condition is a branch: `dim` exists only where the choice fell on the dense latent. Names of drawn values are dotted
paths with the branches taken: `model.latent`, `model.latent.dense.dim`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import optuna

from uadray.study.distributions import RANGES, WORDS, Choice, Distribution, Scalar

MOST_CORNERS = 2000
Values = dict[str, Scalar]  # drawn values by name
Steps = tuple[str | int, ...]  # a place in the YAML tree


class EndlessError(Exception):
    """A range of decimal numbers has no last value."""


@dataclass(frozen=True)
class Origin:
    """A configuration tree, and the place in the YAML each part of it came from."""

    value: Any  # a scalar, or a dict or list of Origin
    steps: Steps

    def plain(self) -> Any:
        """The tree without origins."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def steps_to(self, location: tuple[str | int, ...]) -> Steps:
        """The YAML place of pydantic's error location, whose union tags are not keys of the tree."""
        if not location:
            return self.steps
        head, *rest = location
        child = None
        if isinstance(self.value, dict):
            child = self.value.get(head)
        elif isinstance(self.value, list) and isinstance(head, int) and head < len(self.value):
            child = self.value[head]
        return (child or self).steps_to(tuple(rest))


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

        _resolve(self.tree, "", draw)
        return values

    def resolve(self, values: Mapping[str, Any]) -> Any:
        """The configuration tree that drawn values stand for."""
        return _resolve(self.tree, "", lambda name, _: values[name])

    def points(self) -> list[Values] | None:
        """Every configuration as its drawn values, the first drawn value changing slowest; None if they are endless.

        >>> SearchSpace({"a": {"choice": [1, 2]}, "b": {"choice": ["x", "y"]}}).points()[1]
        {'a': 1, 'b': 'y'}
        """
        found: list[Values] = []
        pending: list[list[int]] = [[]]  # which option of each draw, as far as it is settled
        while pending:
            settled = pending.pop()
            walk = _Walk(settled)
            try:
                _resolve(self.tree, "", walk)
            except EndlessError:
                return None
            found.append(walk.values)
            chosen = settled + [0] * (len(walk.counts) - len(settled))
            for depth in range(len(settled), len(chosen)):  # the deepest is taken next
                pending += [[*chosen[:depth], other] for other in range(walk.counts[depth] - 1, 0, -1)]
        return found

    def corners(self) -> list[Origin]:
        """Configurations that together visit every branch, every option and both ends of every range.

        Sections of the tree are visited in every combination, as far as these are few: what a model can do decides
        which scoring it can have.
        """
        if distribution_of(self.tree) is not None:
            return list(_corners(self.tree, ()))
        variants = {key: list(_corners(child, (key,))) for key, child in self.tree.items()}
        if math.prod(map(len, variants.values())) > MOST_CORNERS:
            return list(_corners(self.tree, ()))
        return [Origin(dict(zip(variants, whole, strict=True)), ()) for whole in product(*variants.values())]

    def defects(self) -> list[tuple[Steps, str, str]]:
        """What is wrong with the distributions themselves: (place, what must hold, what was got)."""
        return list(_defects(self.tree, ()))

    def locate(self, tree: Any, names: Mapping[str, Any]) -> Values | None:
        """The drawn values at which the space is like `tree`; None where it is nowhere.

        A text that is in `names` stands for the tree there. What `tree` does not say is left to be drawn. What the
        space fixes outside its choices stays as it is, but for the kind, which must agree.
        """
        return _locate_around(self.tree, tree, "", names)


class _Walk:
    """Draws that take the options they are told to, then always the first; raises EndlessError where there is none."""

    def __init__(self, settled: Sequence[int]) -> None:
        self.values: Values = {}
        self.counts: list[int] = []
        self._settled = settled

    def __call__(self, name: str, distribution: Distribution) -> Scalar:
        if not distribution.finite:
            raise EndlessError
        options, depth = distribution.corners(), len(self.counts)
        self.counts.append(len(options))
        self.values[name] = options[self._settled[depth] if depth < len(self._settled) else 0]
        return self.values[name]


def distribution_of(tree: Any) -> Distribution | None:
    """The distribution that a tree is, if it is one."""
    if not isinstance(tree, dict) or len(tree) != 1:
        return None
    (word, argument), *_ = tree.items()
    if word == "choice":
        return Choice(_labels(argument))
    return RANGES[word](*argument) if word in RANGES else None


def _labels(options: list[Any]) -> tuple[Scalar, ...]:
    """A scalar is its own label, a branch is called by its kind; where that is ambiguous, options are numbered."""
    names = [option.get("kind") if isinstance(option, dict) else option for option in options]
    plain = all(
        isinstance(name, (bool, int, float, str)) or (name is None and not isinstance(option, (dict, list)))
        for name, option in zip(names, options, strict=True)
    )
    distinct = plain and len({json.dumps(name) for name in names}) == len(names)
    return tuple(names) if distinct else tuple(f"option {number}" for number in range(len(options)))


def _option(tree: Any, label: Scalar) -> Any:
    """The subtree of a choice that a label stands for."""
    return tree["choice"][_labels(tree["choice"]).index(label)]


def _below(name: str, key: Any) -> str:
    return f"{name}.{key}" if name else str(key)


def _resolve(tree: Any, name: str, draw: Callable[[str, Distribution], Scalar]) -> Any:
    distribution = distribution_of(tree)
    if isinstance(distribution, Choice):
        label = draw(name, distribution)
        return _resolve(_option(tree, label), _below(name, label), draw)
    if distribution is not None:
        return draw(name, distribution)
    if isinstance(tree, dict):
        return {key: _resolve(child, _below(name, key), draw) for key, child in tree.items()}
    if isinstance(tree, list):
        return [_resolve(child, _below(name, number), draw) for number, child in enumerate(tree)]
    return tree


def _corners(tree: Any, steps: Steps) -> Iterator[Origin]:
    distribution = distribution_of(tree)
    if isinstance(distribution, Choice):
        for number, option in enumerate(tree["choice"]):
            yield from _corners(option, (*steps, "choice", number))
    elif distribution is not None:
        word = next(iter(tree))
        yield from (Origin(value, (*steps, word, number)) for number, value in enumerate(distribution.corners()))
    elif isinstance(tree, (dict, list)):
        keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
        variants = {key: list(_corners(tree[key], (*steps, key))) for key in keys}
        first = {key: options[0] for key, options in variants.items()}
        wholes = [first, *({**first, key: other} for key in keys for other in variants[key][1:])]
        yield from (Origin(whole if isinstance(tree, dict) else list(whole.values()), steps) for whole in wholes)
    else:
        yield Origin(tree, steps)


def _defects(tree: Any, steps: Steps) -> Iterator[tuple[Steps, str, str]]:
    if isinstance(tree, dict) and (words := [key for key in tree if key in WORDS]):
        word, argument = words[0], tree[words[0]]
        if len(tree) > 1:
            yield steps, f"`{word}` must stand alone", f"also {', '.join(key for key in tree if key != word)}"
        elif word == "choice":
            if not isinstance(argument, list) or not argument:
                yield (*steps, word), "must be a list of options", repr(argument)
            else:
                for number, option in enumerate(argument):
                    yield from _defects(option, (*steps, word, number))
        else:
            numbers = isinstance(argument, list) and all(type(bound) in (int, float) for bound in argument)
            if not numbers or len(argument) != 2:
                yield (*steps, word), "must be two numbers [low, high]", repr(argument)
            elif not argument[0] < argument[1]:
                yield (*steps, word), "low must be below high", repr(argument)
            elif word == "loguniform" and argument[0] <= 0:
                yield (*steps, word), "low must be above 0", repr(argument)
            elif word == "integer" and not all(type(bound) is int for bound in argument):
                yield (*steps, word), "both bounds must be whole numbers", repr(argument)
    elif isinstance(tree, dict):
        for key, child in tree.items():
            yield from _defects(child, (*steps, key))
    elif isinstance(tree, list):
        for number, child in enumerate(tree):
            yield from _defects(child, (*steps, number))


def _locate_around(space: Any, tree: Any, name: str, names: Mapping[str, Any]) -> Values | None:
    """Outside choices."""
    space = _named(space, names)
    if distribution_of(space) is not None:
        return _locate(space, tree, name, names)
    if not isinstance(space, dict) or not isinstance(tree, dict):
        return {}
    if space.get("kind") != tree.get("kind"):
        return None
    return _gathered(space, tree, name, names, _locate_around)


def _locate(space: Any, tree: Any, name: str, names: Mapping[str, Any]) -> Values | None:
    """Inside choices, where fixed values tell the options apart."""
    space = _named(space, names)
    distribution = distribution_of(space)
    if isinstance(distribution, Choice):
        for label, option in zip(distribution.labels, space["choice"], strict=True):
            found = _locate(option, tree, _below(name, label), names)
            if found is not None:
                return {name: label, **found}
        return None
    if distribution is not None:
        return {name: tree} if distribution.holds(tree) else None
    if isinstance(space, dict):
        if not isinstance(tree, dict):
            return None
        return _gathered(space, tree, name, names, _locate)
    return {} if space == tree else None


def _gathered(
    space: dict[str, Any],
    tree: dict[str, Any],
    name: str,
    names: Mapping[str, Any],
    locate: Callable[..., Values | None],
) -> Values | None:
    """The drawn values below all keys that both have; None where one of them is nowhere."""
    values: Values = {}
    for key in (key for key in space if key in tree):
        found = locate(space[key], tree[key], _below(name, key), names)
        if found is None:
            return None
        values |= found
    return values


def _named(space: Any, names: Mapping[str, Any]) -> Any:
    return names.get(space, space) if isinstance(space, str) else space
