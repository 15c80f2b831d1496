"""Headers, voxels and masks that no model should see; see bad_files."""

from __future__ import annotations

import gzip

import numpy as np
from data.bad_files import (
    BRAIN,
    INF,
    LESION,
    NAN,
    SCAN,
    SHAPE,
    TWO,
    VOXELS,
    Bad,
    colours,
    content,
    file,
    moved,
    scan,
    swapped,
    turned,
    with_voxel,
)
from nibabel import nifti1

QFORM = {"sform_code": 0}  # only the quaternion says where the voxels are
SFORM = {"qform_code": 0}  # only the matrix does

HEADERS: Bad = {
    **{f"sizeof_hdr {n}": ("UAD-102", scan(sizeof_hdr=n)) for n in (0, -1, 347, 540, 0x5C010000)},
    **{f"magic {m!r}": ("UAD-102", scan(magic=m)) for m in (b"", b"ni1", b"n+2", b"n+3", b"N+1", b"\xff+1")},
    **{f"datatype {n}": ("UAD-102", scan(datatype=n)) for n in (3, 9999, -4, 0x0400)},
    **{f"datatype {n}": ("UAD-104", scan(datatype=n)) for n in (0, 1, 255)},
    "datatype complex64": ("UAD-104", scan(VOXELS.astype(np.complex64))),
    "datatype complex128": ("UAD-104", scan(VOXELS.astype(np.complex128))),
    "datatype float128": ("UAD-104", scan(datatype=1536, bitpix=128)),
    "datatype complex256": ("UAD-104", scan(datatype=2048, bitpix=256)),
    "datatype RGB": ("UAD-104", scan(colours("RGB"))),
    "datatype RGBA": ("UAD-104", scan(colours("RGBA"))),
    "the datatype of larger voxels": ("UAD-102", scan(datatype=64, bitpix=64)),
    **{f"bitpix {n} for 16 bits": ("UAD-102", scan(bitpix=n)) for n in (-16, 8, 32)},
    "float32 voxels whose datatype became int16": ("UAD-102", scan(VOXELS.astype(np.float32), datatype=4)),
    **{f"dim[0] {n}": ("UAD-103", scan(dim={0: n})) for n in (0, 1, 2)},
    **{f"dim[0] {n}": ("UAD-102", scan(dim={0: n})) for n in (-1, 8, 100)},
    "two dimensions": ("UAD-103", scan(VOXELS[:, :, 3])),
    "one dimension": ("UAD-103", scan(VOXELS[:, 24, 3])),
    "two volumes": ("UAD-103", scan(np.stack([VOXELS, VOXELS], axis=-1))),
    "a field of vectors": ("UAD-103", scan(np.stack([VOXELS] * 3, axis=-1)[:, :, :, None])),
    "two volumes in the seventh dimension": ("UAD-103", scan(dim={0: 7, 7: 2})),
    **{f"dim[{axis}] 0": ("UAD-103", scan(dim={axis: 0})) for axis in (1, 2, 3)},
    **{f"dim[{axis}] negative": ("UAD-103", scan(dim={axis: -40})) for axis in (1, 2, 3)},
    "dim[4] 0 of four": ("UAD-103", scan(dim={0: 4, 4: 0})),
    "dim[1] one too large": ("UAD-102", scan(dim={1: SHAPE[0] + 1})),
    "dim[3] 32 767 for 6 slices": ("UAD-102", scan(dim={3: 32767})),
    "a FreeSurfer vector without its length": ("UAD-102", scan(dim={1: -1, 2: 1, 3: 1})),
    **{f"vox_offset {v:g}": ("UAD-102", scan(vox_offset=v)) for v in (0, 1, 100, 348, 351, -352, 1e5, 1e9, 3e38)},
    **{f"vox_offset {v:g}": ("UAD-102", scan(vox_offset=v)) for v in (NAN, INF, -INF)},
    **{f"scl_inter {v:g}": ("UAD-102", scan(scl_slope=1, scl_inter=v)) for v in (NAN, INF, -INF)},
    "scl_slope 3e38": ("UAD-105", scan(scl_slope=3e38)),
    "scl_slope too small for float32": ("UAD-108", scan(scl_slope=1e-45, scl_inter=1000)),
    "another byte order cut off": ("UAD-102", file(swapped(SCAN)[:-1])),
    "another byte order, not of sizeof_hdr": ("UAD-102", file(SCAN[:4] + swapped(SCAN)[4:])),
    "another byte order, not of dim": ("UAD-102", file(swapped(SCAN)[:40] + SCAN[40:56] + swapped(SCAN)[56:])),
    "another byte order, not of datatype": ("UAD-102", file(swapped(SCAN)[:70] + SCAN[70:72] + swapped(SCAN)[72:])),
    "another byte order, not of vox_offset": (
        "UAD-102",
        file(swapped(SCAN)[:108] + SCAN[108:112] + swapped(SCAN)[112:]),
    ),
    "another byte order of dim": ("UAD-102", file(SCAN[:40] + swapped(SCAN)[40:56] + SCAN[56:])),
    "another byte order of sform": ("UAD-106", file(SCAN[:280] + swapped(SCAN)[280:328] + SCAN[328:])),
    "another byte order of its codes": ("UAD-106", file(SCAN[:252] + swapped(SCAN)[252:256] + SCAN[256:])),
    "NIfTI-2 that says NIfTI-1": ("UAD-102", file(content(VOXELS, format=TWO, sizeof_hdr=348))),
    "NIfTI-2 of a pair": ("UAD-102", file(content(VOXELS, format=TWO, magic=b"ni2"))),
    "NIfTI-2 with negative vox_offset": ("UAD-102", file(content(VOXELS, format=TWO, vox_offset=-(2**60)))),
    "NIfTI-2 with a negative side": ("UAD-103", file(content(VOXELS, format=TWO, dim={2: -(2**62)}))),
    "NIfTI-2 of two volumes": ("UAD-103", file(content(np.stack([VOXELS] * 2, axis=-1), format=TWO))),
    "NIfTI-2 with forms further apart than a float holds": (
        "UAD-106",
        file(content(VOXELS, format=TWO, srow_x={3: 1.7e308}, qoffset_x=-1.7e308)),
    ),
    "NIfTI-2 with an infinite offset": ("UAD-106", file(content(VOXELS, format=TWO, srow_x={3: INF}))),
}

