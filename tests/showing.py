"""A prediction made by hand: a bright box in a ball, of which some slices were assessed."""

import nibabel as nib
import numpy as np

from uadray.data.nifti import read_grid
from uadray.prediction.extent import Extent
from uadray.prediction.lesions import lesions
from uadray.prediction.predicting import Prediction

SIDES = (30, 36, 24)
FINDING = np.s_[18:22, 8:13, 10:13]  # in RAS+
ASSESSED = (8, 16)


def made_prediction(folder, axes="RAS", name="sub-01", found=True, warnings=(), tilt=0.0):
    """The same scan of 2 mm voxels in a file whose axes run in any directions, also tilted by radians around x."""
    affine = np.eye(4)
    affine[:3, :3] = 2 * nib.eulerangles.euler2mat(x=tilt)
    affine[:3, 3] = -30, -36, -20
    x, y, z = (2 * np.indices(SIDES)[axis] / SIDES[axis] - 1 for axis in range(3))
    scan = np.where(x**2 + y**2 + z**2 < 0.5, np.float32(100), np.float32(0))
    scan[FINDING] = 200
    assessed = scan > 0
    assessed[:, :, : ASSESSED[0]] = assessed[:, :, ASSESSED[1] :] = False
    anomaly = np.where(assessed, np.float32(0.1), np.float32(0))
    if found:
        anomaly[FINDING] = 0.8
        anomaly[20, 10, 11] = 0.9
    turn = nib.orientations.ornt_transform(
        nib.orientations.axcodes2ornt("RAS"), nib.orientations.axcodes2ornt(tuple(axes))
    )

    def turned(array):
        return np.ascontiguousarray(nib.orientations.apply_orientation(array, turn))

    path = folder / f"{name}_FLAIR.nii.gz"
    nib.save(nib.Nifti1Image(turned(scan), affine @ nib.orientations.inv_ornt_aff(turn, SIDES)), path)
    grid = read_grid(path)
    segmentation = turned(anomaly > 0.5)
    return Prediction(
        name=name,
        scan=path,
        grid=grid,
        reconstruction=turned(scan / 400),
        residual=turned(anomaly),
        anomaly=turned(anomaly),
        segmentation=segmentation,
        assessed=turned(assessed),
        threshold=0.5,
        lesions=lesions(segmentation, turned(anomaly), grid),
        extent=Extent(100.0, 40.0, 8, 22, -4.0, 10.0, False),
        measures={},
        warnings=warnings,
    )
