"""Where a file's voxels lie, in its own order of axes, and the way to write others at the same places."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMS = {
    "qform_code": ("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"),
    "sform_code": ("srow_x", "srow_y", "srow_z"),
}
SPACE_UNITS = 7  # the bits of xyzt_units that are about mm


@dataclass(frozen=True, eq=False)
class Grid:
    """The grid of a NIfTI file: `shape` as in its header, (X, Y, Z) and ones; `affine` (4, 4), voxel indices to mm.

    Unlike a Volume's, the axes are the file's own, in whatever directions they run.
    """

    shape: tuple[int, ...]
    affine: NDArray[np.float64]
    header: Any
    """nibabel's, of NIfTI-1 or NIfTI-2."""

    @property
    def voxel_mm3(self) -> float:
        """The volume of a voxel."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    def file(self, array: NDArray[Any]) -> bytes:
        """A `.nii.gz` of an array (X, Y, Z), the same bytes every time; bool becomes uint8.

        Shape, the qform and the sform that are set, their codes, voxel sides and the unit of length are the grid's, bit
        for bit. All else in the header is new: a copied one would carry descriptions and extensions with names of
        patients along.
        """
        values = array.astype(np.uint8) if array.dtype == np.bool_ else array
        fresh = type(self.header)()
        fresh.set_data_dtype(values.dtype)
        fresh.set_data_shape(self.shape)
        fresh["pixdim"][:4] = self.header["pixdim"][:4]
        fresh["pixdim"][4:] = 1
        for code, numbers in FORMS.items():
            for field in (code, *numbers) if self.header[code] else ():
                fresh[field] = self.header[field]
        fresh["xyzt_units"] = int(self.header["xyzt_units"]) & SPACE_UNITS
        fresh["scl_slope"], fresh["scl_inter"] = 1, 0
        start = int(fresh.sizeof_hdr) + 4  # no extension
        fresh["vox_offset"], fresh["magic"] = start, fresh.single_magic
        voxels = values.reshape(self.shape).astype(fresh.get_data_dtype(), copy=False).tobytes(order="F")
        return gzip.compress(fresh.binaryblock.ljust(start, b"\0") + voxels, compresslevel=6, mtime=0)