ABSURD: Bad = {  # sizes that must be refused before anything is made room for
    "30 000 voxels each way": ("UAD-107", scan(dim={1: 30000, 2: 30000, 3: 30000})),
    "30 000 voxels each way, compressed": (
        "UAD-107", file(gzip.compress(content(VOXELS, dim={1: 30000, 2: 30000, 3: 30000})), "bad.nii.gz"),
    ),
    "32 767 voxels one way": ("UAD-107", scan(dim={1: 32767, 2: 32767, 3: 1})),
    "NIfTI-2 with 2**62 voxels one way": ("UAD-107", file(content(VOXELS, format=TWO, dim={1: 2**62}))),
    "NIfTI-2 whose number of voxels overflows": (
        "UAD-107", file(content(VOXELS, format=TWO, dim={1: 2**32, 2: 2**32, 3: 1})),
    ),
    "800 voxels each way": ("UAD-102", scan(dim={1: 800, 2: 800, 3: 800})),
    "800 voxels each way, compressed": (
        "UAD-102", file(gzip.compress(content(VOXELS, dim={1: 800, 2: 800, 3: 800})), "bad.nii.gz"),
    ),
}  # fmt: skip

GRIDS: Bad = {
    "no code of an orientation": ("UAD-106", scan(qform_code=0, sform_code=0)),
    **{f"sform_code {n}": ("UAD-106", scan(sform_code=n)) for n in (-1, 6, 257)},
    **{f"qform_code {n}": ("UAD-106", scan(qform_code=n)) for n in (-1, 6, 257)},
    **{
        f"pixdim[{axis}] {value:g} with a qform only": ("UAD-106", scan(**QFORM, pixdim={axis: value}))
        for axis in (1, 2, 3)
        for value in (0, -3, NAN, INF, -INF, 1e-5, 1e5)
    },
    **{f"qfac {v:g} with a qform only": ("UAD-106", scan(**QFORM, pixdim={0: v})) for v in (0.5, -2, NAN, INF)},
    **{
        f"{name} {value:g} with a qform only": ("UAD-106", scan(**QFORM, **{name: value}))
        for name in ("quatern_b", "quatern_c", "quatern_d")
        for value in (NAN, INF, 1.5)
    },
    **{
        f"{name} {value:g} with a qform only": ("UAD-106", scan(**QFORM, **{name: value}))
        for name in ("qoffset_x", "qoffset_y", "qoffset_z")
        for value in (NAN, -INF)
    },
    **{
        f"{name}[{column}] {value:g} with an sform only": ("UAD-106", scan(**SFORM, **{name: {column: value}}))
        for name, column in (("srow_x", 0), ("srow_y", 3), ("srow_z", 1))
        for value in (NAN, INF)
    },
    "an sform of zeros": ("UAD-106", scan(**SFORM, srow_x=0, srow_y=0, srow_z=0)),
    "an sform without its third column": ("UAD-106", scan(**SFORM, srow_z={2: 0})),
    "an sform with two equal columns": ("UAD-106", scan(**SFORM, srow_x={1: -3}, srow_y={1: 0})),
    "an sform with a sheared axis": ("UAD-106", scan(**SFORM, srow_x={1: 0.2})),
    "an sform with slices that lean": ("UAD-106", scan(**SFORM, srow_y={2: 0.5})),
    "an sform with sides in metres": (
        "UAD-106",
        scan(**SFORM, srow_x={0: -0.003}, srow_y={1: 0.003}, srow_z={2: 0.006}),
    ),
    "an sform with sides in micrometres": (
        "UAD-106",
        scan(**SFORM, srow_x={0: -3e3}, srow_y={1: 3e3}, srow_z={2: 6e3}),
    ),
    "an sform with a huge side": ("UAD-106", scan(**SFORM, srow_z={2: 3e38})),
    "an sform 1 mm from the qform": ("UAD-106", scan(srow_x={3: 61})),
    "an sform that is the qform's mirror image": ("UAD-106", scan(srow_x={0: 3, 3: -57})),
    "an sform with other sides than the qform": ("UAD-106", scan(srow_z={2: 7})),
    "an sform with other axes than the qform": ("UAD-106", scan(srow_x={0: 0, 1: 3}, srow_y={0: 3, 1: 0})),
    "a qform turned by 5 degrees": ("UAD-106", scan(quatern_b=np.sin(np.radians(2.5)))),
    "a qform that is NaN beside a good sform": ("UAD-106", scan(quatern_b=NAN)),
    "a qform with infinite sides beside a good sform": ("UAD-106", scan(pixdim={2: INF})),
    "a qform with a signalling NaN": ("UAD-106", file(SCAN[:268] + b"\1\0\x80\x7f" + SCAN[272:])),
    "an sform with a signalling NaN": ("UAD-106", file(SCAN[:280] + b"\1\0\x80\x7f" + SCAN[284:])),
    "a qform infinitely far beside a good sform": ("UAD-106", scan(qoffset_x=INF)),
}

