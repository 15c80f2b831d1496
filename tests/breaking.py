"""Preparing a small cohort, and breaking it."""

import nibabel as nib
import numpy as np
import pytest

from uadray.data.preparation import PrepareConfig
from uadray.errors import DataError

CONFIG = PrepareConfig.parse({"slices": {"kind": "middle", "count": 4}, "canvas": {"kind": "pad", "size": 64}})


def problems(action):
    with pytest.raises(DataError) as caught:
        action()
    return caught.value.problems


def overwrite(path, data, affine=None):
    nib.save(nib.Nifti1Image(data, nib.load(path).affine if affine is None else affine), path)


def voxels(path):
    return np.asarray(nib.load(path).dataobj)


def with_(**changes):
    return PrepareConfig.parse({**CONFIG.plain(), **changes})


def rot(path):
    path.write_bytes(path.read_bytes()[:-9])
