from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from uadray.data.nifti import read_mask, read_scan
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.preprocess import register
from uadray.data.preprocess.register import Mni152, NoRegistration, Sri24
from uadray.data.scan import Scan
from uadray.data.volume import Volume
from uadray.errors import DataError

pytest.importorskip("SimpleITK")

VOXEL_MM = 4.0
BOX = (slice(28, 31), slice(30, 34), slice(22, 25))
MOVE = np.eye(4)  # a head tilted, turned and shifted in the scanner
MOVE[:3, :3] = Rotation.from_euler("xyz", [8, -5, 10], degrees=True).as_matrix()
MOVE[:3, 3] = (12, -20, 30)
BEFORE = np.eye(4)  # what an earlier step has done to a scan
BEFORE[:3, 3] = (5, 0, -7)


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    """A person of the phantom at 4 mm, with a box for a lesion."""
    cohort = PhantomCohort(healthy=1, lesion=0, spacing_mm=VOXEL_MM)
    subject = cohort.subjects(tmp_path_factory.mktemp("phantom"))[0]
    volume = read_scan(subject.image)
    brain = read_mask(subject.brain_mask, volume)
    lesion = np.zeros_like(brain)
    lesion[BOX] = True
    return Scan(volume, brain, lesion)


@pytest.fixture(scope="module")
def registered(scan):
    return Mni152().apply(scan)


@pytest.fixture(scope="module")
def registered_from_elsewhere(scan):
    volume = replace(scan.volume, affine=MOVE @ scan.volume.affine)
    return Mni152().apply(replace(scan, volume=volume, to_native=BEFORE))


def centre_mm(mask, affine):
    return affine @ [*np.argwhere(mask).mean(axis=0), 1]


def test_none_moves_nothing(scan):
    assert NoRegistration().apply(scan) is scan
    assert np.array_equal(scan.to_native, np.eye(4))


def test_everything_lies_on_the_template_s_grid(registered):
    shape = (197, 233, 189)
    assert registered.volume.spacing_mm == (1, 1, 1)
    assert registered.volume.data.shape == registered.brain.shape == registered.lesion.shape == shape
    assert (registered.volume.data.dtype, registered.brain.dtype) == (np.float32, np.bool_)
    assert registered.volume.affine[:3, 3].tolist() == [-98, -134, -72]


def test_it_repeats_to_the_bit(scan, registered):
    again = Mni152().apply(scan)
    assert np.array_equal(again.to_native, registered.to_native)
    assert np.array_equal(again.volume.data, registered.volume.data)


def test_a_known_movement_is_recovered_and_what_was_before_is_not_forgotten(registered, registered_from_elsewhere):
    corners = np.array([[x, y, z, 1] for x in (-60, 60) for y in (-90, 60) for z in (-40, 70)]).T
    expected, got = BEFORE @ MOVE @ registered.to_native @ corners, registered_from_elsewhere.to_native @ corners
    assert np.linalg.norm((expected - got)[:3], axis=0).max() < VOXEL_MM / 2


def test_a_lesion_returns_to_its_place(scan, registered_from_elsewhere):
    moved = registered_from_elsewhere
    assert moved.lesion.any()
    back = moved.to_native @ centre_mm(moved.lesion, moved.volume.affine)
    truth = centre_mm(scan.lesion, BEFORE @ MOVE @ scan.volume.affine)
    assert np.linalg.norm((back - truth)[:3]) < VOXEL_MM / 4
    volume_mm3 = np.count_nonzero(moved.lesion) * np.linalg.det(moved.to_native)
    assert volume_mm3 == pytest.approx(np.count_nonzero(scan.lesion) * VOXEL_MM**3, rel=0.05)


def test_a_template_of_one_s_own_is_a_target(scan, tmp_path: Path):
    path, affine = tmp_path / "template.nii.gz", MOVE @ scan.volume.affine
    nib.save(nib.Nifti1Image(scan.volume.data * scan.brain, affine), path)
    moved = Sri24(template=path).apply(scan)
    assert np.allclose(moved.volume.affine, affine, atol=1e-4)
    brain = np.argwhere(scan.brain)[::500]
    mm = np.c_[brain, np.ones(len(brain))].T
    away = moved.to_native @ moved.volume.affine @ mm - scan.volume.affine @ mm
    assert np.linalg.norm(away[:3], axis=0).max() < VOXEL_MM


def test_a_template_that_is_not_there_is_refused(scan, tmp_path):
    with pytest.raises(DataError, match="UAD-101"):
        Sri24(template=tmp_path / "sri24.nii.gz").apply(scan)


def test_a_brain_that_is_no_brain_is_refused(scan, monkeypatch):
    monkeypatch.setattr(register, "ITERATIONS", 2)
    stick = np.zeros_like(scan.brain)
    stick[20:24, 20:24, 5:40] = True
    with pytest.raises(DataError, match="UAD-160"):
        Mni152().apply(replace(scan, brain=stick))


def test_a_single_slice_and_an_unknown_brain_are_refused(scan):
    one = Volume(scan.volume.data[:, :, 20:21], scan.volume.affine, scan.volume.spacing_mm)
    with pytest.raises(DataError, match="UAD-161"):
        Mni152().apply(Scan(one, scan.brain[:, :, 20:21], scan.lesion[:, :, 20:21]))
    with pytest.raises(DataError, match="UAD-161"):
        Mni152().apply(replace(scan, brain=np.zeros_like(scan.brain)))


def test_a_brain_of_one_voxel_ends_the_search(scan):
    one = np.zeros_like(scan.brain)
    one[20, 20, 20] = True
    with pytest.raises(DataError, match="UAD-162"):
        Mni152().apply(replace(scan, brain=one))
