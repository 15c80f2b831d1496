"""What the place of a value allows there, in words: for errors, from the schema of a study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from uadray.study.reading.schema import Schema
from uadray.yaml_document import Path_, shown

BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minItems": "at least {} long",
    "maxItems": "at most {} long",
    "minProperties": "at least {} of them",
    "pattern": "of the form {}",
}
TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of keys to values",
    "null": "null",
}


@dataclass(frozen=True)
class Place:
    """One place of a tree: all schemas that its value may have, as far as the kinds around it say."""

    schemas: tuple[Schema, ...]
    meaning: str = ""
    """What its docstring says."""

    @property
    def keys(self) -> list[str]:
        """The keys that a mapping there may have."""
        names = (
            name
            for schema in self.schemas
            for name in (*schema.get("properties", ()), *schema.get("propertyNames", {}).get("enum", ()))
        )
        return list(dict.fromkeys(names))

    @property
    def kinds(self) -> list[str]:
        """The kinds that a section there may have."""
        kinds = (schema.get("properties", {}).get("kind", {}).get("const") for schema in self.schemas)
        return [kind for kind in kinds if kind]

    @property
    def words(self) -> list[str]:
        """The texts that are allowed there."""
        words = (word for schema in self.schemas for word in (schema.get("const"), *schema.get("enum", ())))
        return [word for word in words if isinstance(word, str)]

    @property
    def takes_sections(self) -> bool:
        """Whether a mapping may stand there."""
        return any(schema.get("type") == "object" for schema in self.schemas)

    def __str__(self) -> str:
        """What a value there must be: `a whole number, at least 1`."""
        phrases = list(dict.fromkeys(phrase for schema in self.schemas for phrase in _phrases(schema)))
        if len(self.kinds) > 1 or (self.kinds and phrases):
            phrases.append(f"a section with kind: {one_of(self.kinds)}")
        elif any("properties" in schema for schema in self.schemas):
            phrases.append("a section: {key: value, ...}")
        return ", or ".join(phrases)


def place(schema: Schema, tree: Any, path: Path_) -> Place:
    """The place at a path of a tree that may be faulty; one without schemas where no key leads."""
    sections = schema["$defs"]
    found, meaning = tuple(_alternatives(schema, sections)), ""
    for step in path:
        found = _of_kind(found, tree)
        children = [child for each in found if (child := _child(each, step))]
        meaning = next((child["description"] for child in children if "description" in child), "")
        found = tuple(each for child in children for each in _alternatives(child, sections))
        tree = _below(tree, step)
    return Place(_of_kind(found, tree), meaning)


def one_of(words: Sequence[Any]) -> str:
    """`a, b or c`."""
    *before, last = (word if isinstance(word, str) else shown(word) for word in words)
    return f"{', '.join(before)} or {last}" if before else last


def _phrases(schema: Schema) -> Iterator[str]:
    if "const" in schema or "enum" in schema:
        yield one_of([schema["const"]] if "const" in schema else schema["enum"])
    elif "type" in schema and "properties" not in schema:
        kind = "a path" if schema.get("format") == "path" else TYPES.get(schema["type"], "text")
        limits = [text.format(schema[key]) for key, text in BOUNDS.items() if key in schema]
        yield ", ".join([kind, *limits])


def _alternatives(schema: Schema, sections: dict[str, Schema]) -> Iterator[Schema]:
    """The schemas without unions and references that a schema stands for."""
    branches = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    if "$ref" in schema:
        branches.append(sections[schema["$ref"].rsplit("/", 1)[-1]])
    if not branches:
        yield schema
    for branch in branches:
        yield from _alternatives(branch, sections)


def _of_kind(schemas: tuple[Schema, ...], tree: Any) -> tuple[Schema, ...]:
    """Those of the section's kind; all of them where it has none that is known."""
    kind = tree.get("kind") if isinstance(tree, dict) else None
    of_kind = tuple(each for each in schemas if each.get("properties", {}).get("kind", {}).get("const", "") == kind)
    return of_kind or schemas


def _child(schema: Schema, step: str | int) -> Schema | None:
    if isinstance(step, int):
        return schema.get("items")
    named: Schema | None = schema.get("properties", {}).get(step)
    others = schema.get("additionalProperties")
    return named or (others if isinstance(others, dict) else None)


def _below(tree: Any, step: str | int) -> Any:
    try:
        return tree[step]
    except (KeyError, IndexError, TypeError):
        return None
