"""A cohort in a table: one scan a line, with the paths of its files."""

from __future__ import annotations

import os
import re
from pathlib import Path, PureWindowsPath
from typing import Literal, cast, get_args

from uadray.data.subject import Split, Subject
from uadray.data.table import collected, group_of, listed_once, require_folder, require_inside, rows
from uadray.errors import DataError, Problem
from uadray.section import Section

NEEDED = ("subject", "image", "group")
FILES = ("image", "lesion_mask", "brain_mask")
COLUMNS = (*NEEDED, "session", "lesion_mask", "brain_mask", "split", "site")
SPLITS: tuple[Split, ...] = get_args(Split)


class ManifestCohort(Section):
    """Scans that a `.csv` or `.tsv` file lists, wherever they lie in its folder.

    - `subject`: a person: letters and digits, sub- before them or not.
    - `image`: the FLAIR scan. `lesion_mask`: a patient must have one. `brain_mask`: optional.
    - `group`: healthy, control or hc; lesion, patient or ms; in capitals or not.
    - `session`: letters and digits, ses- before them or not; tells the scans of a person apart.
    - `split`: train, val or test for the whole person; who has none is drawn.
    - `site`: optional.

    A line with a session is the subject sub-X_ses-Y, also if it is the person's only one, so that no line changes
    another's name; one without is sub-X. Paths are relative and lie inside the root, symbolic links followed.
    """

    kind: Literal["manifest"] = "manifest"
    path: Path
    """The table."""
    root: Path | None = None
    """The folder that its paths are relative to; the table's own unless given."""

    def subjects(self, workspace: Path) -> list[Subject]:
        """The scans in the order of the table; `workspace` is for cohorts that write files.

        Files are found, not opened. Raises one DataError with all problems of all lines (UAD-120 to UAD-136).
        """
        require_folder(self.root or self.path.parent, "cohort.root" if self.root else "cohort.path")
        subjects: list[Subject] = []
        problems: list[Problem] = []
        line_of: dict[str, int] = {}
        listed = rows(self.path, NEEDED, COLUMNS)
        for line, row in listed:
            where = f"{self.path}, line {line}"
            with collected(problems):
                person, name = names(row, where)
                with collected(problems):
                    listed_once(name, line, where, line_of)
                subjects.append(self._scan(person, name, row, where))
        if not listed:
            must, do = "a cohort must have subjects", "List one scan a line."
            problems.append(Problem("UAD-122", str(self.path), must, "none", do))
        if problems:
            raise DataError(problems)
        return subjects

    def _scan(self, person: str, name: str, row: dict[str, str], where: str) -> Subject:
        problems: list[Problem] = []
        files: dict[str, Path | None] = {}
        for column in FILES:
            with collected(problems):
                files[column] = file_of(row.get(column, ""), self.root or self.path.parent, f"{where}, {column}")
        group, split = None, row.get("split") or None
        with collected(problems):
            group = group_of(row["group"], where)
        if split is not None and split not in SPLITS:
            must, do = f"split must be {', '.join(SPLITS)} or nothing", "Correct the column split."
            problems.append(Problem("UAD-136", where, must, repr(split), do))
        do = "Name it or delete the line."
        if not row["image"]:
            problems.append(Problem("UAD-126", where, "a scan must have an image", "none", do))
        if group == "lesion" and not row.get("lesion_mask"):
            problems.append(Problem("UAD-128", where, "a patient must have a lesion_mask", "none", do))
        image, lesion_mask, brain_mask = (files.get(column) for column in FILES)
        if problems or image is None or group is None:
            raise DataError(problems)
        site = row.get("site") or "unknown"
        return Subject(name, group, site, image, lesion_mask, brain_mask, person, cast(Split | None, split))


def file_of(cell: str, root: Path, where: str) -> Path | None:
    """The file in the root that a cell names, None for an empty one; raises DataError (UAD-129, UAD-133)."""
    if not cell:
        return None
    named = PureWindowsPath(cell)  # sees both slashes and drives, on every machine
    if named.anchor or ".." in named.parts:
        must, do = "a path must be relative and without ..", f"Write it as seen from {root}."
        raise DataError(Problem("UAD-129", where, must, repr(cell), do))
    path = root / cell
    if not os.path.isfile(path):  # false also for what cannot be a path
        must, do = "a path must lead to a file", f"Correct it; it is relative to {root}."
        raise DataError(Problem("UAD-133", where, must, repr(cell), do))
    require_inside(path, root, where)
    return path


def names(row: dict[str, str], where: str) -> tuple[str, str]:
    """The person and the scan of a line; raises DataError (UAD-125, UAD-132)."""
    problems: list[Problem] = []
    person, session = row["subject"].removeprefix("sub-"), row.get("session", "")
    if not re.fullmatch("[A-Za-z0-9]+", person):
        must = "subject must be letters and digits, sub- before them or not"
        problems.append(Problem("UAD-125", where, must, repr(row["subject"]), "Rename the subject."))
    if session and not re.fullmatch("(ses-)?[A-Za-z0-9]+", session):
        must = "session must be letters and digits, ses- before them or not"
        problems.append(Problem("UAD-132", where, must, repr(session), "Rename the session."))
    if problems:
        raise DataError(problems)
    return f"sub-{person}", f"sub-{person}" + (f"_ses-{session.removeprefix('ses-')}" if session else "")
