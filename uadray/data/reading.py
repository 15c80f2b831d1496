"""A subject's files, read and checked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from uadray.data.scan import Scan
from uadray.data.subject import Subject
from uadray.errors import DataError, Problem


def read(subject: Subject, lesion_above: float | None = None) -> Scan:
    """The subject's scan and masks; raises one DataError with all that is wrong with them.

    Without a lesion mask there is no lesion; without a brain mask `brain` is empty until the skull is stripped. Values
    of the lesion mask `lesion_above` are lesion; without it the mask must be one of one label.
    """
    from uadray.data.nifti import read_mask, read_scan  # nibabel: only who opens a scan should wait

    with naming(subject):
        volume = read_scan(subject.image)
        problems: list[Problem] = []
        brain, lesion = np.zeros(volume.data.shape, np.bool_), np.zeros(volume.data.shape, np.bool_)
        if subject.brain_mask is not None:
            try:
                brain = read_mask(subject.brain_mask, volume)
                if not brain.any():  # it would be taken for none
                    must, do = "a brain mask must not be empty", "Correct it or leave it out."
                    problems.append(Problem("UAD-114", str(subject.brain_mask), must, "no voxel", do))
            except DataError as error:
                problems += error.problems
        if subject.lesion_mask is not None:
            try:
                lesion = read_mask(subject.lesion_mask, volume, lesion_above)
            except DataError as error:
                problems += error.problems
        if problems:
            raise DataError(problems)
        if subject.group == "healthy" and lesion.any():
            must, got = "a healthy subject must have no lesion", f"{np.count_nonzero(lesion)} lesion voxels"
            raise DataError(Problem("UAD-113", str(subject.lesion_mask), must, got, "Correct the group or the mask."))
        return Scan(volume, brain, lesion, brain_from="mask" if brain.any() else "")


@contextlib.contextmanager
def naming(subject: Subject) -> Iterator[None]:
    """Problems found inside begin with the subject's id."""
    try:
        yield
    except DataError as error:
        raise DataError(replace(p, where=f"{subject.id}, {p.where}") for p in error.problems) from error
