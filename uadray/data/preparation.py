"""From a cohort's files to a store of slices; what the key of the store names is never computed twice."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from uadray.data.each import Each, one_by_one
from uadray.data.pipeline import VERSION, Pipeline, PipelineConfig
from uadray.data.preprocess.intensity import Measure
from uadray.data.shares import HealthySubjects, TrainOn
from uadray.data.sifting import OnSubject, Prepared, Sifting
from uadray.data.splits import SplitConfig, assign
from uadray.data.subject import Part, Subject
from uadray.errors import DataError, Problem
from uadray.section import digest

if TYPE_CHECKING:
    from uadray.data.store import Store

LIBRARIES = ("nibabel", "numpy", "scipy", "SimpleITK", "torch")  # that shape slices; tools are in their steps' names


class PrepareConfig(PipelineConfig):
    """How scans become slices, and who goes where. The defaults are Baur et al. 2018's where they are named there."""

    train_on: TrainOn = HealthySubjects()
    """Whose slices count as healthy."""
    split: SplitConfig = SplitConfig()
    """Train, validation and test, by person."""
    max_excluded: int = Field(default=0, ge=0)
    """Subjects that may be left out for faults of their files, each with a line in exclusions.tsv; more are refused."""


def anyone(parts: Iterable[Part]) -> None:
    """Requires nothing of the parts of a cohort."""


def prepare(
    subjects: Sequence[Subject],
    config: PrepareConfig,
    stores: Path,
    on_subject: OnSubject,
    each: Each = one_by_one,
    require: Callable[[Iterable[Part]], None] = anyone,
) -> Store:
    """The store of these subjects with these settings, in `stores` under its key; made unless it is there.

    `on_subject` is called with (done, of all, id) after each subject, and never if the store is there; `each` may work
    on several at once, as long as it keeps their order; `require` is shown the parts before anything is computed, and
    raises if someone is missing. Raises one DataError with all problems of all subjects, UAD-118 among them if some may
    be left out but not so many; then nothing is left in `stores`.
    """
    from uadray.data.store import Store  # pyarrow: only who opens a store should wait
    from uadray.data.store_writer import write

    subjects = sorted(subjects, key=lambda subject: subject.id)  # of two with one scan the first stays
    parts = assign(subjects, config.split, config.train_on)
    require(parts.values())
    key = content_key(subjects, config)
    with contextlib.suppress(DataError):
        return Store.open(stores / key)
    fitted, done = _fitted(config, subjects, parts, stores, on_subject, each)
    sifting = Sifting(parts, config.train_on)
    cuts = each(Pipeline(fitted, (stores / "steps").absolute()), subjects)
    sound = sifting.sound(cuts, done + len(subjects), on_subject, done)
    return write(stores, key, config, fitted.intensity, _tolerated(sound, sifting, config.max_excluded), sifting)


def check(
    subjects: Sequence[Subject],
    config: PrepareConfig,
    stores: Path,
    on_subject: OnSubject,
    each: Each = one_by_one,
) -> list[Problem]:
    """Every problem that `prepare` would have with these subjects; nothing but slow steps is written."""
    problems: list[Problem] = []
    parts: Mapping[str, Part] = {}
    try:
        parts = assign(subjects, config.split, config.train_on)
    except DataError as error:
        problems += error.problems
    sifting = Sifting(parts, config.train_on)
    for _ in sifting.sound(each(Pipeline(config, stores / "steps"), subjects), len(subjects), on_subject):
        pass
    return problems + [p for found in (sifting.faults, sifting.unused) for own in found.values() for p in own]


def content_key(subjects: Sequence[Subject], config: PrepareConfig) -> str:
    """Names the slices before they are made, by the settings and the bytes of every file, in whatever order."""
    people = [
        [s.id, s.person, s.group, s.site, s.split, *map(_sha256, (s.image, s.lesion_mask, s.brain_mask))]
        for s in sorted(subjects, key=lambda s: s.id)
    ]
    return digest(VERSION, config.plain(), [step.identity() for step in config.steps], people)


def seen(subject: Subject, config: PrepareConfig) -> tuple[str, ...]:
    """All that shapes a subject's slices in this process: where another sees the same, it makes the same slices."""
    return content_key([subject], config), *(version(library).partition("+")[0] for library in LIBRARIES)


def _fitted(
    config: PrepareConfig,
    subjects: Sequence[Subject],
    parts: Mapping[str, Part],
    stores: Path,
    on_subject: OnSubject,
    each: Each,
) -> tuple[PrepareConfig, int]:
    """The settings with a scale of intensities that was fitted on training scans, and how many scans that took."""
    train = [subject for subject in subjects if parts[subject.id] == Part("train", "healthy")]
    done = 0

    def of_train(measure: Measure) -> Iterator[NDArray[np.float64]]:
        nonlocal done
        pipeline = Pipeline(config, (stores / "steps").absolute())
        for subject, measured in zip(train, each(partial(pipeline.measure, of=measure), train), strict=True):
            done += 1
            on_subject(done, len(train) + len(subjects), subject.id)
            if measured is not None:
                yield measured

    return config.model_copy(update={"intensity": config.intensity.fit(of_train)}), done


def _tolerated(sound: Iterable[Prepared], sifting: Sifting, most: int) -> Iterator[Prepared]:
    """The same; once they are through, all faults are raised if more subjects have one than may be left out."""
    kept = 0
    for prepared in sound:
        yield prepared
        kept += 1
    if len(sifting.faults) > most or sifting.contradictions:
        problems = [problem for found in sifting.faults.values() for problem in found]
        if len(sifting.faults) > most > 0:
            must, got = f"at most prepare.max_excluded = {most} may be left out", f"{len(sifting.faults)} with faults"
            problems.append(Problem("UAD-118", "cohort", must, got, "Mend some, or raise prepare.max_excluded."))
        raise DataError(problems)
    if not kept:
        reasons = [p for found in (sifting.faults, sifting.unused) for own in found.values() for p in own]
        raise DataError(reasons or Problem("UAD-122", "cohort", "a cohort must have subjects", "none", "Add scans."))


def _sha256(path: Path | None) -> str | None:
    """Of a file's bytes; None without a readable file, and reading the scan will say what is wrong with it."""
    with contextlib.suppress(OSError):
        if path and path.is_file():  # opening a pipe would wait for ever
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
    return None