INTENSITIES: Bad = {
    **{f"a voxel that is {value:g}": ("UAD-105", scan(with_voxel(value))) for value in (NAN, INF, -INF)},
    "a voxel that float32 cannot hold": ("UAD-105", scan(with_voxel(1e300, np.float64))),
    "voxels that are all NaN": ("UAD-105", scan(np.full(SHAPE, NAN, np.float32))),
    "NaN around the brain": ("UAD-105", scan(np.where(BRAIN, VOXELS, NAN).astype(np.float32))),
    "zeros": ("UAD-108", scan(np.zeros_like(VOXELS))),
    "ones": ("UAD-108", scan(np.ones_like(VOXELS))),
    "a constant decimal": ("UAD-108", scan(np.full(SHAPE, -0.25, np.float32))),
    "voxels that differ less than float32 can tell": ("UAD-108", scan(1000 + 1e-9 * VOXELS.astype(np.float64))),
}

MASKS: Bad = {  # of the lesion or of the brain
    "a mask that is not there": ("UAD-101", lambda folder: folder / "nothing.nii"),
    "a mask that is a text": ("UAD-102", file(b"no lesions\n")),
    "a mask cut off": ("UAD-102", file(content(LESION)[:-1])),
    "a mask with colours": ("UAD-104", scan(colours("RGB"))),
    "a mask of two volumes": ("UAD-103", scan(np.stack([LESION, LESION], axis=-1))),
    "a mask of one slice": ("UAD-103", scan(LESION[:, :, 3])),
    "a mask with NaN": ("UAD-105", scan(np.where(LESION, NAN, 0).astype(np.float32))),
    "a mask without an orientation": ("UAD-106", scan(LESION, qform_code=0, sform_code=0)),
    "a mask of a cropped scan": ("UAD-109", scan(LESION[1:])),
    "a mask with one slice less": ("UAD-109", scan(LESION[:, :, :-1])),
    "a mask with its rows and columns exchanged": ("UAD-109", scan(LESION.transpose(1, 0, 2))),
    "a mask on a finer grid": ("UAD-109", scan(np.repeat(LESION, 2, axis=0), moved(x0=-1.5))),
    "a mask moved by 0.01 mm": ("UAD-109", scan(LESION, moved(x3=60.01))),
    "a mask moved by a voxel": ("UAD-109", scan(LESION, moved(x3=57))),
    "a mask further away than a float holds": (
        "UAD-109",
        file(content(LESION, format=TWO, qform_code=0, srow_x={3: 1.7e308}, srow_y={3: -1.7e308})),
    ),
    "a mask turned by 1 degree": ("UAD-109", scan(LESION, turned(1))),
    "a mask that is a mirror image": ("UAD-109", scan(LESION, moved(x0=3))),
    "a mask upside down": ("UAD-109", scan(LESION, moved(z2=-6))),
    "a mask whose header knows no origin": ("UAD-109", scan(LESION, np.diag([-3.0, 3, 6, 1]))),
    "a mask with other voxel sides": ("UAD-109", scan(LESION, moved(z2=6.1))),
    "a mask of three labels": ("UAD-110", scan(LESION + 2 * BRAIN)),
    "a mask of fractions": ("UAD-110", scan(np.linspace(0, 1, LESION.size, dtype=np.float32).reshape(SHAPE))),
    "a mask of 0 and -1": ("UAD-110", scan(-LESION.astype(np.int16))),
    "a mask of -1 and 1": ("UAD-110", scan(2 * LESION.astype(np.int16) - 1)),
    "a mask of -1": ("UAD-110", scan(np.full(SHAPE, -1, np.int16))),
    "a mask of 1 and 2": ("UAD-110", scan(LESION + np.uint8(1))),
    "a mask with an intercept": ("UAD-110", scan(LESION, scl_slope=1, scl_inter=0.5)),
    "a mask that is the scan": ("UAD-110", scan()),
}

