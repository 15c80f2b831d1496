"""Prepared slices on disk: Parquet files, one row a slice, and a manifest that is written last.

    <key>/manifest.json
    <key>/split=train/cohort=healthy/part-00000.parquet

split and cohort (the group) are the folders' names, as Hive has it: Ray, DuckDB and pandas give them back as columns.
A row group is a subject, and every page has a checksum. Images are little-endian uint16, 65535 for 1.0; masks are
packed, 8 pixels a byte. Ray's tensor columns were not taken: only Ray reads them, and their metadata could once run
code (CVE-2026-41486).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import ValidationError

from uadray.data.manifest import MANIFEST, Manifest, Member
from uadray.data.subject import Group, Split
from uadray.errors import DataError, Problem
from uadray.files import sha256

PREPARE = "Delete the folder and prepare the cohort again."


@dataclass(frozen=True, eq=False)
class Slices:
    """Slices in memory, sorted by subject and slice index.

    `images` is float32 (N, 1, H, W) in [0, 1], `brain` and `lesion` are bool (N, 1, H, W), `subjects` (N,) are ids and
    `slice_indices` (N,) the z of the RAS+ volume.
    """

    images: NDArray[np.float32]
    brain: NDArray[np.bool_]
    lesion: NDArray[np.bool_]
    subjects: NDArray[np.str_]
    slice_indices: NDArray[np.int32]

    def only(self, rows: Sequence[int]) -> Slices:
        """These rows, in this order."""
        n = list(rows)
        return Slices(self.images[n], self.brain[n], self.lesion[n], self.subjects[n], self.slice_indices[n])


def decode(rows: pa.Table) -> Slices:
    """Rows of a store, one at least and in any order, as arrays; other columns than the store's are ignored."""
    subjects = np.array(rows["subject"].to_pylist(), dtype=np.str_)
    indices = rows["slice_index"].to_numpy().astype(np.int32)
    order = np.lexsort((indices, subjects))
    shape = (rows.num_rows, 1, rows["height"][0].as_py(), rows["width"][0].as_py())

    def values(column: str, dtype: str) -> NDArray[Any]:
        cells = rows[column]
        return np.stack([np.frombuffer(cells[row].as_buffer(), dtype) for row in order.tolist()])

    def mask(column: str) -> NDArray[np.bool_]:
        return np.unpackbits(values(column, "u1"), axis=1, count=shape[2] * shape[3]).view(np.bool_).reshape(shape)

    images = np.divide(values("image", "<u2"), 65535, dtype=np.float32).reshape(shape)
    return Slices(images, mask("brain_mask"), mask("lesion_mask"), subjects[order], indices[order])


@dataclass(frozen=True)
class Store:
    """Prepared slices on disk, found through the manifest and never by looking into folders."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: Path) -> Store:
        """The store in a folder; raises DataError (UAD-140 to UAD-143) for a manifest or a file that is not as written.

        Files are compared by size here, and by checksum when they are read.
        """
        try:
            manifest = Manifest.model_validate_json((path / MANIFEST).read_bytes())
        except OSError as error:
            must = f"a store must have a {MANIFEST}"
            raise DataError(
                Problem("UAD-140", str(path), must, error.strerror or "none", "Prepare the cohort.")
            ) from error
        except ValidationError as error:
            must, got = "the manifest must be one that this version writes", f"{error.error_count()} errors"
            raise DataError(Problem("UAD-141", str(path / MANIFEST), must, got, PREPARE)) from error
        if not manifest.intact:
            must, got = "the manifest must be as it was written", "another checksum"
            raise DataError(Problem("UAD-141", str(path / MANIFEST), must, got, PREPARE))
        problems = []
        for file in manifest.files:
            there, must = path / file.path, f"there must be a file of {file.bytes} bytes"
            if not there.is_file():
                problems.append(Problem("UAD-142", str(there), must, "none", PREPARE))
            elif there.stat().st_size != file.bytes:
                problems.append(Problem("UAD-143", str(there), must, f"{there.stat().st_size} bytes", PREPARE))
        if problems:
            raise DataError(problems)
        return cls(path, manifest)

    @property
    def key(self) -> str:
        """Names the content: equal keys, equal slices."""
        return self.manifest.key

    @property
    def size(self) -> int:
        """Rows and columns of a slice."""
        return self.manifest.size

    def describe(self) -> str:
        """Subjects and slices of every split, in a line."""
        parts = []
        for split in get_args(Split):
            members = self.subjects(split).values()
            counts = Counter(member.group for member in members)
            groups = " and ".join(f"{count} {group}" for group, count in sorted(counts.items())) or "nobody"
            parts.append(f"{split} {groups} ({sum(member.slices for member in members)} slices)")
        left_out = len({exclusion.subject for exclusion in self.manifest.exclusions})
        parts += [f"{left_out} left out"] if left_out else []
        return f"{', '.join(parts)}, {self.size} x {self.size} pixels"

    def files(self, split: Split, group: Group | None = None) -> list[str]:
        """The Parquet files of a split, of one group or of both."""
        return [str(self.path / f.path) for f in self.manifest.files if f.split == split and group in (None, f.group)]

    def intact_files(self, split: Split, group: Group | None = None) -> list[str]:
        """`files`, each compared with its SHA-256; raises DataError (UAD-144) if one is not as it was written."""
        written = {str(self.path / file.path): file.sha256 for file in self.manifest.files}
        files = self.files(split, group)
        damaged = [path for path in files if sha256(Path(path)) != written[path]]
        if damaged:
            must = "a file must be as it was written"
            raise DataError(Problem("UAD-144", path, must, "another SHA-256", PREPARE) for path in damaged)
        return files

    def subjects(self, split: Split, group: Group | None = None) -> dict[str, Member]:
        """The subjects of a split by id, of one group or of both."""
        members = sorted(self.manifest.subjects.items())
        return {name: m for name, m in members if m.split == split and group in (None, m.group)}

    def rows(self, split: Split, group: Group | None = None) -> pa.Table:
        """The rows of a split, page checksums verified; raises DataError (UAD-144) for none or for damaged ones."""
        must = f"the store must have intact {group or ''} slices for {split}"
        files = self.files(split, group)
        if not files:
            raise DataError(Problem("UAD-144", str(self.path), must, "none", "Ask for another split or group."))
        try:
            return pq.read_table(files, partitioning=None, pre_buffer=False, page_checksum_verification=True)
        except (OSError, pa.ArrowException) as error:
            raise DataError(Problem("UAD-144", str(self.path), must, str(error), PREPARE)) from error

    def read(self, split: Split, group: Group | None = None) -> Slices:
        """The slices of a split in memory; raises DataError as `rows`."""
        return decode(self.rows(split, group))
