"""How people are shared out, and whose slices count as healthy."""

from __future__ import annotations

from typing import Annotated, Literal, Self, cast

from pydantic import Field, model_validator

from uadray.data.preprocess.slices import SliceStack
from uadray.data.subject import Group, Part, Split
from uadray.section import Section


class Shares(Section):
    """How the subjects of a group are shared out, as fractions that sum to 1."""

    def parts(self, group: Group) -> dict[Part, float]:
        """The fractions by part."""
        return {Part(cast(Split, split), group): share for split, share in self.plain().items()}

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        total = sum(self.plain().values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"shares must sum to 1; got {total:g}")
        return self


class HealthyShares(Shares):
    """Healthy subjects train the model and set its threshold on val; those in test count its false positives."""

    train: float = Field(default=0.6, gt=0, lt=1)
    val: float = Field(default=0.2, gt=0, lt=1)
    test: float = Field(default=0.2, gt=0, lt=1)


class LesionShares(Shares):
    """Patients are never trained on: the search sees those in val, the final result is of those in test."""

    val: float = Field(default=0.5, gt=0, lt=1)
    test: float = Field(default=0.5, gt=0, lt=1)


class HealthySubjects(Section):
    """Healthy slices are those of healthy subjects; patients are never trained on."""

    kind: Literal["healthy_subjects"] = "healthy_subjects"

    def parts(self, shares: LesionShares) -> dict[Part, float]:
        """Where patients go, as fractions that sum to 1."""
        return shares.parts("lesion")

    def keep(self, stack: SliceStack) -> SliceStack:
        """The slices of a subject that count as healthy: all."""
        return stack


class LesionFreeSlices(Section):
    """Healthy slices are also those of patients that are far from every lesion, as in cohorts without healthy subjects.

    Such patients stand in for healthy subjects and are never validated or tested on as patients. They are not healthy:
    what is normal in them is only what no one outlined. Say so with any result.
    """

    kind: Literal["lesion_free_slices"] = "lesion_free_slices"
    margin: int = Field(default=1, ge=0)
    """Slices between a lesion and the next one that is taken."""
    train: float = Field(default=0.5, gt=0, lt=1)
    """Share of the patients who are trained on."""
    val: float = Field(default=0.1, gt=0, lt=1)
    """Share of the patients who stand in for healthy validation subjects; split.lesion shares out the others."""

    @model_validator(mode="after")
    def _leave_some(self) -> Self:
        if self.train + self.val >= 1:
            raise ValueError(f"train and val must leave patients to test on; got {self.train:g} and {self.val:g}")
        return self

    def parts(self, shares: LesionShares) -> dict[Part, float]:
        """Where patients go, as fractions that sum to 1."""
        others = 1 - self.train - self.val
        scored = {part: others * share for part, share in shares.parts("lesion").items()}
        return {Part("train", "healthy"): self.train, Part("val", "healthy"): self.val, **scored}

    def keep(self, stack: SliceStack) -> SliceStack:
        """The slices of a stand-in that count as healthy, maybe none."""
        return stack.only(stack.to_lesion > self.margin)


TrainOn = Annotated[HealthySubjects | LesionFreeSlices, Field(discriminator="kind")]
