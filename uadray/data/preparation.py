"""From a cohort's files to a store of slices; what the key of the store names is never computed twice."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from uadray.data.preprocess.brain import nonzero_brain, require_plausible
from uadray.data.preprocess.intensity import PercentileWindow
from uadray.data.preprocess.slices import Canvas, PadCanvas, SliceSelection, SliceStack
from uadray.data.splits import Split, SplitConfig, assign
from uadray.data.store import Store
from uadray.data.store_writer import write
from uadray.data.subject import Subject
from uadray.data.volume import Volume, read_mask, read_scan
from uadray.errors import DataError, Problem
from uadray.section import Section, digest

VERSION = 1  # raise it when the same files and settings give other rows than before


class PrepareConfig(Section):
    """How scans become slices. The defaults are those of Baur et al. 2018 where they are named there."""

    intensity: PercentileWindow = PercentileWindow()
    slices: SliceSelection = SliceSelection()
    canvas: Canvas = PadCanvas()
    split: SplitConfig = SplitConfig()


@dataclass(frozen=True, eq=False)
class Scan:
    """A subject's files, read and checked; `brain` and `lesion` are bool (X, Y, Z) on the volume's grid."""

    subject: Subject
    volume: Volume
    brain: NDArray[np.bool_]
    lesion: NDArray[np.bool_]


def read(subject: Subject) -> Scan:
    """The subject's scan and masks; raises one DataError with all that is wrong with them.

    Without a lesion mask there is no lesion; without a brain mask the scan is taken to be skull-stripped.
    """
    with _naming(subject):
        volume = read_scan(subject.image)
        problems: list[Problem] = []
        try:
            brain = read_mask(subject.brain_mask, volume) if subject.brain_mask else nonzero_brain(volume)
            require_plausible(brain, volume.spacing_mm)
        except DataError as error:
            problems += error.problems
        try:
            nowhere = np.zeros(volume.data.shape, np.bool_)
            lesion = read_mask(subject.lesion_mask, volume) if subject.lesion_mask else nowhere
        except DataError as error:
            problems += error.problems
        if problems:
            raise DataError(problems)
        if subject.group == "healthy" and lesion.any():
            must, got = "a healthy subject must have no lesion", f"{np.count_nonzero(lesion)} lesion voxels"
            raise DataError(Problem("UAD-113", str(subject.lesion_mask), must, got, "Correct the group or the mask."))
        if lesion.any() and not lesion[brain].any():
            must, got = "lesions must lie in the brain", f"all {np.count_nonzero(lesion)} lesion voxels outside"
            raise DataError(Problem("UAD-116", str(subject.lesion_mask), must, got, "Check the mask."))
        return Scan(subject, volume, brain, lesion)


def cut(scan: Scan, config: PrepareConfig) -> SliceStack:
    """The slices of one scan as a model sees them; raises DataError (UAD-111, UAD-112, UAD-115)."""
    with _naming(scan.subject):
        scaled = replace(scan.volume, data=config.intensity.apply(scan.volume.data, scan.brain))
        return config.canvas.fit(config.slices.cut(scaled, scan.brain, scan.lesion))


def prepare(
    subjects: Sequence[Subject], config: PrepareConfig, stores: Path, on_subject: Callable[[int, int, str], None]
) -> Store:
    """The store of these subjects with these settings, in `stores` under its key; made unless it is there.

    `on_subject` is called with (done, of all, id) after each subject, and never if the store is there. Raises one
    DataError with all problems of all subjects; then nothing is left in `stores`.
    """
    key = content_key(subjects, config)
    with contextlib.suppress(DataError):
        return Store.open(stores / key)
    splits = assign(subjects, config.split)
    return write(stores, key, config.plain(), config.canvas.size, _cut_all(subjects, config, splits, on_subject))


def content_key(subjects: Sequence[Subject], config: PrepareConfig) -> str:
    """Names the slices before they are made, by the settings and the bytes of every file, in whatever order."""
    people = [
        [s.id, s.group, s.site, *map(_sha256, (s.image, s.lesion_mask, s.brain_mask))]
        for s in sorted(subjects, key=lambda s: s.id)
    ]
    return digest(VERSION, config.plain(), people)


def _cut_all(
    subjects: Sequence[Subject],
    config: PrepareConfig,
    splits: Mapping[str, Split],
    on_subject: Callable[[int, int, str], None],
) -> Iterator[tuple[Subject, Split, SliceStack]]:
    """Subject by subject, one scan in memory at a time; all problems are raised at the end."""
    problems: list[Problem] = []
    first_with: dict[bytes, Subject] = {}
    for done, subject in enumerate(subjects, start=1):
        try:
            scan = read(subject)
            first = first_with.setdefault(hashlib.sha256(scan.volume.data.tobytes()).digest(), subject)
            if first is not subject:  # one person in train and in test would be a leak
                must, got = "every subject must have a scan of their own", f"the voxels of {first.id}"
                raise DataError(Problem("UAD-131", subject.id, must, got, "Leave one of the two out."))
            yield subject, splits[subject.id], cut(scan, config)
        except DataError as error:
            problems += error.problems
        on_subject(done, len(subjects), subject.id)
    if problems:
        raise DataError(problems)


def _sha256(path: Path | None) -> str | None:
    """Of a file's bytes; None without a readable file, and reading the scan will say what is wrong with it."""
    with contextlib.suppress(OSError):
        if path and path.is_file():  # opening a pipe would wait for ever
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
    return None


@contextlib.contextmanager
def _naming(subject: Subject) -> Iterator[None]:
    """Problems found inside begin with the subject's id."""
    try:
        yield
    except DataError as error:
        raise DataError(replace(p, where=f"{subject.id}, {p.where}") for p in error.problems) from error
