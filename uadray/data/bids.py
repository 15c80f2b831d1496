"""A cohort in a BIDS folder: participants.tsv, one FLAIR scan a session, masks in derivatives/masks or beside it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from uadray.data.subject import Group, Subject
from uadray.data.table import collected, group_of, listed_once, require_folder, require_inside, rows
from uadray.errors import DataError, Problem
from uadray.section import Section

ENTITIES = r"(_[A-Za-z0-9-]+)*"


class BidsCohort(Section):
    """Scans in a BIDS 1.10 folder.

    - `participants.tsv`: columns participant_id and group, or else diagnosis: healthy, control or hc; lesion, patient
      or ms; in capitals or not. The column site is optional. Without this file all folders sub-X are unlabelled scans,
      which can be prepared and not scored.
    - `sub-X/anat/sub-X[_entities]_FLAIR.nii[.gz]`: exactly one for each participant; or, with sessions,
      `sub-X/ses-Y/anat/sub-X_ses-Y[_entities]_FLAIR.nii[.gz]`: exactly one in each session that has a folder anat.
    - `derivatives/masks/sub-X/[ses-Y/]anat/sub-X[_ses-Y]_label-lesion_mask.nii[.gz]`, or beside the scan
      `sub-X[_ses-Y][_entities]_label-lesion_mask.nii[.gz]`, not both: a patient must have one for each scan.
    - The same with `desc-brain`: optional.

    A scan of a session is the subject sub-X_ses-Y, and its person is sub-X. Folders of subjects that participants.tsv
    does not name are left alone: deleting a row leaves that person out.
    """

    kind: Literal["bids"] = "bids"
    root: Path
    """The folder that holds participants.tsv."""

    def subjects(self, workspace: Path) -> list[Subject]:
        """The participants in the order of participants.tsv; `workspace` is for cohorts that write files.

        Files are found, not opened. Every path lies inside the root, symbolic links followed. Raises one DataError
        with all problems of all participants (UAD-120 to UAD-129, UAD-132).
        """
        require_folder(self.root, "cohort.root, or --bids")
        table = self.root / "participants.tsv"
        subjects: list[Subject] = []
        problems: list[Problem] = []
        line_of: dict[str, int] = {}
        for line, row in rows(table, ("participant_id", "group")) if os.path.lexists(table) else self._unlisted():
            where = f"{table}, line {line}"
            with collected(problems):
                listed_once(row["participant_id"], line, where, line_of)
                subjects += self._scans(row, where, problems)
        if not line_of:
            must, do = "a cohort must have participants", "List one person a line."
            problems.append(Problem("UAD-122", str(table), must, "none", do))
        if problems:
            raise DataError(problems)
        return subjects

    def _unlisted(self) -> list[tuple[int, dict[str, str]]]:
        """The folders of subjects, as if a table listed them."""
        homes = [path for path in sorted(self.root.glob("sub-*")) if path.is_dir()]
        return [(0, {"participant_id": home.name, "group": "unlabelled"}) for home in homes]

    def _scans(self, row: dict[str, str], where: str, problems: list[Problem]) -> list[Subject]:
        """The scans of one participant, session by session; what is wrong is raised or added to the problems."""
        name, group = row["participant_id"], None
        with collected(problems):
            group = group_of(row["group"], where)
        if not re.fullmatch(r"sub-[A-Za-z0-9]+", name):  # before any path is made of it
            must = "participant_id must be sub- and then letters and digits"
            raise DataError(Problem("UAD-125", where, must, repr(name), "Rename the participant."))
        home = self.root / name
        places = [place for place in (home, *sorted(home.glob("ses-*"))) if (place / "anat").is_dir()] or [home]
        scans = [self._scan(name, place, group, row.get("site") or "unknown", problems) for place in places]
        return [scan for scan in scans if scan]

    def _scan(
        self, person: str, place: Path, group: Group | None, site: str, problems: list[Problem]
    ) -> Subject | None:
        session = place.relative_to(self.root / person).as_posix()
        if not re.fullmatch(r"\.|ses-[A-Za-z0-9]+", session):
            must = "the folder of a session must be ses- and then letters and digits"
            problems.append(Problem("UAD-132", str(place), must, repr(session), "Rename the session."))
            return None
        name = person if session == "." else f"{person}_{session}"
        beside, masks = place / "anat", self.root / "derivatives" / "masks" / person / session / "anat"
        image = self._only({beside: f"{name}{ENTITIES}_FLAIR"}, problems)
        lesion_mask, brain_mask = (
            self._only({masks: f"{name}_{mask}_mask", beside: f"{name}{ENTITIES}_{mask}_mask"}, problems)
            for mask in ("label-lesion", "desc-brain")
        )
        do = "Add it or delete the participant's line."
        if image is None:
            must = f"{name} must have one scan {name}_FLAIR.nii.gz"
            problems.append(Problem("UAD-126", str(beside), must, "none", do))
        if group == "lesion" and lesion_mask is None:
            must = f"a patient must have a mask {name}_label-lesion_mask.nii.gz"
            problems.append(Problem("UAD-128", str(masks), must, "none", do))
        if image is None or group is None:
            return None
        return Subject(name, group, site, image, lesion_mask, brain_mask, person=person)

    def _only(self, stems: dict[Path, str], problems: list[Problem]) -> Path | None:
        """The one file whose stem fits its folder, or None; several, or one outside, are added to the problems."""
        found: list[Path] = []
        for folder, stem in stems.items():
            files = sorted(folder.glob("*.nii*"))
            found += [path for path in files if re.fullmatch(rf"{stem}\.nii(\.gz)?", path.name)]
        if len(found) > 1:
            got = ", ".join(str(path.relative_to(self.root)) for path in found)
            problems.append(
                Problem("UAD-127", str(found[0].parent), "there must be one file of a kind", got, "Keep one.")
            )
        for path in found:
            with collected(problems):
                require_inside(path, self.root, str(path))
        return found[0] if found else None
