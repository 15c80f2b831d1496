"""Plain values as a YAML file has them, and the place of each for messages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from uadray.errors import Problem

Path_ = tuple[str | int, ...]


@dataclass
class Document:
    """Plain values, where each of them stands, and what is wrong with those that could not be read."""

    name: str
    tree: Any = None
    places: dict[Path_, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unread: set[Path_] = field(default_factory=set)

    def where(self, path: Path_) -> str:
        """`file:line:column key.of.the.value` of the value at a path, or of its nearest ancestor.

        >>> Document("x.yaml", {"a": {"b": 1}}, {("a",): "x.yaml:1:4"}).where(("a", "b"))
        'x.yaml:1:4 a.b'
        """
        known = path
        while known and known not in self.places:
            known = known[:-1]
        return f"{self.places.get(known, self.name)} {'.'.join(map(str, path))}".rstrip()

    def is_unread(self, path: Path_) -> bool:
        """Whether the value at a path, or what is around it, has a problem of its own already."""
        return any(path[:depth] in self.unread for depth in range(len(path) + 1))

    def refuse(self, path: Path_, must: str, got: str, do: str) -> None:
        """Note a value that cannot be read (UAD-202)."""
        self.problems.append(Problem("UAD-202", self.where(path), must, got, do))
        self.unread.add(path)


def shown(value: Any) -> str:
    """A plain value, or a section, as YAML has it.

    >>> shown(None), shown("three"), shown({"kind": "dense"})
    ('null', "'three'", '{"kind": "dense"}')
    """
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=lambda section: section.plain())
    return text if len(text) < 80 else f"{text[:77]}..."
