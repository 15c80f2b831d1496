"""A small BIDS folder that a test fills."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from breaking import CONFIG

from uadray.data.bids import BidsCohort
from uadray.data.preparation import prepare

SPACING = (3.0, 3.0, 6.0)


def save(path: Path, data: np.ndarray, affine: np.ndarray | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(data, np.diag([*SPACING, 1.0]) if affine is None else affine), path)
    return path


def head(seed: int = 0, shape: tuple[int, int, int] = (40, 48, 6)) -> np.ndarray:
    """A textured ellipse in every slice, float32, 0 around it."""
    random = np.random.default_rng(seed)
    x, y, _ = np.meshgrid(*(np.linspace(-1, 1, side) if side > 1 else np.zeros(1) for side in shape), indexing="ij")
    return np.where(x**2 + y**2 < 0.8, 100 + 10 * random.standard_normal(shape), 0).astype(np.float32)


def spot(shape: tuple[int, int, int] = (40, 48, 6)) -> np.ndarray:
    """A lesion of 3 x 4 x 2 voxels, on the patient's right and anterior of the middle."""
    mask = np.zeros(shape, np.uint8)
    mask[26:29, 30:34, 2:4] = 1
    return mask


class BidsFolder:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.lines = ["participant_id\tgroup\tsite"]

    def add(self, name: str, group: str, image: np.ndarray, lesion: np.ndarray | None = None) -> None:
        self.lines.append(f"{name}\t{group}\there")
        save(self.scan(name), image)
        if lesion is not None:
            save(self.lesion_mask(name), lesion)

    def scan(self, name: str) -> Path:
        return self.root / name / "anat" / f"{name}_FLAIR.nii.gz"

    def lesion_mask(self, name: str) -> Path:
        return self.root / "derivatives/masks" / name / "anat" / f"{name}_label-lesion_mask.nii.gz"

    def cohort(self) -> BidsCohort:
        self.root.mkdir(exist_ok=True)
        (self.root / "participants.tsv").write_text("\n".join(self.lines) + "\n")
        return BidsCohort(root=self.root)

    def subjects(self):
        return self.cohort().subjects(self.root)


@pytest.fixture
def folder(tmp_path):
    """An empty cohort."""
    return BidsFolder(tmp_path / "cohort")


@pytest.fixture
def small_cohort(folder):
    """Six healthy subjects and four patients, 6 slices each."""
    for number in range(6):
        folder.add(f"sub-h{number}", "healthy", head(number))
    for number in range(4):
        folder.add(f"sub-p{number}", "lesion", head(100 + number), spot())
    return folder


@pytest.fixture
def made(small_cohort, tmp_path):
    """Prepares the cohort as it is now."""
    return lambda config=CONFIG: prepare(small_cohort.subjects(), config, tmp_path / "stores", lambda *_: None)
