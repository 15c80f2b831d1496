"""A scan without symmetry, in every orientation that a file can have."""

import itertools

import nibabel as nib
import numpy as np

SHAPE, SIDES = (44, 50, 9), (3.0, 2.5, 7.0)  # no two alike, so that exchanged axes show
ORIENTATIONS = [
    np.array(list(zip(order, signs, strict=True)))
    for order, signs in itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3))
]


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
