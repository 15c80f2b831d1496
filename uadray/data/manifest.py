"""The manifest of a store: what it holds and what it was made with; written last, read first."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from uadray.data.splits import Split
from uadray.data.subject import Group
from uadray.section import Section

MANIFEST = "manifest.json"


class File(Section):
    """A Parquet file of the store."""

    path: str = Field(pattern=r"^split=(train|val|test)/cohort=(healthy|lesion)/part-\d{5}\.parquet$")
    """Inside the store's folder, and nowhere else."""
    split: Split
    group: Group
    rows: int
    bytes: int
    sha256: str


class Member(Section):
    """A subject of the store."""

    split: Split
    group: Group
    site: str
    slices: int
    lesion_voxels: int
    """Lesion pixels inside the brain in these slices; 0 for a patient whose lesions lie in others."""


class Manifest(Section):
    """What the store holds and what it was made with."""

    version: Literal[1] = 1
    """Of the store's format; a reader refuses one that it does not know."""
    key: str
    """Names the content: equal keys, equal slices."""
    settings: dict[str, Any]
    """The preparation's configuration, every default written out."""
    size: int
    """Rows and columns of a slice."""
    files: tuple[File, ...]
    subjects: dict[str, Member]
    patients_without_lesion: int
    """Patients without a lesion pixel in their slices; how Dice treats them is the scoring's rule."""
