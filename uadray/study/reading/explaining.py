"""Pydantic's errors in words: what must hold at the place, what was got, what was meant."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from uadray.errors import Problem
from uadray.study.reading.allowed import Place, one_of, place
from uadray.study.reading.schema import study_schema
from uadray.study.space.branches import word_of
from uadray.study.space.distributions import WORDS
from uadray.yaml_document import Path_, shown

Detail = Mapping[str, Any]  # one error as pydantic has it


def location(detail: Detail) -> tuple[Path_, Path_]:
    """Pydantic's location of what is wrong: of a section or value around it, and what follows as it stands."""
    steps = tuple(step for step in detail["loc"] if step != "[key]")
    if _of_a_key(detail) or detail["type"] == "missing":
        return steps[:-1], steps[-1:]
    return (*steps, "kind") if detail["type"] == "union_tag_invalid" else steps, ()


def explained(detail: Detail, tree: Any, where: str) -> Problem | None:
    """The problem (UAD-210) of one error in a study's plain tree; None of a way not taken, where another way was."""
    around, rest = location(detail)
    here = place(study_schema(), tree, plain_path(tree, around))
    value = detail["input"]

    def problem(must: str, got: str, *remedies: str) -> Problem:
        return Problem("UAD-210", where, must, got, next(filter(None, remedies), "See docs/search_spaces.md."))

    if _of_a_key(detail):
        known = f"Known here: {', '.join(here.keys)}." if here.keys else "Remove it."
        return problem("must be a known key", repr(rest[-1]), nearest(str(rest[-1]), here.keys), known)
    if detail["type"] == "missing":
        meaning = _meaning(place(study_schema(), tree, (*plain_path(tree, around), *rest)))
        return problem(f"must have the key `{rest[-1]}`", "none", f"Add it. {meaning}".strip())
    if detail["type"] == "union_tag_not_found":
        return problem(
            f"must have a kind: {one_of(here.kinds)}",
            shown(value),
            _distribution(detail),
            f"Add kind: {here.kinds[0]}.",
        )
    if detail["type"] == "union_tag_invalid":
        kinds = place(study_schema(), tree, plain_path(tree, detail["loc"])).kinds
        kind = value.get("kind") if isinstance(value, dict) else value
        return problem(f"must be {one_of(kinds)}", shown(kind), nearest(str(kind), kinds), "Write one of these.")
    if isinstance(value, dict) and here.takes_sections and detail["type"] == "literal_error":
        return None  # {kind: volume} is not one of 1, 3, 5, either
    if detail["type"] == "value_error" and not (isinstance(value, str) and here.words):
        must, _, got = detail["msg"].removeprefix("Value error, ").partition("; got ")
        return problem(must, got or shown(value), _meaning(here), "Change one of them.")
    must = f"must be {here}" if here.schemas else detail["msg"]
    meant = nearest(value, here.words) if isinstance(value, str) else _distribution(detail)
    return problem(must, shown(value), meant, _meaning(here))


def plain_path(tree: Any, location: Path_) -> Path_:
    """Pydantic's location as a path of the tree: union tags are not keys."""
    path: Path_ = ()
    for step in location:
        with contextlib.suppress(KeyError, IndexError, TypeError):
            tree = tree[step]
            path = (*path, step)
    return path


def nearest(word: str, known: Iterable[str]) -> str:
    """A question after the word that was meant; "" where none is near."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f"Did you mean `{by_lower[close[0]]}`?" if close else ""


def _of_a_key(detail: Detail) -> bool:
    return bool(detail["type"] == "extra_forbidden" or detail["loc"][-1:] == ("[key]",))


def _distribution(detail: Detail) -> str:
    """What to do about a mapping that was meant as a distribution; "" if it was not."""
    value = detail["input"]
    if not isinstance(value, dict):
        return ""
    if word_of(value) is not None:
        return "Only below `run` can values be drawn."
    return next((found for key in value if (found := nearest(key, WORDS))), "")


def _meaning(here: Place) -> str:
    """The first sentence of a field's docstring."""
    sentence = re.split(r"\.(?: (?=[A-Z])|$)", " ".join(here.meaning.split()))[0]
    return f"Meant here: {sentence}." if sentence else ""
