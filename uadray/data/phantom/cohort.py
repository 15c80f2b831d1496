"""The embedded demo cohort: people made from the ICBM152 brain, healthy and with lesions, in a BIDS folder.

It is there for demonstrations and tests: everything runs without a download, and the truth is known to the voxel. It is
no substitute for scans: nothing measured on it holds for patients.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
from pydantic import Field

from uadray.data.bids import BidsCohort
from uadray.data.subject import Group, Subject
from uadray.section import Section, digest

VERSION = 1  # raise it when the same settings give other files than before
BIDS = {"BIDSVersion": "1.10.0", "GeneratedBy": [{"Name": "uadray phantom", "Version": str(VERSION)}]}
SOURCE = (  # the notice that the template's licence wants in every copy
    "Made from the ICBM 2009a nonlinear symmetric template. Copyright (C) 1993-2004 Louis Collins, McConnell "
    "Brain Imaging Centre, Montreal Neurological Institute, McGill University. Permission to use, copy, modify, "
    "and distribute this software and its documentation for any purpose and without fee is hereby granted, "
    "provided that the above copyright notice appear in all copies. The authors and McGill University make no "
    'representations about the suitability of this software for any purpose. It is provided "as is" without '
    "express or implied warranty."
)


class PhantomCohort(Section):
    """People who do not exist: skull-stripped FLAIR-like volumes, registered to MNI space, with exact lesion masks.

    A person depends on `seed`, their group and their number, not on how many others there are.
    """

    kind: Literal["phantom"] = "phantom"
    healthy: int = Field(default=24, ge=1, le=999)
    """People without lesions."""
    lesion: int = Field(default=12, ge=0, le=999)
    """Patients."""
    spacing_mm: float = Field(default=2.0, ge=1, le=5)
    """The side of a voxel. A person's anatomy is the same at any."""
    seed: int = Field(default=0, ge=0)
    """Another seed is other people."""

    def subjects(self, workspace: Path) -> list[Subject]:
        """The cohort, written into `workspace` if it is not there yet: 36 people at 2 mm take about ten seconds.

        The folder gets its name when it is complete; what an interruption leaves has a name with a leading dot.
        """
        folder = workspace / f"phantom-{digest(self.plain(), VERSION)}"
        if not folder.is_dir():
            workspace.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(prefix=f".{folder.name}-", dir=workspace) as unfinished:
                written = Path(unfinished) / folder.name
                self._write(written)
                try:
                    written.rename(folder)
                except OSError:
                    if not folder.is_dir():  # else another process was faster, and wrote the same
                        raise
        return BidsCohort(root=folder).subjects(workspace)

    def _write(self, root: Path) -> None:
        from uadray.data.phantom.anatomy import Grid  # scipy and nibabel: only who makes people should wait
        from uadray.data.phantom.atlas import icbm152
        from uadray.data.phantom.person import write_person

        atlas = icbm152()
        grid = Grid.around(atlas, self.spacing_mm)
        rows = ["participant_id\tgroup\tsite"]
        for name, group, generator in self._people():
            write_person(root, name, group, atlas, grid, generator)
            rows.append(f"{name}\t{group}\tphantom")
        (root / "participants.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        for path, kind in ((root, "raw"), (root / "derivatives" / "masks", "derivative")):
            description = {"Name": "uadray phantom", "DatasetType": kind, **BIDS, "Acknowledgements": SOURCE}
            (path / "dataset_description.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")

    def _people(self) -> Iterator[tuple[str, Group, np.random.Generator]]:
        groups: tuple[tuple[Group, int], ...] = (("healthy", self.healthy), ("lesion", self.lesion))
        for key, (group, count) in enumerate(groups):
            for number in range(1, count + 1):
                seed = np.random.SeedSequence(self.seed, spawn_key=(key, number))
                yield f"sub-{group}{number:03d}", group, np.random.default_rng(seed)
