"""One person of a cohort: who, from where, and which files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Group = Literal["healthy", "lesion"]


@dataclass(frozen=True)
class Subject:
    """A person and the files that show them; nothing has been opened yet.

    A patient (`group` "lesion") has a lesion mask. Without a brain mask the scan is taken to be skull-stripped.
    """

    id: str
    group: Group
    site: str
    image: Path
    lesion_mask: Path | None
    brain_mask: Path | None
