"""The same prepared pixels, to the last bit, however the scanner and its user laid out a scan and its masks."""

import hashlib
import itertools

import nibabel as nib
import numpy as np
import pytest

from uadray.data.pipeline import Pipeline, PipelineConfig
from uadray.data.subject import Subject

SHAPE, SIDES = (44, 50, 9), (3.0, 2.5, 7.0)  # no two alike, so that exchanged axes show
ORIENTATIONS = [
    np.array(list(zip(order, signs, strict=True)))
    for order, signs in itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3))
]
CANVASES = [{"kind": "pad", "size": 64}, {"kind": "resample", "size": 32}]


def affine(turned=(0.0, 0.0)):
    """Voxels of SIDES, turned about the first and the last axis by so many radians; the origin is inside the head."""
    (c, s), (d, t) = ((np.cos(angle), np.sin(angle)) for angle in turned)
    rotation = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ np.array([[d, -t, 0], [t, d, 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * SIDES
    matrix[:3, 3] = (-61.3, -70.9, -20.7)
    return matrix


def arrays():
    """A scan, its brain and its lesion, without symmetry in any direction."""
    x, y, z = np.meshgrid(*(np.arange(side) for side in SHAPE), indexing="ij")
    brain = ((x - 20) / 17) ** 2 + ((y - 27) / 20) ** 2 + ((z - 3.6) / 5) ** 2 < 1
    lesion = brain & (x > 24) & (x < 31) & (y > 30) & (y < 35) & (z > 3) & (z < 6)
    scan = (200 + 3 * x + 2 * y + 5 * z + np.random.default_rng(0).integers(0, 60, SHAPE) + 300 * lesion) * brain
    return scan.astype(np.int16), brain.astype(np.uint8), lesion.astype(np.uint8)


def saved(path, array, matrix, orientation, codes):
    """A file with its voxels in another order; codes are those of sform and qform."""
    image = nib.Nifti1Image(array, matrix).as_reoriented(orientation)
    turned = image.affine.copy()  # setting a form changes the image's
    image.set_sform(turned, code=codes[0])
    image.set_qform(turned, code=codes[1])
    path.write_bytes(image.to_bytes())
    return path


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
