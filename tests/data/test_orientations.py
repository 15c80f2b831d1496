"""The same prepared pixels, to the last bit, however the scanner and its user laid out a scan and its masks."""

import hashlib

import nibabel as nib
import pytest
from turning import ORIENTATIONS, affine, arrays, saved

from uadray.data.pipeline import Pipeline, PipelineConfig
from uadray.data.subject import Subject

CANVASES = [{"kind": "pad", "size": 64}, {"kind": "resample", "size": 32}]


def prepared(folder, canvas, matrix, orientations, codes):
    """The slices of the scan, each of its files in an orientation of its own."""
    scan, brain, lesion = (
        saved(folder / f"{name}.nii", array, matrix, orientation, codes)
        for name, array, orientation in zip(("scan", "brain", "lesion"), arrays(), orientations, strict=True)
    )
    config = PipelineConfig.parse({"slices": {"kind": "middle", "count": 5}, "canvas": canvas})
    cut = Pipeline(config, folder / "steps")(Subject("sub-1", "lesion", "here", scan, lesion, brain))
    assert cut.problems == ()
    return cut.stack, cut.voxels


def bits(stack):
    """What tells two stacks apart to the last bit, but for the spacing."""
    parts = (stack.images, stack.brain, stack.lesion, stack.indices)
    return [(part.shape, part.dtype.str, hashlib.sha256(part.tobytes()).hexdigest()) for part in parts]


def test_the_scan_tells_every_orientation_from_every_other():
    scan, brain, lesion = arrays()
    for array in (scan, brain, lesion):
        turned = {nib.orientations.apply_orientation(array, o).tobytes() for o in ORIENTATIONS}
        assert len(turned) == 48


@pytest.mark.parametrize("canvas", CANVASES, ids=lambda canvas: canvas["kind"])
@pytest.mark.parametrize("turned", [(0.0, 0.0), (0.3, -0.2)], ids=["upright", "oblique"])
def test_all_48_orientations_give_the_same_slices_to_the_last_bit(tmp_path, canvas, turned):
    matrix = affine(turned)
    first, voxels = prepared(tmp_path, canvas, matrix, [ORIENTATIONS[0]] * 3, (1, 0))
    assert first.lesion.any()
    for number in range(48):  # the masks' files are in other orientations than the scan's
        orientations = [ORIENTATIONS[(number + 17 * file) % 48] for file in range(3)]
        stack, same_voxels = prepared(tmp_path, canvas, matrix, orientations, (1, 0))
        assert bits(stack) == bits(first)
        assert stack.spacing_mm == first.spacing_mm
        assert same_voxels == voxels  # so that a copy in another orientation is found to be one


@pytest.mark.parametrize("turned", [(0.0, 0.0), (0.3, -0.2)], ids=["upright", "oblique"])
@pytest.mark.parametrize("codes", [(0, 1), (2, 1)], ids=["qform only", "both"])
def test_orientations_that_a_quaternion_gives_are_the_same_too(tmp_path, turned, codes):
    """But for the last bits of the spacing: quaternions are float32."""
    matrix = affine(turned)
    first, _ = prepared(tmp_path, CANVASES[0], matrix, [ORIENTATIONS[0]] * 3, (1, 0))
    for orientation in ORIENTATIONS:
        stack, _ = prepared(tmp_path, CANVASES[0], matrix, [orientation] * 3, codes)
        assert bits(stack) == bits(first)
        assert stack.spacing_mm == pytest.approx(first.spacing_mm, rel=1e-6)
