"""Files that a hospital's folder may hold and no model should see, each made from a good one, with the code it gets."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel import nifti1, nifti2

Make = Callable[[Path], Path]  # makes a file in a folder and says where
Bad = dict[str, tuple[str, Make]]  # what is wrong: the code that it gets, and how it is made

SHAPE = (40, 48, 6)
AFFINE = np.array([[-3, 0, 0, 60], [0, 3, 0, -70], [0, 0, 6, -10], [0, 0, 0, 1.0]])  # LAS, as most scanners write
_x, _y, _ = np.meshgrid(*(np.linspace(-1, 1, side) for side in SHAPE), indexing="ij")
BRAIN = (_x**2 + _y**2 < 0.8).astype(np.uint8)
VOXELS = (BRAIN * np.random.default_rng(0).integers(50, 150, SHAPE)).astype(np.int16)
LESION = np.zeros(SHAPE, np.uint8)
LESION[26:29, 30:34, 2:4] = 1
NAN, INF = np.nan, np.inf


def content(array: np.ndarray, affine: np.ndarray = AFFINE, format: Any = nib.Nifti1Image, **fields: Any) -> bytes:
    """A file, not compressed, with values of its header changed afterwards; {1: 0} changes one element of a field."""
    image = format(array, affine)
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    saved = image.to_bytes()
    dtype = nifti1.header_dtype if format is nib.Nifti1Image else nifti2.header_dtype
    header = np.frombuffer(saved[: dtype.itemsize], dtype).copy()
    for name, value in fields.items():
        for place, element in value.items() if isinstance(value, dict) else [(..., value)]:
            header[name][0, place] = element
    return header.tobytes() + saved[dtype.itemsize :]


def file(data: bytes, name: str = "bad.nii") -> Make:
    """A file with these bytes."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def made(action: Callable[[Path], object], name: str = "bad.nii") -> Make:
    """What an action makes of a path."""

    def make(folder: Path) -> Path:
        action(folder / name)
        return folder / name

    return make


def scan(array: np.ndarray = VOXELS, affine: np.ndarray = AFFINE, **fields: Any) -> Make:
    """A scan, not compressed."""
    return file(content(array, affine, **fields))


def packed(change: Callable[[bytearray], object]) -> Make:
    """A compressed scan whose bytes were changed."""
    data = bytearray(PACKED)
    change(data)
    return file(bytes(data), "bad.nii.gz")


def flipped(place: int, bit: int = 0) -> Make:
    """A compressed scan with a bit flipped."""
    return packed(lambda data: data.__setitem__(place, data[place] ^ 1 << bit))


def with_voxel(value: float, dtype: Any = np.float32) -> np.ndarray:
    """A scan with one bad voxel."""
    array = VOXELS.astype(dtype)
    array[20, 20, 3] = value
    return array


def moved(**cells: float) -> np.ndarray:
    """The affine with cells changed, `x0` the first of the first row."""
    affine = AFFINE.copy()
    for cell, value in cells.items():
        affine["xyz".index(cell[0]), int(cell[1])] = value
    return affine


