"""YAML read strictly: numbers as in YAML 1.2, no duplicate key, no alias, every value with its line and column.

PyYAML alone reads 1e-4 as text, 010 as 8, `no` as False, and lets the last of two equal keys win.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from uadray.errors import ConfigError, Problem

LARGEST = 100_000  # bytes; a search space has a few thousand

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS = {"": None, "~": None, "null": None, "true": True, "false": False}
_NOT_FINITE = re.compile(r"[-+]?\.(inf|nan)", re.IGNORECASE)

_RESOLVER = yaml.resolver.Resolver()  # names the tag that a value has without being given one

Path_ = tuple[str | int, ...]


@dataclass
class Document:
    """A YAML file's plain values, and where each of them stands."""

    name: str
    tree: Any = None
    marks: dict[Path_, tuple[int, int]] = field(default_factory=dict)

    def where(self, path: Path_) -> str:
        """`file:line:column key.of.the.value` of the value at a path, or of its nearest ancestor.

        >>> parse("a: {b: 1}", "x.yaml").where(("a", "b"))
        'x.yaml:1:8 a.b'
        """
        known = path
        while known and known not in self.marks:
            known = known[:-1]
        line, column = self.marks.get(known, (1, 1))
        return f"{self.name}:{line}:{column} {'.'.join(map(str, path))}".rstrip()


def read(path: Path) -> Document:
    """The document in a file; raises ConfigError (UAD-200 unreadable, UAD-201 syntax, UAD-202 values)."""
    try:
        size = path.stat().st_size
        text = path.read_text(encoding="utf-8") if size <= LARGEST else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            Problem(
                "UAD-200",
                str(path),
                "must be a readable text file",
                getattr(error, "strerror", None) or str(error),
                "Check the path.",
            )
        ) from None
    if size > LARGEST:
        raise ConfigError(
            Problem("UAD-200", str(path), f"must have at most {LARGEST} bytes", str(size), "Is it the right file?")
        )
    return parse(text, str(path))


def parse(text: str, name: str) -> Document:
    """The document in a text; raises ConfigError as `read` does."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)  # the C loader crashes on deep nesting
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        got = error.problem or str(error)
        raise ConfigError(Problem("UAD-201", where, "must be YAML", got, "Mend the line.")) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(Problem("UAD-201", name, "must be YAML", str(error), "Mend the file.")) from None
    document = Document(name)
    problems: list[Problem] = []
    document.tree = _value(node, (), document, problems, set()) if node else None
    if not isinstance(document.tree, dict) and not problems:
        problems.append(
            Problem("UAD-202", name, "must be a mapping of keys to values", repr(document.tree), "See the README.")
        )
    if problems:
        raise ConfigError(problems)
    return document


def _value(node: yaml.Node, path: Path_, document: Document, problems: list[Problem], seen: set[int]) -> Any:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    document.marks[path] = (line, column)

    def refuse(must: str, got: str, do: str) -> None:
        problems.append(Problem("UAD-202", document.where(path), must, got, do))

    if id(node) in seen:
        refuse("must be written out", "an alias", "Repeat the value instead of *naming it.")
        return None
    seen.add(id(node))
    quoted = isinstance(node, yaml.ScalarNode) and bool(node.style)
    if node.tag != _RESOLVER.resolve(type(node), node.value, (not quoted, quoted)):
        refuse("must have no tag", node.tag, "Remove the tag.")
        return None
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, i), document, problems, seen) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        tree: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                refuse("keys must be words", f"a key at line {key_node.start_mark.line + 1}", "Use a plain word.")
                continue
            if key in tree:
                refuse("keys must be unique", f"{key!r} twice", "Remove one of them.")
            tree[key] = _value(value_node, (*path, key), document, problems, seen)
        return tree
    if quoted:
        return node.value
    if _NOT_FINITE.fullmatch(node.value):
        refuse("numbers must be finite", node.value, "Write a finite number.")
        return None
    return _scalar(node.value, refuse)


def _scalar(text: str, refuse: Any) -> Any:
    lowered = text.lower()
    if lowered in _CONSTANTS:
        return _CONSTANTS[lowered]
    if _INTEGER.fullmatch(text):
        if len(text) > 18:
            refuse("numbers must have at most 18 digits", f"{len(text)} digits", "Write a smaller number.")
            return None
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            refuse("numbers must be finite", text, "Write a finite number.")
            return None
        return number
    return text
