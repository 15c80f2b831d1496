"""The one reader of scans: a NIfTI file in, a checked volume in RAS+ out.

Why a reader of our own around nibabel: nibabel accepts a wrong gzip checksum, a sheared or singular affine, drops the
imaginary part of complex voxels, and repairs headers in silence: voxels 0 mm thick become 1 mm, a handedness that is
neither 1 nor -1 becomes 1. SimpleITK fills truncated files with zeros. Nothing else here opens a scan.
"""

from __future__ import annotations

import gzip
import io
import itertools
import os
import zlib
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.arrayproxy import ArrayProxy
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError, HeaderTypeError
from numpy.typing import NDArray

from uadray.data.grid import Grid
from uadray.data.volume import Volume
from uadray.errors import DataError, Problem

MAX_VOXELS = 512 * 1024**2  # 2 GiB as float32; a head at 0.5 mm has 0.1 of it
MAX_EXTRA_BYTES = 16 * 1024**2  # of header extensions, and again of padding after the voxels
GRID_TOLERANCE_MM = 1e-3  # of a mask's grid against its image's; float32 headers round by about 1e-5 mm
FORMS_TOLERANCE_MM = 0.5  # of qform against sform; float32 quaternions of oblique LAS scans are off by up to 0.48
SHEAR_TOLERANCE = 1e-3  # cosine of the angle between two axes
VOXEL_SIDE_MM = (0.01, 100.0)
FORM_CODES = range(6)  # of NIfTI; 0 is none
PIECE_BYTES = 16 * 1024**2  # read at a time, so that a header which promises gigabytes reserves none

FORMATS: tuple[Any, ...] = (nib.Nifti1Image, nib.Nifti2Image)
UNREADABLE = (
    ImageFileError, HeaderDataError, HeaderTypeError, OSError, EOFError, zlib.error,
    ArithmeticError, ValueError, TypeError, LookupError, MemoryError,
)  # fmt: skip


def read_scan(path: Path) -> Volume:
    """The scan of a `.nii` or `.nii.gz` file; raises DataError (UAD-101 to UAD-108) and nothing else for a bad file."""
    volume = _read(path)
    if volume.data.min() == volume.data.max():
        got = f"{volume.data.flat[0]:g} everywhere"
        raise _refusal("UAD-108", path, "a scan must show something", got, "Replace it.")
    return volume


def read_mask(path: Path, like: Volume, above: float | None = None) -> NDArray[np.bool_]:
    """The mask of a NIfTI file on the grid of `like`, bool (X, Y, Z); an empty mask is allowed.

    Voxels `above` a value are in the mask. Without one they are 0 or one positive value, whatever it is: scl_slope may
    turn 1 into 0.0039. Raises DataError (UAD-101 to UAD-107; UAD-109 for another grid; UAD-110 for other values).
    """
    mask = _read(path)
    must, do = "a mask must lie on its image's grid", "Resample it to the image, nearest neighbour."
    if mask.data.shape != like.data.shape:
        raise _refusal("UAD-109", path, must, f"shape {mask.data.shape} for {like.data.shape}", do)
    apart = _largest_displacement_mm(mask.affine, like.affine, like.data.shape)
    if apart > GRID_TOLERANCE_MM:
        raise _refusal("UAD-109", path, must, f"a corner {apart:.3g} mm apart", do)
    if above is not None:
        return np.asarray(mask.data > above)
    label = mask.data.max()
    if label < 0 or not np.isin(mask.data, (0, label)).all():
        values = np.unique(mask.data)
        got, do = f"{values.size} values from {values[0]:g} to {values[-1]:g}", "Save the one label it is about."
        raise _refusal("UAD-110", path, "a mask must hold 0 and one positive value", got, do)
    return np.asarray(mask.data > 0)


