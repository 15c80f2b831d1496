"""Values of a study's file that the command line sets: `budget.trials=20 sampler.kind=random`.

Their order does not matter: sections are set before what is in them, and a kind before what belongs to it. Another kind
begins its section anew, since the other keys belonged to the former kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from uadray.errors import ConfigError, Problem
from uadray.study.space.branches import word_of
from uadray.yaml_document import Document, Path_, shown
from uadray.yaml_file import DEEPEST, parse_value


@dataclass(frozen=True)
class Override:
    """A value for one place of the file."""

    path: tuple[str, ...]
    value: Any
    source: str = "override"
    """What stands in messages where the file's name and line would."""

    @property
    def where(self) -> str:
        return f"{self.source} {'.'.join(self.path)}"


class RefusedError(Exception):
    """A path does not lead to a place of the tree: what must hold, what was got, what to do."""


def read_overrides(texts: Sequence[str]) -> tuple[list[Override], list[Problem]]:
    """The overrides that are of the form KEY=VALUE, and what is wrong with the others (UAD-201, UAD-202, UAD-217).

    >>> read_overrides(["budget.trials=20"])[0][0].path
    ('budget', 'trials')
    """
    found: dict[tuple[str, ...], Override] = {}
    problems = []
    for text in texts:
        key, equals, value = text.partition("=")
        path = tuple(key.split("."))
        where = f"override {key if key.isprintable() else ascii(key)}".rstrip()
        example = "Write budget.trials=20, for instance, without blanks around the sign."
        if not equals:
            problems.append(Problem("UAD-217", where, "must be KEY=VALUE", "no `=`", example))
        elif not key.isprintable() or any(step != step.strip() or not step for step in path) or len(path) > DEEPEST:
            problems.append(Problem("UAD-217", where, "must be keys with dots between them", repr(key), example))
        elif path in found:
            must, do = "must be given once", "Remove one of the two."
            problems.append(Problem("UAD-217", where, must, f"{value!r} too", do))
        else:
            try:
                document = parse_value(value, where)
            except ConfigError as error:
                do = "Mend the value, and quote it for the shell."
                problems += [Problem(each.code, where, each.must, each.got, do) for each in error.problems]
                continue
            problems += [Problem(each.code, where, each.must, each.got, each.do) for each in document.problems]
            if not document.problems:
                found[path] = Override(path, document.tree)
    return list(found.values()), problems


def apply(document: Document, overrides: Iterable[Override]) -> None:
    """Set the values in the document; a path that leads nowhere becomes a problem of it (UAD-217)."""
    for override in sorted(overrides, key=lambda each: (len(each.path), each.path[-1] != "kind")):
        try:
            _set(document, override)
        except RefusedError as refused:
            must, got, do = refused.args
            document.problems.append(Problem("UAD-217", override.where, must, got, do))


def _set(document: Document, override: Override) -> None:
    tree = document.tree
    path: Path_ = ()
    for step in override.path[:-1]:
        key = _key(tree, path, step)
        path = (*path, key)
        if isinstance(tree, dict) and tree.get(key) is None:
            tree[key] = {}
            document.places[path] = override.source
        tree = tree[key]
    key = _key(tree, path, override.path[-1])
    if key == "kind" and isinstance(tree, dict) and tree.get("kind") != override.value:
        _forget(document, path)
        tree.clear()
    _forget(document, (*path, key))
    tree[key] = override.value
    for below in _paths(override.value):
        document.places[(*path, key, *below)] = override.source


def _key(tree: Any, path: Path_, step: str) -> str | int:
    """The key or index that leads on from a place of the tree; raises RefusedError."""
    name = ".".join(map(str, path))
    if isinstance(tree, list):
        if not (step.isdecimal() and step.isascii() and int(step) < len(tree)):
            raise RefusedError(f"{name} has the items 0 to {len(tree) - 1}", repr(step), "Give the number of one.")
        return int(step)
    word = word_of(tree)
    if word is not None and step not in (word, "step"):
        do = f"Override {name} whole" + (f", or go on with {name}.choice.0." if word == "choice" else ".")
        raise RefusedError(f"must not lead into a distribution; {name} is one", f"{word}: {shown(tree[word])}", do)
    if not isinstance(tree, dict):
        raise RefusedError("must lead through sections", f"{name}: {shown(tree)}", f"Override {name} whole.")
    return step


def _forget(document: Document, path: Path_) -> None:
    """Where what is below a place stood."""
    for each in [each for each in document.places if each[: len(path)] == path and each != path]:
        del document.places[each]


def _paths(tree: Any) -> Iterator[Path_]:
    """Of every value in a tree, the tree itself first."""
    yield ()
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, child in children:
        yield from ((key, *below) for below in _paths(child))