def turned(degrees: float) -> np.ndarray:
    """The affine turned about the axis from the feet to the head."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) @ AFFINE


def swapped(data: bytes) -> bytes:
    """A file of int16 voxels as a machine with the other byte order writes it."""
    header = np.frombuffer(data[:348], nifti1.header_dtype).byteswap()
    return header.tobytes() + data[348:352] + np.frombuffer(data[352:], np.int16).byteswap().tobytes()


def zipped(data: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as open_archive:
        open_archive.writestr("scan.nii", data)
    return archive.getvalue()


def colours(letters: str) -> np.ndarray:
    return np.zeros(SHAPE, [(letter, "u1") for letter in letters])


SCAN = content(VOXELS)
PACKED = gzip.compress(SCAN, mtime=0)
TWO = nib.Nifti2Image
PAIR = nib.Nifti1Pair(VOXELS, AFFINE).header.binaryblock
ANALYZE = nib.AnalyzeImage(VOXELS, None).header.binaryblock
OTHER_CONTENT = {
    "empty": b"",
    "a text": b"sub-01 was moved to the archive\n",
    "a server's error page": b"<html><body>403 Forbidden</body></html>" * 20,
    "JSON": b'{"RepetitionTime": 9.0}',
    "a PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(400),
    "a JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(400),
    "a DICOM slice": bytes(128) + b"DICM\2\0\0\0UL\4\0" + bytes(600),
    "a zip archive": zipped(SCAN),
    "a pickle": pickle.dumps(VOXELS[:3]),
    "an NRRD": b"NRRD0004\ntype: short\ndimension: 3\n\n" + VOXELS.tobytes(),
    "zeros": bytes(1000),
    "ones": b"\xff" * 1000,
    "noise": np.random.default_rng(0).bytes(5000),
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
}

PLACES: Bad = {
    "a file that is not there": ("UAD-101", lambda folder: folder / "nothing.nii"),
    "a folder": ("UAD-101", made(Path.mkdir)),
    "a pipe": ("UAD-101", made(os.mkfifo)),
    "a link to nothing": ("UAD-101", made(lambda path: path.symlink_to("nothing.nii"))),
    "a link to itself": ("UAD-101", made(lambda path: path.symlink_to(path))),
    "a link to a folder": ("UAD-101", made(lambda path: path.symlink_to(path.parent))),
    "a link to a device": ("UAD-101", made(lambda path: path.symlink_to("/dev/zero"))),
    "a file in a file": ("UAD-101", lambda folder: file(SCAN)(folder) / "scan.nii"),
    "a name too long for the disk": ("UAD-101", lambda folder: folder / ("long" * 100 + ".nii")),
    "a name with a zero byte": ("UAD-101", lambda folder: folder / "a\0b.nii"),
    **{
        f"a good scan named {name}": ("UAD-101", file(SCAN, name))
        for name in ("scan.mha", "scan.nrrd", "scan.dcm", "scan.img", "scan.hdr", "scan", "scan.NII", "scan.nii.bz2")
    },
    "a scan that nobody may read": ("UAD-102", made(lambda path: (path.write_bytes(SCAN), path.chmod(0)))),
}

CONTENTS: Bad = {
    **{f"{what} named .nii": ("UAD-102", file(data)) for what, data in OTHER_CONTENT.items()},
    **{f"{what} named .nii.gz": ("UAD-102", file(data, "bad.nii.gz")) for what, data in OTHER_CONTENT.items()},
    "a compressed text": ("UAD-102", file(gzip.compress(b"not a scan"), "bad.nii.gz")),
    "compressed nothing": ("UAD-102", file(gzip.compress(b""), "bad.nii.gz")),
    "a scan compressed twice": ("UAD-102", file(gzip.compress(PACKED), "bad.nii.gz")),
    "a compressed scan named .nii": ("UAD-102", file(PACKED)),
    "a scan named .nii.gz that is not compressed": ("UAD-102", file(SCAN, "bad.nii.gz")),
    "the header of a pair": ("UAD-102", file(PAIR)),
    "the header of a pair before its voxels": ("UAD-102", file(PAIR + bytes(4) + VOXELS.tobytes("F"))),
    "an ANALYZE 7.5 header": ("UAD-102", file(ANALYZE)),
    "an ANALYZE 7.5 header before its voxels": ("UAD-102", file(ANALYZE + bytes(4) + VOXELS.tobytes("F"))),
    **{
        f"a scan cut off after {n} bytes": ("UAD-102", file(SCAN[:n]))
        for n in (1, 4, 40, 344, 347, 348, 351, 352, 353, 400, 5000, len(SCAN) // 2, len(SCAN) - 1)
    },
    **{
        f"a compressed scan cut off after {n} bytes": ("UAD-102", file(PACKED[:n], "bad.nii.gz"))
        for n in (1, 2, 9, 10, 18, 100, 300, *(len(PACKED) - n for n in (5000, 100, 9, 8, 5, 4, 1)))
    },
    "a NIfTI-2 scan cut off in its header": ("UAD-102", file(content(VOXELS, format=TWO)[:500])),
    "a NIfTI-2 scan cut off in its voxels": ("UAD-102", file(content(VOXELS, format=TWO)[:-1])),
    "a scan whose middle is lost": ("UAD-102", file(SCAN[:3000] + SCAN[4000:])),
    **{f"a flipped bit in byte {n} of gzip's CRC": ("UAD-102", flipped(n - 8, n)) for n in range(4)},
    **{f"a flipped bit in byte {n} of gzip's length": ("UAD-102", flipped(n - 4, n)) for n in range(4)},
    **{f"a flipped bit in byte {n} of gzip's header": ("UAD-102", flipped(n, 2)) for n in range(4)},
    **{f"a flipped bit {n} bytes into a compressed scan": ("UAD-102", flipped(n, 3)) for n in (50, 500, 3000, 5000)},
    "a compressed scan whose middle is lost": ("UAD-102", packed(lambda data: data.__delitem__(slice(3000, 4000)))),
    "a compressed scan with zeros in its middle": (
        "UAD-102", packed(lambda data: data.__setitem__(slice(3000, 3512), bytes(512))),
    ),
    "a compressed scan before other bytes": ("UAD-102", packed(lambda data: data.extend(b"and more"))),
    "a compressed scan before a damaged one": ("UAD-102", packed(lambda data: data.extend(PACKED[:-3]))),
    "a scan before 17 MiB of padding": ("UAD-102", file(gzip.compress(SCAN + bytes(17 << 20), 1), "bad.nii.gz")),
}  # fmt: skip
