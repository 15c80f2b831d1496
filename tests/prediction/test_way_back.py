"""A mask goes through the slices and back to its place, however the file is laid out."""

import nibabel as nib
import numpy as np
import pytest
from making import made_stack
from turning import ORIENTATIONS, affine, arrays, saved

from uadray.data.grid import Grid
from uadray.data.nifti import read_grid
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.pipeline import Pipeline, PipelineConfig
from uadray.data.subject import Subject
from uadray.prediction.way_back import WayBack

CANVASES = [{"kind": "pad", "size": 64}, {"kind": "pad", "size": 45}, {"kind": "resample", "size": 32}]


def through(folder, settings, matrix, orientation, codes=(1, 1)):
    """A scan's slices, the grid of its file, and the box in the file's order."""
    scan, brain, box = (
        saved(folder / f"{name}.nii", array, matrix, orientation, codes)
        for name, array in zip(("scan", "brain", "box"), arrays(), strict=True)
    )
    pipeline = Pipeline(PipelineConfig.parse(settings), folder / "steps")
    cut = pipeline(Subject("sub-1", "lesion", "here", scan, box, brain))
    assert cut.problems == ()
    return cut.stack, read_grid(scan), np.asarray(nib.load(box).dataobj) > 0


def bounds(mask):
    """First and last voxel of a mask along each axis."""
    return np.array([np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis})))[[0, -1]] for axis in range(3)])


@pytest.mark.parametrize("canvas", CANVASES, ids=lambda canvas: f"{canvas['kind']} {canvas['size']}")
@pytest.mark.parametrize("turned", [(0.0, 0.0), (0.3, -0.2), (-0.4, 0.5)], ids=["upright", "oblique", "more oblique"])
def test_a_box_comes_back_to_its_place_in_all_48_orientations(tmp_path, canvas, turned):
    settings = {"slices": {"kind": "middle", "count": 7}, "canvas": canvas}
    for orientation in ORIENTATIONS:
        stack, grid, box = through(tmp_path, settings, affine(turned), orientation)
        back = WayBack(stack, grid).nearest(stack.lesion)
        assert back.shape == box.shape
        if canvas["kind"] == "pad":
            assert (back == box).all()
            continue
        sides, pixel = np.linalg.norm(grid.affine[:3, :3], axis=0), max(stack.spacing_mm[:2])
        apart = np.argwhere(back).mean(axis=0) - np.argwhere(box).mean(axis=0)
        assert (np.abs(apart * sides) <= pixel / 2).all()
        moved = np.abs(bounds(back) - bounds(box)) * sides[:, None]  # a face lies between pixels, then between voxels
        assert (moved <= (pixel + sides[:, None]) / 2).all()


def test_intensities_come_back_to_the_voxels_they_were_read_from(tmp_path):
    settings = {"slices": {"kind": "middle", "count": 7}, "canvas": {"kind": "pad", "size": 64}}
    for orientation in ORIENTATIONS[::5]:
        stack, grid, _ = through(tmp_path, settings, affine((0.3, -0.2)), orientation)
        back = WayBack(stack, grid)
        covered = back.nearest(stack.brain)
        found = back.linear(stack.images, stack.brain)
        scan = np.asarray(nib.load(tmp_path / "scan.nii").dataobj, float)
        assert np.corrcoef(found[covered], np.minimum(scan, np.percentile(scan[scan > 0], 99.8))[covered])[0, 1] > 0.999
        assert not found[~covered].any()


def test_nothing_comes_back_where_a_slice_was_not_taken(tmp_path):
    settings = {"slices": {"kind": "middle", "count": 7}, "canvas": {"kind": "pad", "size": 64}}
    stack, grid, _ = through(tmp_path, settings, affine(), ORIENTATIONS[0])
    gap = stack.only(stack.indices != stack.indices[3])
    assert set(np.flatnonzero(WayBack(gap, grid).nearest(gap.brain).any(axis=(0, 1)))) == set(gap.indices.tolist())


def test_values_do_not_fade_at_the_rim_nor_at_the_last_slice():
    brain = np.zeros((3, 8, 8), bool)
    brain[:, 2:6, 2:6] = True
    stack = made_stack(np.where(brain, np.float32(1), np.float32(0)), brain, np.zeros_like(brain))
    fine = np.diag([0.25, 0.25, 0.25, 1.0])  # four voxels a pixel
    grid = Grid((32, 32, 16), fine, nib.Nifti1Header())
    back = WayBack(stack, grid)
    found = back.linear(stack.images, brain)
    assert back.nearest(brain).any()
    assert found[back.nearest(brain)] == pytest.approx(1)
    assert not found[~back.nearest(brain)].any()


@pytest.mark.slow
@pytest.mark.parametrize("orientation", [0, 17, 41])
def test_a_box_comes_back_through_a_registration_within_a_voxel(tmp_path, orientation):
    (person,) = PhantomCohort(healthy=1, lesion=0, spacing_mm=2).subjects(tmp_path)[:1]
    image = nib.load(person.image)
    data = np.asarray(image.dataobj)
    angle = 0.15
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0, 4], [np.sin(angle), np.cos(angle), 0, -7], [0, 0, 1, 5], [0, 0, 0, 1.0]]
    )
    box = np.zeros(data.shape, np.uint8)
    x, y, z = (int(side) // 2 for side in data.shape)
    box[x + 4 : x + 12, y - 6 : y + 4, z : z + 7] = 1
    scan, mask = (
        saved(tmp_path / f"{name}.nii", array, turn @ image.affine, ORIENTATIONS[orientation], (1, 1))
        for name, array in (("scan", data), ("box", box))
    )
    settings = {"register_to": {"kind": "mni152"}, "slices": {"kind": "range_mm", "lower": -20, "upper": 50}}
    cut = Pipeline(PipelineConfig.parse(settings), tmp_path / "steps")(
        Subject("sub-1", "lesion", "x", scan, mask, None)
    )
    assert cut.problems == ()
    grid, truth = read_grid(scan), np.asarray(nib.load(mask).dataobj) > 0
    back = WayBack(cut.stack, grid).nearest(cut.stack.lesion)
    assert (np.abs(bounds(back) - bounds(truth)) <= 1).all()
    assert (np.abs(np.argwhere(back).mean(axis=0) - np.argwhere(truth).mean(axis=0)) <= 0.5).all()
    assert 2 * (back & truth).sum() / (back.sum() + truth.sum()) > 0.9
