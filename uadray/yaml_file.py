"""YAML read strictly: numbers as in YAML 1.2, no duplicate key, no alias, every value with its line and column.

PyYAML alone reads 1e-4 as text, 010 as 8, `no` as False, and lets the last of two equal keys win. Its parser is kept,
and what it finds is read here. `dump` writes what is read as it was.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from uadray.errors import ConfigError, Problem
from uadray.yaml_document import Document, Path_

LARGEST = 100_000  # bytes; a search space has a few thousand
DEEPEST = 40  # sections in sections; a search space has about ten

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS = {"": None, "~": None, "null": None, "true": True, "false": False}
_NOT_FINITE = re.compile(r"[-+]?\.(inf|nan)", re.IGNORECASE)


def read(path: Path) -> Document:
    """The document in a file; raises ConfigError as `parse` does, and UAD-200 of a file that cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        must, got = "must be a readable text file", error.strerror or str(error)
        raise ConfigError(Problem("UAD-200", str(path), must, got, "Check the path.")) from None
    if len(content) > LARGEST:
        must, do = f"must have at most {LARGEST} bytes", "Is it the right file?"
        raise ConfigError(Problem("UAD-200", str(path), must, "more", do))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        where = f"{path}:{1 + content[: error.start].count(10)}"
        must, got = "must be text in UTF-8", f"the byte 0x{content[error.start]:02x}"
        raise ConfigError(Problem("UAD-200", where, must, got, "Save the file as UTF-8.")) from None
    return parse(text, str(path))


def dump(tree: Any, width: int = 120) -> str:
    """Plain values as YAML that `parse_value` reads as the same: text that it would take for a number stands in quotes.

    What the reader refuses, such as infinite numbers and keys that are no words, is not made readable.

    >>> dump({"name": "2e3", "weight": 2e3, "unit": "no"})
    "name: '2e3'\\nweight: 2000.0\\nunit: 'no'\\n"
    """
    return str(yaml.dump(tree, Dumper=_Writer, sort_keys=False, width=width, allow_unicode=True))


def parse(text: str, name: str) -> Document:
    """The document in a text, its values with problems (UAD-202) left out and noted.

    Raises ConfigError where there is no document: UAD-201 of what is not YAML, UAD-202 of what is not a mapping.
    """
    document = parse_value(text, name)
    if not isinstance(document.tree, dict):
        must = "must be a mapping of keys to values"
        got = "nothing" if document.tree is None else "a list" if isinstance(document.tree, list) else "one value"
        outermost = Problem("UAD-202", f"{name}:1:1", must, got, "Begin with `study: NAME`.")
        raise ConfigError(document.problems or [outermost])
    return document


def parse_value(text: str, name: str) -> Document:
    """The document in a text that may be any value; raises ConfigError (UAD-201)."""
    document = Document(name)
    try:
        events = yaml.parse(text, Loader=yaml.SafeLoader)  # the C loader crashes on deep nesting
        reader = _Reader(document, events)
        reader.skip(yaml.StreamStartEvent, yaml.DocumentStartEvent)
        if reader.upcoming is not None and not isinstance(reader.upcoming, yaml.StreamEndEvent):
            document.tree = reader.value(())
            reader.skip(yaml.DocumentEndEvent)
            if not isinstance(reader.upcoming, yaml.StreamEndEvent):
                got, do = "a second one", "Remove the line ---."
                raise reader.refusal(reader.upcoming.start_mark, "must be one document", got, do)
    except yaml.reader.ReaderError as error:
        lines = text[: error.position].split("\n")
        where = f"{name}:{len(lines)}:{len(lines[-1]) + 1}"
        got = f"the character U+{error.character:04X}"
        problem = Problem("UAD-201", where, "must be printable text", got, "Remove it.")
        raise ConfigError([*document.problems, problem]) from None
    except yaml.MarkedYAMLError as error:
        mark, opening = error.problem_mark or error.context_mark, error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        got = (error.problem or error.context or str(error)).removeprefix("found ")
        do = f"Mend the line, or what begins at line {opening.line + 1}." if opening else "Mend the line."
        do = "Indent with spaces." if r"'\t'" in got else do
        raise ConfigError([*document.problems, Problem("UAD-201", where, "must be YAML", got, do)]) from None
    return document


