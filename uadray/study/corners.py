"""The few configurations of a search space that show whether all of them are allowed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from uadray.study.branches import Steps, distribution_of, word_of
from uadray.study.distributions import Choice, Scalar

MOST_CORNERS = 2000


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

    Sections of the tree are visited in every combination, as far as these are few: what a model can do decides
    which scoring it can have.
    """
    if distribution_of(tree) is not None:
        return list(_corners(tree, ()))
    variants = {key: list(_corners(child, (key,))) for key, child in tree.items()}
    if math.prod(map(len, variants.values())) > MOST_CORNERS:
        return list(_corners(tree, ()))
    return [Origin(dict(zip(variants, whole, strict=True)), ()) for whole in product(*variants.values())]


def _corners(tree: Any, steps: Steps) -> Iterator[Origin]:
    distribution = distribution_of(tree)
    if isinstance(distribution, Choice):
        for number, option in enumerate(tree["choice"]):
            yield from _corners(option, (*steps, "choice", number))
    elif distribution is not None:
        yield from (Origin(value, (*steps, *_bound(tree, value))) for value in distribution.corners())
    elif isinstance(tree, (dict, list)):
        keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
        variants = {key: list(_corners(tree[key], (*steps, key))) for key in keys}
        first = {key: options[0] for key, options in variants.items()}
        wholes = [first, *({**first, key: other} for key in keys for other in variants[key][1:])]
        yield from (Origin(whole if isinstance(tree, dict) else list(whole.values()), steps) for whole in wholes)
    else:
        yield Origin(tree, steps)


def _bound(tree: dict[str, Any], value: Scalar) -> Steps:
    """The bound of a range that a value is; what lies between belongs to both."""
    word = word_of(tree)
    assert word is not None
    return (word, tree[word].index(value)) if value in tree[word] else (word,)