HARMLESS = {  # what leaves voxels and grid as they were
    "no scaling": {"scl_slope": 0, "scl_inter": NAN},
    "a scaling of NaN": {"scl_slope": NAN, "scl_inter": NAN},
    "a scaling of infinity, which readers agree to leave out": {"scl_slope": INF},
    "a scaling of 1": {"scl_slope": 1, "scl_inter": 0},
    "unknown units": {"xyzt_units": 0},
    "wrong units": {"xyzt_units": 255},
    "a display window": {"cal_min": NAN, "cal_max": INF},
    "an intent": {"intent_code": -7, "intent_p1": NAN, "intent_name": b"\xff" * 16},
    "a description that is no text": {"descrip": b"\xff\xfe" * 40},
    "a slice order": {"slice_code": 200, "slice_start": -1, "slice_end": 30000, "slice_duration": NAN},
    "a time step": {"pixdim": {4: NAN}, "toffset": INF},
    "qfac 0, which means 1, beside an sform": {"pixdim": {0: 0}, "qform_code": 0},
    "pixdim that nothing asks for": {"pixdim": {1: 0, 2: -1, 3: NAN}, "qform_code": 0},
    "trailing dimensions of 1": {"dim": {0: 7}},
    "an unused dimension": {"dim": {5: -9}},
}


def with_extension(size: int, code: int, data: bytes, content: bytes = SCAN) -> bytes:
    """The scan with an extension of 32 bytes in its header, which says that it has `size`."""
    header = np.frombuffer(content[:348], nifti1.header_dtype).copy()
    header["vox_offset"] = 352 + 32
    extension = np.array([size, code], np.int32).tobytes() + data.ljust(24, b"\0")
    return header.tobytes() + b"\1\0\0\0" + extension + content[352:]
