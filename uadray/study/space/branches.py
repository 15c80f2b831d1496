"""Which parts of a tree are distributions, and what a choice calls its options.

A drawn value's name is its place in the tree with the branches taken: `model.latent`, `model.latent.dense.dim`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uadray.study.space.distributions import RANGES, STEPPED, WORDS, Choice, Distribution, Scalar

Values = dict[str, Scalar]  # drawn values by name
Steps = tuple[str | int, ...]  # a place in the YAML tree


def word_of(tree: Any) -> str | None:
    """The word that makes a tree a distribution, if there is one; whether it makes sense is another question.

    >>> word_of({"uniform": [0, 1], "step": 0.1})
    'uniform'
    """
    return next((key for key in tree if key in WORDS), None) if isinstance(tree, dict) else None


def distribution_of(tree: Any) -> Distribution | None:
    """The distribution that a tree without defects is, if it is one."""
    word = word_of(tree)
    if word is None:
        return None
    if word == "choice":
        return Choice(labels(tree["choice"]))
    low, high = tree[word]
    return STEPPED[word](low, high, tree["step"]) if "step" in tree else RANGES[word](low, high)


def labels(options: list[Any]) -> tuple[Scalar, ...]:
    """A scalar is its own label, a branch is called by its kind; where that is ambiguous, options are numbered.

    >>> labels([{"kind": "dense"}, {"kind": "spatial"}]), labels([1, 2]), labels([[1], [2]])
    (('dense', 'spatial'), (1, 2), ('option 0', 'option 1'))
    """
    names = [option.get("kind") if isinstance(option, dict) else option for option in options]
    plain = all(
        isinstance(name, (bool, int, float, str)) or (name is None and not isinstance(option, (dict, list)))
        for name, option in zip(names, options, strict=True)
    )
    distinct = plain and len(set(names)) == len(names)  # 1, 1.0 and true are one
    return tuple(names) if distinct else tuple(f"option {number}" for number in range(len(options)))


def below(name: str, key: Any) -> str:
    """The name of what a key or a label leads to."""
    return f"{name}.{key}" if name else str(key)


def resolve(tree: Any, name: str, draw: Callable[[str, Distribution], Scalar]) -> Any:
    """The tree with every distribution replaced by what is drawn of it, in the order of the file."""
    distribution = distribution_of(tree)
    if isinstance(distribution, Choice):
        label = draw(name, distribution)
        return resolve(tree["choice"][distribution.labels.index(label)], below(name, label), draw)
    if distribution is not None:
        return draw(name, distribution)
    if isinstance(tree, dict):
        return {key: resolve(child, below(name, key), draw) for key, child in tree.items()}
    if isinstance(tree, list):
        return [resolve(child, below(name, number), draw) for number, child in enumerate(tree)]
    return tree
