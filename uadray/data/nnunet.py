"""A cohort in the raw-data folder of nnU-Net v2: imagesTr, labelsTr and dataset.json."""

from __future__ import annotations

import json
import os
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from uadray.data.subject import Group, Subject
from uadray.data.table import collected, require_folder, require_inside
from uadray.errors import DataError, Problem
from uadray.section import Section

ENDINGS = (".nii.gz", ".nii")


class NnunetCohort(Section):
    """Scans in a folder `DatasetXXX_Name` of nnU-Net v2.

    - `dataset.json`: `channel_names` has one channel with FLAIR in its name; `file_ending` is .nii.gz or .nii.
    - `imagesTr/CASE_0000.nii.gz`, with the number of that channel: the scans. Other channels are left alone.
    - `labelsTr/CASE.nii.gz`: the lesion mask, 0 and one positive value; a patient must have one.

    nnU-Net knows neither groups nor persons. Healthy are the cases that `healthy` names, and not those with an empty
    label map: a patient between relapses has one too. Every case is a person of its own; for several scans of a person
    use a manifest. imagesTs and labelsTs are left alone.
    """

    kind: Literal["nnunet"] = "nnunet"
    root: Path
    """The folder that holds dataset.json."""
    healthy: tuple[str, ...]
    """Patterns of the names of healthy cases, such as "control_*"."""

    def subjects(self, workspace: Path) -> list[Subject]:
        """The cases by name; `workspace` is for cohorts that write files.

        Scans are found, not opened. Every path lies inside the root, symbolic links followed. Raises one DataError
        with all problems of all cases (UAD-120 to UAD-138).
        """
        require_folder(self.root, "cohort.root")
        problems: list[Problem] = []
        images, (channel, ending) = self.root / "imagesTr", self._channel()
        scans = sorted(images.glob(f"*_{channel:04d}{ending}"))
        cases = {path.name.removesuffix(f"_{channel:04d}{ending}"): path for path in scans}
        if not cases:
            must, do = f"a cohort must have scans CASE_{channel:04d}{ending}", "Check root and dataset.json."
            problems.append(Problem("UAD-122", str(images), must, "none", do))
        for pattern in self.healthy:
            if cases and not any(fnmatchcase(case, pattern) for case in cases):
                must, do = "a pattern of healthy cases must fit a case", "Correct cohort.healthy."
                problems.append(Problem("UAD-138", str(images), must, f"none for {pattern!r}", do))
        subjects: list[Subject] = []
        for case, image in cases.items():
            with collected(problems):
                subjects.append(self._case(case, image, ending))
        if problems:
            raise DataError(problems)
        return subjects

    def _case(self, case: str, image: Path, ending: str) -> Subject:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", case):
            must = "the name of a case must be letters, digits, - and _"
            raise DataError(Problem("UAD-125", str(image), must, repr(case), "Rename the case."))
        problems: list[Problem] = []
        group: Group = "healthy" if any(fnmatchcase(case, pattern) for pattern in self.healthy) else "lesion"
        label = self.root / "labelsTr" / f"{case}{ending}"
        lesion_mask = label if os.path.isfile(label) else None
        if group == "lesion" and lesion_mask is None:
            must, do = "a patient must have a label map", "Add it, or name the case in cohort.healthy."
            problems.append(Problem("UAD-128", str(label), must, "none", do))
        for path in filter(None, (image, lesion_mask)):
            with collected(problems):
                require_inside(path, self.root, str(path))
        if problems:
            raise DataError(problems)
        return Subject(case, group, "unknown", image, lesion_mask, None)

    def _channel(self) -> tuple[int, str]:
        """The number of the FLAIR channel and the ending of files; raises DataError (UAD-137)."""
        path = self.root / "dataset.json"

        def refuse(must: str, got: str) -> DataError:
            return DataError(Problem("UAD-137", str(path), must, got, "Write it as nnU-Net v2 describes."))

        try:
            described = json.loads(path.read_bytes()) if path.is_file() else None
        except (OSError, ValueError, RecursionError) as error:
            raise refuse("dataset.json must be JSON", f"{type(error).__name__}: {error}") from error
        names = described.get("channel_names") if isinstance(described, dict) else None
        if not isinstance(described, dict) or not isinstance(names, dict):
            raise refuse("dataset.json must have channel_names", "none")
        numbers = [number for number, name in names.items() if "flair" in str(name).lower()]
        if len(numbers) != 1 or not re.fullmatch("[0-9]{1,4}", numbers[0]):
            raise refuse("one channel, by its number, must be FLAIR", repr(names))
        ending = described.get("file_ending", ENDINGS[0])
        if ending not in ENDINGS:
            raise refuse(f"file_ending must be {' or '.join(ENDINGS)}", repr(ending))
        return int(numbers[0]), ending
