"""A cohort in a BIDS folder: participants.tsv, one FLAIR scan a subject, masks under derivatives/masks."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path
from typing import Literal, cast, get_args

from uadray.data.subject import Group, Subject
from uadray.errors import DataError, Problem
from uadray.section import Section

GROUPS: tuple[Group, ...] = get_args(Group)


class BidsCohort(Section):
    """Scans in a BIDS 1.10 folder.

    - `participants.tsv`: columns participant_id and group (healthy | lesion); site is optional.
    - `sub-X/anat/sub-X[_entities]_FLAIR.nii[.gz]`: exactly one for each participant.
    - `derivatives/masks/sub-X/anat/sub-X_label-lesion_mask.nii[.gz]`: a patient must have one.
    - `derivatives/masks/sub-X/anat/sub-X_desc-brain_mask.nii[.gz]`: optional.

    Folders of subjects that participants.tsv does not name are left alone: deleting a row leaves that person out.
    """

    kind: Literal["bids"] = "bids"
    root: Path
    """The folder that holds participants.tsv."""

    def subjects(self, workspace: Path) -> list[Subject]:
        """The participants in the order of participants.tsv; `workspace` is for cohorts that write files.

        Files are found, not opened. Every path lies inside the root, symbolic links followed. Raises one DataError
        with all problems of all participants (UAD-120 to UAD-129).
        """
        if not self.root.is_dir():
            must, do = "the cohort must be a folder", "Correct cohort.root."
            raise DataError(Problem("UAD-120", str(self.root), must, "no such folder", do))
        table = self.root / "participants.tsv"
        subjects: list[Subject] = []
        problems: list[Problem] = []
        line_of: dict[str, int] = {}
        for line, row in _rows(table):
            where = f"{table}, line {line}"
            name = row["participant_id"]
            if name in line_of:
                got = f"{name} again, first in line {line_of[name]}"
                problems.append(Problem("UAD-124", where, "a participant must be listed once", got, "Delete one line."))
                continue
            line_of[name] = line
            try:
                subjects.append(self._subject(row, where))
            except DataError as error:
                problems += error.problems
        if not line_of:
            must, do = "a cohort must have participants", "List one person a line."
            problems.append(Problem("UAD-122", str(table), must, "none", do))
        if problems:
            raise DataError(problems)
        return subjects

    def _subject(self, row: dict[str, str], where: str) -> Subject:
        name, group, site = row["participant_id"], row["group"], row.get("site", "")
        problems: list[Problem] = []
        if group not in GROUPS:
            must = f"group must be {' or '.join(GROUPS)}"
            problems.append(Problem("UAD-123", where, must, repr(group), "Correct the column group."))
        if not re.fullmatch(r"sub-[A-Za-z0-9]+", name):  # before any path is made of it
            must = "participant_id must be sub- and then letters and digits"
            raise DataError([*problems, Problem("UAD-125", where, must, repr(name), "Rename the participant.")])

        scans, masks = self.root / name / "anat", self.root / "derivatives" / "masks" / name / "anat"
        image = self._only(scans, rf"{name}(_[A-Za-z0-9-]+)*_FLAIR", problems)
        lesion_mask = self._only(masks, f"{name}_label-lesion_mask", problems)
        brain_mask = self._only(masks, f"{name}_desc-brain_mask", problems)
        if image is None:
            must = f"{name} must have one scan {name}_FLAIR.nii.gz"
            problems.append(Problem("UAD-126", str(scans), must, "none", "Add it or delete the participant's line."))
        if group == "lesion" and lesion_mask is None:
            must = f"a patient must have a mask {name}_label-lesion_mask.nii.gz"
            problems.append(Problem("UAD-128", str(masks), must, "none", "Add it or delete the participant's line."))
        if problems or image is None:
            raise DataError(problems)
        site = "unknown" if site in ("", "n/a") else site
        return Subject(name, cast(Group, group), site, image, lesion_mask, brain_mask)

    def _only(self, folder: Path, stem: str, problems: list[Problem]) -> Path | None:
        """The file of that stem, or None; several, or one that leads out of the root, are added to the problems."""
        found = sorted(path for path in folder.glob("*.nii*") if re.fullmatch(rf"{stem}\.nii(\.gz)?", path.name))
        if len(found) > 1:
            got = ", ".join(path.name for path in found)
            problems.append(Problem("UAD-127", str(folder), "there must be one file of a kind", got, "Keep one."))
        root = Path(os.path.realpath(self.root))
        for path in found:
            target = Path(os.path.realpath(path))
            if not target.is_relative_to(root):
                must = "a file must lie inside the cohort's folder"
                problems.append(Problem("UAD-129", str(path), must, f"a link to {target}", "Copy the file there."))
        return found[0] if found else None


def _rows(table: Path) -> list[tuple[int, dict[str, str]]]:
    """The lines of a TSV file with their numbers, cells stripped; raises DataError (UAD-121)."""

    def refuse(got: str) -> DataError:
        must = "participants.tsv must be UTF-8 text, tab-separated, with the columns participant_id and group"
        return DataError(Problem("UAD-121", str(table), must, got, "Write it as BIDS 1.10 describes."))

    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
            columns = reader.fieldnames or []
            if missing := {"participant_id", "group"} - set(columns):
                raise refuse(f"the columns {list(columns)} without {sorted(missing)}")
            return [(reader.line_num, {key: row[key].strip() for key in columns}) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise refuse(f"{type(error).__name__}: {error}") from error
