"""Which of the subjects that were worked through go into the store, and why the others do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from uadray.data.pipeline import Cut
from uadray.data.preprocess.slices import SliceStack
from uadray.data.shares import TrainOn
from uadray.data.subject import Part, Subject
from uadray.errors import Problem

OnSubject = Callable[[int, int, str], None]


class Prepared(NamedTuple):
    """A subject's slices for one part of the store."""

    subject: Subject
    part: Part
    stack: SliceStack
    brain_from: str


class Sifting:
    """Goes through what became of subjects once; `faults` and `unused` are complete when all have been gone through.

    `faults` are what is wrong with subjects, by id; `unused` are stand-ins without a slice that counts as healthy.
    """

    def __init__(self, parts: Mapping[str, Part], train_on: TrainOn) -> None:
        self.faults: dict[str, list[Problem]] = {}
        self.unused: dict[str, list[Problem]] = {}
        self.contradictions: list[Problem] = []  # of one scan in two parts: nothing makes up for them
        self._parts = parts
        self._train_on = train_on

    def sound(self, cuts: Iterable[Cut], count: int, on_subject: OnSubject, done: int = 0) -> Iterator[Prepared]:
        """Those with slices and without a fault, as they come; `on_subject` is called with (done, of all, id)."""
        first_with: dict[str, Subject] = {}
        for number, cut in enumerate(cuts, start=done + 1):
            name = cut.subject.id
            if cut.problems:
                self.faults.setdefault(name, []).extend(cut.problems)
            elif cut.stack is not None:
                first = first_with.setdefault(cut.voxels, cut.subject)
                if first is not cut.subject:  # one scan in train and in test would be a leak
                    must, got = "every subject must have a scan of their own", f"the voxels of {first.id}"
                    self.faults[name] = [Problem("UAD-131", name, must, got, "Leave one of the two out.")]
                    if self._parts.get(name) != self._parts.get(first.id):
                        self.contradictions += self.faults[name]
                elif name in self._parts:
                    yield from self._placed(cut.subject, cut.stack, cut.brain_from)
            on_subject(number, count, name)

    def _placed(self, subject: Subject, stack: SliceStack, brain_from: str) -> Iterator[Prepared]:
        part = self._parts[subject.id]
        kept = self._train_on.keep(stack) if part.group == "healthy" else stack
        if len(kept.indices):
            yield Prepared(subject, part, kept, brain_from)
            return
        must, got = "a stand-in must have slices far from every lesion", f"none of {len(stack.indices)}"
        do = "Lower train_on.margin or take more slices."
        self.unused[subject.id] = [Problem("UAD-139", f"{subject.id}, slices", must, got, do)]
