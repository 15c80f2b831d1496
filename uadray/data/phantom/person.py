"""A person of the demo cohort, from the draw to their files."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from uadray.data.phantom.anatomy import Grid, draw_anatomy
from uadray.data.phantom.atlas import Atlas
from uadray.data.phantom.flair import scan
from uadray.data.phantom.lesions import draw_lesions, no_lesions
from uadray.data.subject import Group

NIFTI: Any = nib.Nifti1Image  # nibabel comes without types
MNI = 4  # NIfTI's code for coordinates in MNI 152 space


def write_person(root: Path, name: str, group: Group, atlas: Atlas, grid: Grid, generator: np.random.Generator) -> None:
    """Draw a person on the grid, and write their scan and masks into the BIDS folder `root`."""
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
