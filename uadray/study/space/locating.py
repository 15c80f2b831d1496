"""Where in a search space a configuration lies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from uadray.study.space.branches import Values, below, distribution_of
from uadray.study.space.distributions import Choice


def locate(space: Any, tree: Any, name: str, names: Mapping[str, Any]) -> Values | None:
    """The drawn values at which the space is like the tree; None where it is nowhere.

    A text that is in `names` stands for the tree there. What the tree does not say is left to be drawn. What the space
    fixes outside its choices stays as it is, but for the kind, which must agree.
    """
    space = _named(space, tree, names)
    if distribution_of(space) is not None:
        return _inside(space, tree, name, names)
    if not isinstance(space, dict) or not isinstance(tree, dict):
        return {}
    if space.get("kind") != tree.get("kind"):
        return None
    return _gathered(space, tree, name, names, locate)


def _inside(space: Any, tree: Any, name: str, names: Mapping[str, Any]) -> Values | None:
    """Inside choices, where fixed values tell the options apart."""
    space = _named(space, tree, names)
    distribution = distribution_of(space)
    if isinstance(distribution, Choice):
        for label, option in zip(distribution.labels, space["choice"], strict=True):
            found = _inside(option, tree, below(name, label), names)
            if found is not None:
                return {name: label, **found}
        return None
    if distribution is not None:
        return {name: tree} if distribution.holds(tree) else None
    if isinstance(space, dict):
        if not isinstance(tree, dict):
            return None
        return _gathered(space, tree, name, names, _inside)
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
        found = locate(space[key], tree[key], below(name, key), names)
        if found is None:
            return None
        values |= found
    return values


def _named(space: Any, tree: Any, names: Mapping[str, Any]) -> Any:
    """What a text in the space stands for; itself where the tree has a text, too, such as a kind called like a row."""
    return names.get(space, space) if isinstance(space, str) and not isinstance(tree, str) else space