@np.errstate(over="ignore", invalid="ignore")
def read_grid(path: Path) -> Grid:
    """Where the voxels of a NIfTI file lie, as the file says it; raises DataError (UAD-101 to UAD-107)."""
    _require_file(path)
    try:
        with (gzip.open if path.name.endswith(".gz") else open)(path, "rb") as stream:
            header = _header(stream.read(540))
        _voxel_count(path, header)
        affine = _affine(path, header)
        return Grid(tuple(map(int, header.get_data_shape())), affine, header)
    except UNREADABLE as error:
        must, got = "a file must be a complete NIfTI image", f"{type(error).__name__}: {error}"
        raise _refusal("UAD-102", path, must, got, "Copy or convert it again.") from error


@np.errstate(over="ignore", invalid="ignore")  # what becomes infinite or NaN is refused in words
def _read(path: Path) -> Volume:
    _require_file(path)
    try:
        header, affine, content = _content(path)
        data = np.asarray(ArrayProxy(io.BytesIO(content), header, mmap=False), dtype=np.float32)
        if bad := data.size - np.count_nonzero(np.isfinite(data)):
            do = "Repair the scan; around the brain, put 0."
            raise _refusal("UAD-105", path, "voxels must be finite", f"{bad} that are not", do)
        image = nib.as_closest_canonical(FORMATS[0](data.reshape(data.shape[:3]), affine))
        data, affine = np.ascontiguousarray(image.dataobj, dtype=np.float32), np.asarray(image.affine)
        x, y, z = np.linalg.norm(affine[:3, :3], axis=0).tolist()
        return Volume(data, affine, (x, y, z))
    except UNREADABLE as error:
        must, got = "a file must be a complete NIfTI image", f"{type(error).__name__}: {error}"
        raise _refusal("UAD-102", path, must, got, "Copy or convert it again.") from error


def _require_file(path: Path) -> None:
    if not (path.name.endswith((".nii", ".nii.gz")) and os.path.isfile(path)):  # false also for what cannot be a path
        must = "a scan must be a regular file, .nii or .nii.gz"
        raise _refusal("UAD-101", path, must, "something else or nothing", "Correct the path or convert the file.")


def _content(path: Path) -> tuple[Any, NDArray[np.float64], bytes]:
    """Header, affine and bytes of a file that was read to its end, where gzip keeps its checksum (UAD-102 to UAD-107).

    Extensions of the header are not parsed: they may hold XML or DICOM, with errors of their own.
    """
    with (gzip.open if path.name.endswith(".gz") else open)(path, "rb") as stream:
        start = stream.read(540)
        header = _header(start)
        voxels, offset = _voxel_count(path, header), int(header["vox_offset"])
        if header["magic"].item() != header.single_magic or not header.sizeof_hdr < offset <= MAX_EXTRA_BYTES:
            raise ImageFileError(f"the voxels begin at byte {offset} or in another file")
        affine = _affine(path, header)
        header.check_fix()  # raises for what is left, such as a newline that a transfer changed
        end = offset + voxels * header.get_data_dtype().itemsize
        content = bytearray(start)
        while len(content) < end and (piece := stream.read(min(PIECE_BYTES, end - len(content)))):
            content += piece
        if len(content) < end:
            raise EOFError(f"{len(content)} of {end} bytes")
        if len(stream.read(MAX_EXTRA_BYTES + 1)) > MAX_EXTRA_BYTES:
            raise ImageFileError(f"more than {MAX_EXTRA_BYTES} bytes after the voxels")
    return header, affine, bytes(content)


def _header(start: bytes) -> Any:
    """The header as it stands, unless it contradicts itself; raises ImageFileError."""
    format = next((format for format in FORMATS if format.header_class.may_contain_header(start)), None)
    if format is None:
        raise ImageFileError(f"no NIfTI-1 or NIfTI-2 header in the first {len(start)} bytes")
    header = format.header_class(start[: format.header_class.sizeof_hdr], check=False)
    if (size := int(header["sizeof_hdr"])) != header.sizeof_hdr:
        raise ImageFileError(f"a header of {header.sizeof_hdr} bytes that says {size}")
    return header


