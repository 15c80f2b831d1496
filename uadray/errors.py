"""Errors that help: a stable code, where, what must hold, what was got, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, in a form a person can act on.

    Codes: UAD-1xx scans and cohorts, UAD-2xx configuration, UAD-3xx studies and trainings, UAD-4xx the machine.

    >>> print(Problem("UAD-104", "sub-01_FLAIR.nii.gz", "voxels must be finite", "3 NaN", "Repair the scan."))
    UAD-104 sub-01_FLAIR.nii.gz: voxels must be finite; got 3 NaN. Repair the scan.
    """

    code: str
    where: str
    must: str
    got: str
    do: str

    def __str__(self) -> str:
        return f"{self.code} {self.where}: {self.must}; got {self.got}. {self.do}"


def in_a_line(error: BaseException, line: int = 0) -> str:
    """One line of what an error of a library says, cut to 160 characters; its kind where it says nothing.

    >>> in_a_line(OSError("connection refused\\nat 10.0.0.1")), in_a_line(TimeoutError())
    ('connection refused', 'TimeoutError')
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[line][:160]


class UadError(Exception):
    """What went wrong, as one or more problems; printed without a traceback, exit code 2."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type[UadError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class DataError(UadError):
    """A scan or a cohort cannot be used as it is."""


class ConfigError(UadError):
    """A configuration cannot be used as it is."""


class StudyError(UadError):
    """A study or a training cannot go on."""


class StudyHalted(StudyError):
    """No trial can go on, which is no trial's fault; the same command goes on when it is mended."""
