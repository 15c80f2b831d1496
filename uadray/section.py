"""The base of every configuration object."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen, strict piece of configuration that builds what it configures.

    Unknown keys and wrong types are refused; nothing is coerced. The text below a field is its documentation.

    >>> class Circle(Section):
    ...     radius: float = 1.0
    >>> Circle.parse({"radius": 2}).radius
    2.0
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        validate_default=True,
    )

    @classmethod
    def parse(cls, tree: Any) -> Self:
        """The section that a tree of plain YAML values describes; raises pydantic's ValidationError."""
        return cls.model_validate_json(json.dumps(tree))

    def plain(self) -> dict[str, Any]:
        """The section as plain values, every default written out; `parse` is its inverse."""
        return self.model_dump(mode="json")

    def identity(self) -> dict[str, Any]:
        """What names the results of the section: its values, and the content of files that it points to."""
        return self.plain()


def digest(*parts: Any) -> str:
    """Sixteen hex digits that name plain values by their content.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