class _Reader:
    """Turns the parser's events into values of the document."""

    def __init__(self, document: Document, events: Iterator[Any]) -> None:
        self.document = document
        self._events = events
        self.upcoming: Any = next(events, None)

    def skip(self, *kinds: type) -> None:
        for kind in kinds:
            if isinstance(self.upcoming, kind):
                self._take()

    def refusal(self, mark: yaml.Mark, must: str, got: str, do: str) -> ConfigError:
        """An error after which nothing more can be read."""
        where = f"{self.document.name}:{mark.line + 1}:{mark.column + 1}"
        return ConfigError([*self.document.problems, Problem("UAD-201", where, must, got, do)])

    def value(self, path: Path_) -> Any:
        """The next value, which stands at the path."""
        event = self._take()
        self.document.places[path] = self._place(event)
        if len(path) > DEEPEST:
            must, do = f"must have at most {DEEPEST} levels", "Is there a bracket too many?"
            raise self.refusal(event.start_mark, must, "more", do)
        if isinstance(event, yaml.AliasEvent):
            self.document.refuse(path, "must be written out", "an alias", "Repeat the value instead of *naming it.")
            return None
        if event.tag is not None:
            self.document.refuse(path, "must have no tag", event.tag, "Remove the tag.")
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(self.upcoming, yaml.SequenceEndEvent):
                items.append(self.value((*path, len(items))))
            self._take()
            return items
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        return self._scalar(path, event)

    def _mapping(self, path: Path_) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while not isinstance(self.upcoming, yaml.MappingEndEvent):
            line = self.upcoming.start_mark.line + 1
            key, below = self._key(path)
            if key is None:
                self.value(below)
            elif key in tree:
                self.document.refuse(below, "must be unique", f"{key!r} again, after line {lines[key]}", "Remove one.")
                self.value(below)
            else:
                lines[key] = line
                tree[key] = self.value(below)
        self._take()
        return tree

    def _key(self, path: Path_) -> tuple[str | None, Path_]:
        """The next key, None if it cannot be one, and where its value goes."""
        event = self.upcoming
        text = getattr(event, "value", "")
        below = (*path, text if text and text.isprintable() else "?")
        self.document.places[below] = self._place(event)
        if not isinstance(event, yaml.ScalarEvent):
            self.value(below)
            self.document.refuse(below, "keys must be words", "an alias or several values", "Use a plain word.")
            return None, below
        self._take()
        must, got = "", repr(text)
        if event.tag is not None:
            must, got = "must have no tag", event.tag
        elif text == "<<":
            must, got = "must be written out", "the merge key <<"
        elif not text or not text.isprintable() or (not event.style and type(_scalar(text)) is not str):
            must, got = "keys must be words", repr(text)
        if must:
            self.document.refuse(below, must, got, "Use a plain word.")
        return (None if must else text), below

    def _scalar(self, path: Path_, event: yaml.ScalarEvent) -> Any:
        if any("\ud800" <= character <= "\udfff" for character in event.value):
            self.document.refuse(path, "must be characters", ascii(event.value), "Remove the half of a pair.")
            return None
        if event.style:
            return event.value
        value = _scalar(event.value)
        if isinstance(value, float) and not math.isfinite(value):
            self.document.refuse(path, "numbers must be finite", event.value, "Write a finite number.")
            return None
        if isinstance(value, int) and len(event.value) > 18:
            must, got = "numbers must have at most 18 digits", f"{len(event.value)}"
            self.document.refuse(path, must, got, "Write a smaller number.")
            return None
        return value

    def _take(self) -> Any:
        event, self.upcoming = self.upcoming, next(self._events, None)
        return event

    def _place(self, event: Any) -> str:
        return f"{self.document.name}:{event.start_mark.line + 1}:{event.start_mark.column + 1}"


class _Writer(yaml.SafeDumper):
    """Puts also that text into quotes which YAML 1.2 reads as something else; writes out what is the same twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def text(self, value: str) -> yaml.Node:
        style = '"' if not value.isprintable() else None if type(_scalar(value)) is str else "'"
        return self.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Writer.add_representer(str, _Writer.text)


def _scalar(text: str) -> Any:
    """What a text without quotes stands for."""
    if text.lower() in _CONSTANTS:
        return _CONSTANTS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text[:20])  # with as many digits it is refused
    if _FLOAT.fullmatch(text):
        return float(text)
    return math.nan if _NOT_FINITE.fullmatch(text) else text
