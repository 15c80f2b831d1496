"""From a cohort's files to a store of slices; what the key of the store names is never computed twice."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from uadray.data.pipeline import VERSION, Cut, Pipeline, PipelineConfig
from uadray.data.preprocess.slices import SliceStack
from uadray.data.splits import Split, SplitConfig, assign
from uadray.data.store import Store
from uadray.data.store_writer import write
from uadray.data.subject import Subject
from uadray.errors import DataError, Problem
from uadray.section import digest


class PrepareConfig(PipelineConfig):
    """How scans become slices, and who goes where. The defaults are Baur et al. 2018's where they are named there."""

    split: SplitConfig = SplitConfig()
    """Train, validation and test, by person."""


class Each(Protocol):
    """How subjects are worked through: `map` takes one after the other."""

    def __call__(self, function: Callable[[Subject], Cut], subjects: Sequence[Subject], /) -> Iterable[Cut]: ...


def prepare(
    subjects: Sequence[Subject],
    config: PrepareConfig,
    stores: Path,
    on_subject: Callable[[int, int, str], None],
    each: Each = map,
) -> Store:
    """The store of these subjects with these settings, in `stores` under its key; made unless it is there.

    `on_subject` is called with (done, of all, id) after each subject, and never if the store is there; `each` may work
    on several at once, as long as it keeps their order. Raises one DataError with all problems of all subjects; then
    nothing is left in `stores`.
    """
    key = content_key(subjects, config)
    with contextlib.suppress(DataError):
        return Store.open(stores / key)
    splits = assign(subjects, config.split)
    cuts = each(Pipeline(config, stores / "steps"), subjects)
    return write(stores, key, config.plain(), config.canvas.size, _sound(cuts, len(subjects), splits, on_subject))


def check(
    subjects: Sequence[Subject],
    config: PrepareConfig,
    stores: Path,
    on_subject: Callable[[int, int, str], None],
    each: Each = map,
) -> list[Problem]:
    """Every problem that `prepare` would have with these subjects; nothing but slow steps is written."""
    problems: list[Problem] = []
    splits: Mapping[str, Split] = {}
    try:
        splits = assign(subjects, config.split)
    except DataError as error:
        problems += error.problems
    try:
        for _ in _sound(each(Pipeline(config, stores / "steps"), subjects), len(subjects), splits, on_subject):
            pass
    except DataError as error:
        problems += error.problems
    return problems


def content_key(subjects: Sequence[Subject], config: PrepareConfig) -> str:
    """Names the slices before they are made, by the settings and the bytes of every file, in whatever order."""
    people = [
        [s.id, s.person, s.group, s.site, s.split, *map(_sha256, (s.image, s.lesion_mask, s.brain_mask))]
        for s in sorted(subjects, key=lambda s: s.id)
    ]
    return digest(VERSION, config.plain(), [step.identity() for step in config.steps], people)


def _sound(
    cuts: Iterable[Cut], count: int, splits: Mapping[str, Split], on_subject: Callable[[int, int, str], None]
) -> Iterator[tuple[Subject, Split, SliceStack]]:
    """The subjects with slices, as they come; all problems are raised at the end."""
    problems: list[Problem] = []
    first_with: dict[str, Subject] = {}
    lesion_voxels: Counter[Split] = Counter()
    for done, cut in enumerate(cuts, start=1):
        problems += cut.problems
        if cut.stack is not None:
            first = first_with.setdefault(cut.voxels, cut.subject)
            if first is not cut.subject:  # one scan in train and in test would be a leak
                must, got = "every subject must have a scan of their own", f"the voxels of {first.id}"
                problems.append(Problem("UAD-131", cut.subject.id, must, got, "Leave one of the two out."))
            elif cut.subject.id in splits:
                split = splits[cut.subject.id]
                if cut.subject.group == "lesion":
                    lesion_voxels[split] += int((cut.stack.lesion & cut.stack.brain).sum())
                yield cut.subject, split, cut.stack
        on_subject(done, count, cut.subject.id)
    if problems:
        raise DataError(problems)
    for split, voxels in sorted(lesion_voxels.items()):
        if voxels == 0:
            must, do = f"a patient of {split} must have a lesion voxel in the slices", "Take other slices or patients."
            problems.append(Problem("UAD-117", "lesion masks", must, "none", do))
    if problems:
        raise DataError(problems)


def _sha256(path: Path | None) -> str | None:
    """Of a file's bytes; None without a readable file, and reading the scan will say what is wrong with it."""
    with contextlib.suppress(OSError):
        if path and path.is_file():  # opening a pipe would wait for ever
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
    return None
