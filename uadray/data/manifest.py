"""The manifest of a store: what it holds and what it was made with; written last, read first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field

from uadray.data.subject import Group, Split
from uadray.section import Section, digest

MANIFEST = "manifest.json"
EXCLUSIONS = "exclusions.tsv"


class File(Section):
    """A Parquet file of the store."""

    path: str = Field(pattern=r"^split=(train|val|test)/cohort=(healthy|lesion|unlabelled)/part-\d{5}\.parquet$")
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
    lesion_ml: float
    """Their volume."""
    lesion_load: Literal["none", "low", "middle", "high"]
    """The third of the cohort's patients with lesions that the volume falls in; for results by lesion load."""
    person: str
    """All scans of a person are in one split."""
    brain_from: str
    """Who told the brain: "mask", "nonzero", or a skull stripping tool."""
    to_native: tuple[tuple[float, float, float, float], ...]
    """Three rows: from (row, column, slice index, 1) to mm in the space of the scan's file."""


class Exclusion(Section):
    """Why a subject was left out."""

    subject: str
    code: str
    where: str
    must: str
    got: str
    do: str


class Manifest(Section):
    """What the store holds and what it was made with."""

    version: Literal[2] = 2
    """Of the store's format; a reader refuses one that it does not know."""
    key: str
    """Names the content: equal keys, equal slices."""
    settings: dict[str, Any]
    """The preparation's configuration, every default written out."""
    size: int
    """Rows and columns of a slice."""
    files: tuple[File, ...]
    intensity: dict[str, Any]
    """The scale that was applied; of `histogram_match` the landmarks that were fitted on training scans."""
    subjects: dict[str, Member]
    exclusions: tuple[Exclusion, ...]
    """Who was left out, as in exclusions.tsv."""
    patients_without_lesion: int
    """Patients without a lesion pixel in their slices; how Dice treats them is the scoring's rule."""
    checksum: str = ""
    """Of all the rest."""

    def sealed(self) -> Manifest:
        """The same manifest with its checksum."""
        return self.model_copy(update={"checksum": self._checksum()})

    @property
    def intact(self) -> bool:
        """Whether it is as it was sealed."""
        return self.checksum == self._checksum()

    def _checksum(self) -> str:
        return digest({**self.plain(), "checksum": ""})


def exclusions_tsv(exclusions: Iterable[Exclusion]) -> str:
    """A line for each reason to leave a subject out."""
    lines = [list(Exclusion.model_fields), *(list(exclusion.plain().values()) for exclusion in exclusions)]
    return "".join("\t".join(" ".join(str(cell).split()) for cell in line) + "\n" for line in lines)
