"""The JSON Schema of search-space files, for editors: a study's, in which any value below `run` may be a distribution.

What a study's check accepts, the schema accepts; what depends on several places is left to the check. Draft 7, which
every editor reads: there, nothing beside a `$ref` counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from uadray.study.reading.schema import Schema, study_schema
from uadray.study.space.distributions import STEPPED

KEPT = ("description", "default")  # of a field, for whoever points at it
RANGES_OF = {"number": ("uniform", "loguniform", "integer", "loginteger"), "integer": ("integer", "loginteger")}
MEANINGS = {
    "choice": "One of several values or sections.",
    "uniform": "A number between two bounds, every number alike; with `step`, in steps from the lower bound.",
    "loguniform": "A number between two bounds above 0, every order of magnitude alike.",
    "integer": "A whole number between two bounds, both included; with `step`, in steps from the lower bound.",
    "loginteger": "A whole number between two bounds above 0, every order of magnitude alike.",
}


def editor_schema() -> Schema:
    """The schema of a whole file."""
    sections = dict(study_schema()["$defs"])
    study = sections["StudyConfig"]
    run = study["properties"]["run"]
    fields = {name: field for name, field in study["properties"].items() if name != "run"}
    sections["StudyConfig"] = {**study, "properties": fields}
    definitions: dict[str, Schema] = {}
    _Fixed(sections, definitions).section("StudyConfig")
    written = definitions.pop("StudyConfig")
    written["properties"]["run"] = _Searched(sections, definitions).field("run", run)
    return {"$schema": "http://json-schema.org/draft-07/schema#", **written, "definitions": definitions}


class _Fixed:
    """Writes sections whose fields have their values."""

    prefix = ""

    def __init__(self, sections: dict[str, Schema], definitions: dict[str, Schema]) -> None:
        self.sections = sections
        self.definitions = definitions

    def section(self, name: str) -> Schema:
        """A reference to a section's definition, which is written if it is not there."""
        full = f"{self.prefix}{name}"
        if full not in self.definitions:
            written = self.definitions[full] = {}
            schema = self.sections[name]
            fields = {key: self.field(f"{full}.{key}", field) for key, field in schema.get("properties", {}).items()}
            written.update({key: value for key, value in schema.items() if key not in ("properties", "title")})
            written["properties"] = fields
        return {"$ref": f"#/definitions/{full}"}

    def field(self, name: str, schema: Schema) -> Schema:
        """What a field may be; `name` may serve as that of a definition."""
        return self.value(name, schema)

    def value(self, name: str, schema: Schema) -> Schema:
        """Pydantic's schema of a value in draft 7; where kinds tell sections apart, they must be there."""
        kept = {key: value for key, value in schema.items() if key in KEPT}
        if "$ref" in schema:
            reference = self.section(schema["$ref"].rsplit("/", 1)[-1])
            return {"allOf": [reference], **kept} if kept else reference
        if "oneOf" in schema:
            kinds = [self.value(name, each) for each in schema["oneOf"]]
            return {**kept, "anyOf": [{"allOf": [each, {"required": ["kind"]}]} for each in kinds]}
        if "anyOf" in schema:
            return {**kept, "anyOf": [self.value(name, each) for each in schema["anyOf"]]}
        plain = {key: value for key, value in schema.items() if key != "title"}
        return {**plain, "items": self.field(f"{name}.item", plain["items"])} if "items" in plain else plain


class _Searched(_Fixed):
    """Writes sections whose fields have values or distributions; each field has a definition of its own."""

    prefix = "run."

    def field(self, name: str, schema: Schema) -> Schema:
        reference = {"$ref": f"#/definitions/{name}"}
        if name not in self.definitions:
            written = self.definitions[name] = {}
            fixed = self.value(name, schema)
            kept = {key: fixed.pop(key) for key in KEPT if key in fixed}
            option = {"type": "string"} if "const" in schema else reference  # a kind among those of other sections
            ranges = [_range(word, leaf) for leaf in _numbers(schema) for word in RANGES_OF[leaf["type"]]]
            written.update({**kept, "anyOf": [fixed, _drawn("choice", {"items": option, "minItems": 1}), *ranges]})
        return reference


def _numbers(schema: Schema) -> Iterator[Schema]:
    """The numbers that a field may be, with their limits."""
    for leaf in schema.get("anyOf", [schema]):
        if leaf.get("type") in RANGES_OF:
            yield {key: value for key, value in leaf.items() if key not in (*KEPT, "title")}


def _range(word: str, leaf: Schema) -> Schema:
    """A range of numbers, both of whose bounds must be allowed."""
    limits: list[Schema] = [leaf]
    if word.endswith("integer"):
        limits.append({"type": "integer"})
    if word.startswith("log"):
        limits.append({"exclusiveMinimum": 0})
    bound = {"allOf": limits} if len(limits) > 1 else leaf
    step = {"type": "integer" if word == "integer" else "number", "exclusiveMinimum": 0}
    return _drawn(word, {"items": bound, "minItems": 2, "maxItems": 2}, {"step": step} if word in STEPPED else {})


def _drawn(word: str, argument: Schema, more: dict[str, Any] | None = None) -> Schema:
    """A distribution's mapping."""
    properties = {word: {"type": "array", "description": MEANINGS[word], **argument}, **(more or {})}
    return {"type": "object", "properties": properties, "required": [word], "additionalProperties": False}
