"""The few configurations of a search space that show whether all of them are allowed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from uadray.study.space.branches import Steps, distribution_of, word_of
from uadray.study.space.distributions import Choice, Distribution, Scalar

MOST_CORNERS = 2000
Look = Callable[[Distribution], Sequence[Scalar]]  # the values of a distribution that are visited


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


def corners(tree: Any) -> list[Origin]:
    """Configurations that together visit every branch, every option and both ends of every range.

    What a model can do decides which scoring it can have, so the sections of a run are visited in every combination,
    as far as these are few. Where they are not, every variant of a section is visited beside the first ones of the
    others, and any two sections in every combination of their variants at the least and the largest of their numbers.
    So a fault that two sections make together is found, in both cases. What is not: a fault of many variants that
    takes three sections, or numbers between the ends in two of them; and, within a section, whose values vary one at
    a time, a fault of two values neither of which is the first.
    """
    return list(_wholes(tree, (), MOST_CORNERS))


def _wholes(tree: Any, steps: Steps, most: int) -> Iterator[Origin]:
    """The corners of a run, or of each of the runs that are chosen among."""
    if isinstance(distribution_of(tree), Choice):
        for number, option in enumerate(tree["choice"]):
            yield from _wholes(option, (*steps, "choice", number), most // len(tree["choice"]))
    elif isinstance(tree, dict) and distribution_of(tree) is None:
        variants = {key: list(_corners(child, (*steps, key), _all)) for key, child in tree.items()}
        if math.prod(map(len, variants.values())) > most:
            ends = {key: list(_corners(child, (*steps, key), _ends)) for key, child in tree.items()}
            wholes = [*_one_by_one(variants), *_two_by_two(ends)]
        else:
            wholes = [dict(zip(variants, whole, strict=True)) for whole in product(*variants.values())]
        yield from (Origin(whole, steps) for whole in wholes)
    else:
        yield from _corners(tree, steps, _all)


def _corners(tree: Any, steps: Steps, look: Look) -> Iterator[Origin]:
    distribution = distribution_of(tree)
    if isinstance(distribution, Choice):
        for label in look(distribution):
            number = distribution.labels.index(label)
            yield from _corners(tree["choice"][number], (*steps, "choice", number), look)
    elif distribution is not None:
        yield from (Origin(value, (*steps, *_bound(tree, value))) for value in look(distribution))
    elif isinstance(tree, (dict, list)):
        keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
        wholes = _one_by_one({key: list(_corners(tree[key], (*steps, key), look)) for key in keys})
        yield from (Origin(whole if isinstance(tree, dict) else list(whole.values()), steps) for whole in wholes)
    else:
        yield Origin(tree, steps)


def _one_by_one(variants: dict[Any, list[Origin]]) -> list[dict[Any, Origin]]:
    """The first of all, and all others, each with the first of the other keys."""
    first = {key: options[0] for key, options in variants.items()}
    return [first, *({**first, key: other} for key in variants for other in variants[key][1:])]


def _two_by_two(variants: dict[Any, list[Origin]]) -> Iterator[dict[Any, Origin]]:
    """All pairs of two keys' variants of which neither is the first, each with the first of the other keys."""
    first = {key: options[0] for key, options in variants.items()}
    for one, other in combinations(variants, 2):
        yield from ({**first, one: a, other: b} for a, b in product(variants[one][1:], variants[other][1:]))


def _all(distribution: Distribution) -> Sequence[Scalar]:
    return distribution.corners()


def _ends(distribution: Distribution) -> Sequence[Scalar]:
    """The least and the largest of mere numbers; all of what has words or sections."""
    every = distribution.corners()
    numbers = [value for value in every if isinstance(value, (int, float)) and not isinstance(value, bool)]
    return sorted({min(numbers), max(numbers)}) if len(numbers) == len(every) else every


def _bound(tree: dict[str, Any], value: Scalar) -> Steps:
    """The bound of a range that a value is; what lies between belongs to both."""
    word = word_of(tree)
    assert word is not None
    return (word, tree[word].index(value)) if value in tree[word] else (word,)
