"""One scan of a cohort: of whom, from where, and which files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

Group = Literal["healthy", "lesion", "unlabelled"]
Split = Literal["train", "val", "test"]


class Part(NamedTuple):
    """A part of the slices: what they are for, and what they show."""

    split: Split
    group: Group


@dataclass(frozen=True)
class Subject:
    """A scan of a person and the files that show them; nothing has been opened yet.

    A patient (`group` "lesion") has a lesion mask; of an "unlabelled" scan nobody knows, and nothing is scored.

    >>> Subject("sub-01_ses-2", "healthy", "here", Path("scan.nii"), None, None, person="sub-01").person
    'sub-01'
    >>> Subject("sub-01", "healthy", "here", Path("scan.nii"), None, None).person
    'sub-01'
    """

    id: str
    """Of the scan: sub-X, or sub-X_ses-Y where the cohort names a session."""
    group: Group
    site: str
    image: Path
    lesion_mask: Path | None
    brain_mask: Path | None
    person: str = ""
    """All scans of a person go to one split; the id, unless the cohort says otherwise."""
    split: Split | None = None
    """Where the cohort wants the person; None leaves it to the draw."""

    def __post_init__(self) -> None:
        if not self.person:
            object.__setattr__(self, "person", self.id)
