"""A handful of a cohort's subjects, to try out what is meant for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from uadray.data.bids import BidsCohort
from uadray.data.manifest_cohort import ManifestCohort
from uadray.data.nnunet import NnunetCohort
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.subject import Subject
from uadray.section import Section

WholeCohort = BidsCohort | ManifestCohort | NnunetCohort | PhantomCohort


class FewSubjects(Section):
    """The first healthy subjects and the first patients of a cohort, from each split that it gives in turn."""

    kind: Literal["few"] = "few"
    of: Annotated[WholeCohort, Field(discriminator="kind")]
    """The cohort."""
    healthy: int = Field(default=6, ge=1)
    """Healthy subjects, and unlabelled ones, at most."""
    lesion: int = Field(default=6, ge=1)
    """Patients, at most."""

    def subjects(self, workspace: Path) -> list[Subject]:
        """The subjects, in the order of their ids."""
        found = sorted(self.of.subjects(workspace), key=lambda subject: subject.id)
        patients = [subject for subject in found if subject.group == "lesion"]
        others = [subject for subject in found if subject.group != "lesion"]
        return sorted([*_in_turn(others)[: self.healthy], *_in_turn(patients)[: self.lesion]], key=lambda s: s.id)


def _in_turn(subjects: Sequence[Subject]) -> list[Subject]:
    """The first of each given split, then the second of each, and so on."""
    splits = [[s for s in subjects if s.split == split] for split in ("train", "val", "test", None)]
    return [subject for row in zip_longest(*splits) for subject in row if subject is not None]
