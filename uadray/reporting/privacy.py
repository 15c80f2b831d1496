"""What of a study may be shown to others: no subject's id, no place on a machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from uadray.data.cohorts import CohortConfig
from uadray.pseudonyms import pseudonym
from uadray.section import Section

ID = re.compile(r"\bsub-[A-Za-z0-9]+(?:_ses-[A-Za-z0-9]+)?")
PLACE = re.compile(r"(?<![\w./~<])(?:~?/|[A-Za-z]:[\\/])[\w.~-][^\s'\"`,;:)\]}]*")
LEFT_OUT = "(left out)"


def anonymous(text: str) -> str:
    """A text with subjects by their pseudonyms, and without absolute paths.

    >>> anonymous("sub-01: no /data/sub-01_FLAIR.nii.gz for val/l1")
    'p-41c1ca2f: no (left out) for val/l1'
    """
    return ID.sub(lambda found: pseudonym(found.group()), PLACE.sub(LEFT_OUT, text))


def shareable(section: Section) -> dict[str, Any]:
    """A section as plain values without its paths; all text is `anonymous`."""
    plain = section.plain()
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            plain[name] = shareable(value)
        elif isinstance(value, Path):
            plain[name] = LEFT_OUT
    return {name: _cleaned(value) for name, value in plain.items()}


def kind_of(cohort: CohortConfig) -> dict[str, Any]:
    """A cohort reduced to its kind and its numbers: what is written of it may be a path or a list of ids."""
    return _numbers(cohort.plain())


def _numbers(tree: dict[str, Any]) -> dict[str, Any]:
    nested = {name: _numbers(value) if isinstance(value, dict) else value for name, value in tree.items()}
    return {name: value for name, value in nested.items() if name == "kind" or isinstance(value, int | float | dict)}


def _cleaned(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _cleaned(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_cleaned(value) for value in tree]
    return anonymous(tree) if isinstance(tree, str) else tree
