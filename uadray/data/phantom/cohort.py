"""The embedded demo cohort: people made from the ICBM152 brain, healthy and with lesions, in a BIDS folder.

It is there for demonstrations and tests: everything runs without a download, and the truth is known to the voxel. It is
no substitute for scans: nothing measured on it holds for patients.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from uadray.data.bids import BidsCohort
from uadray.data.phantom.anatomy import Grid, draw_anatomy
from uadray.data.phantom.atlas import Atlas, icbm152
from uadray.data.phantom.flair import scan
from uadray.data.phantom.lesions import draw_lesions, no_lesions
from uadray.data.subject import Group, Subject
from uadray.section import Section, digest

VERSION = 1  # raise it when the same settings give other files than before
NIFTI: Any = nib.Nifti1Image  # nibabel comes without types
MNI = 4  # NIfTI's code for coordinates in MNI 152 space
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
        atlas = icbm152()
        grid = Grid.around(atlas, self.spacing_mm)
        rows = ["participant_id\tgroup\tsite"]
        for name, group, generator in self._people():
            _write_person(root, name, group, atlas, grid, generator)
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


def _write_person(
    root: Path, name: str, group: Group, atlas: Atlas, grid: Grid, generator: np.random.Generator
) -> None:
    for_anatomy, for_lesions, for_scan = generator.spawn(3)
    anatomy = draw_anatomy(atlas, grid, for_anatomy)
    lesions = draw_lesions(anatomy, for_lesions) if group == "lesion" else no_lesions(anatomy)
    flair = scan(anatomy, lesions, for_scan)
    scans, masks = (folder / name / "anat" for folder in (root, root / "derivatives" / "masks"))
    _write_nifti(scans / f"{name}_FLAIR.nii.gz", anatomy.volume(flair), grid.affine)
    _write_nifti(masks / f"{name}_desc-brain_mask.nii.gz", anatomy.brain.astype(np.uint8), grid.affine)
    if group == "lesion":
        mask = anatomy.volume(lesions.mask.astype(np.uint8))
        _write_nifti(masks / f"{name}_label-lesion_mask.nii.gz", mask, grid.affine)


def _write_nifti(path: Path, data: NDArray[Any], affine: NDArray[np.float64]) -> None:
    """A volume (X, Y, Z) in RAS+; the same bytes for the same volume, hence without a time stamp."""
    image = NIFTI(data, affine)
    image.set_sform(affine, MNI)
    image.set_qform(affine, MNI)
    image.header.set_xyzt_units("mm")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(image.to_bytes(), compresslevel=3, mtime=0))