def _voxel_count(path: Path, header: Any) -> int:
    """How many voxels the header promises, before any is read (UAD-103, UAD-104, UAD-107)."""
    shape = header.get_data_shape()
    if len(shape) < 3 or min(shape) < 1 or set(shape[3:]) - {1}:
        do = "Save one volume (X, Y, Z); a single slice is (X, Y, 1)."
        raise _refusal("UAD-103", path, "a scan must be 3-D", f"shape {shape}", do)
    dtype = header.get_data_dtype()
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        must = "voxels must be integers or real numbers of up to 64 bits"
        raise _refusal("UAD-104", path, must, header.get_value_label("datatype"), "Convert the scan.")
    if (bits := int(header["bitpix"])) != 8 * dtype.itemsize:
        raise ImageFileError(f"bitpix {bits} for voxels of {8 * dtype.itemsize} bits")
    voxels = int(np.prod(shape, dtype=object))
    if voxels > MAX_VOXELS:
        got = f"{voxels:.3g} in shape {shape}"
        raise _refusal("UAD-107", path, f"a scan must have at most {MAX_VOXELS} voxels", got, "Crop or resample it.")
    return voxels


def _affine(path: Path, header: Any) -> NDArray[np.float64]:
    """From voxel indices to mm; finite, without shear, the same from qform and sform where both are set (UAD-106)."""

    def refuse(must: str, got: str) -> DataError:
        return _refusal("UAD-106", path, must, got, "Correct the header, or convert from DICOM again.")

    codes = int(header["sform_code"]), int(header["qform_code"])
    if not set(codes) <= set(FORM_CODES):
        raise refuse(f"sform and qform codes must be 0 to {FORM_CODES[-1]}", f"{codes[0]} and {codes[1]}")
    if header["pixdim"][0] == 0:
        header["pixdim"][0] = 1  # so says the standard
    fields = ("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z")
    if codes[1] and not np.isfinite([*header["pixdim"][:4], *(header[field] for field in fields)]).all():
        raise refuse("the qform must be finite", "NaN or infinity")
    try:
        sform, qform = header.get_sform(coded=True)[0], header.get_qform(coded=True)[0]
    except (HeaderDataError, ArithmeticError, ValueError) as error:
        raise refuse("qform must be a rotation", str(error)) from error
    affine = sform if sform is not None else qform
    if affine is None:
        raise refuse("left and right must be known", "neither a qform nor an sform code above 0")
    if not np.isfinite(affine).all():
        raise refuse("the affine must be finite", "NaN or infinity")
    sides = np.linalg.norm(affine[:3, :3], axis=0)
    if not VOXEL_SIDE_MM[0] <= sides.min() <= sides.max() <= VOXEL_SIDE_MM[1]:
        must = f"voxel sides must be {VOXEL_SIDE_MM[0]:g} to {VOXEL_SIDE_MM[1]:g} mm"
        raise refuse(must, str(sides.round(4).tolist()))
    axes = affine[:3, :3] / sides
    shear = np.abs(axes.T @ axes - np.eye(3)).max()
    if shear > SHEAR_TOLERANCE:
        raise refuse("axes must be at right angles", f"a cosine of {shear:.3g} between two")
    if qform is not None and sform is not None:
        apart = _largest_displacement_mm(qform, sform, header.get_data_shape())
        if apart > FORMS_TOLERANCE_MM:
            raise refuse("qform and sform must agree", f"a corner {apart:.3g} mm apart")
    return np.asarray(affine, dtype=np.float64)


@np.errstate(over="ignore", invalid="ignore")  # of NIfTI-2, whose numbers go to 1e308
def _largest_displacement_mm(first: NDArray[Any], second: NDArray[Any], shape: tuple[int, ...]) -> float:
    """How far apart two affines put a voxel of the grid, at most: at a corner. Infinite where no float holds it."""
    corners = np.array([(*corner, 1) for corner in itertools.product(*((0, side - 1) for side in shape[:3]))])
    apart = float(np.linalg.norm((first - second)[:3] @ corners.T, axis=0).max())
    return apart if np.isfinite(apart) else np.inf


def _refusal(code: str, path: Path, must: str, got: str, do: str) -> DataError:
    return DataError(Problem(code, str(path), must, got, do))
