"""Writing a store: all of it at its place, or nothing."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from uadray.data.manifest import MANIFEST, File, Manifest, Member
from uadray.data.preprocess.slices import SliceStack
from uadray.data.splits import Split
from uadray.data.store import Store
from uadray.data.subject import Group, Subject
from uadray.errors import DataError

PARQUET = {
    "compression": "zstd",
    "use_dictionary": ["subject", "site"],
    "write_statistics": ["subject", "slice_index"],  # of pixels they would be larger than the pixels
    "write_page_checksum": True,
}


def encode(subject: Subject, stack: SliceStack) -> pa.Table:
    """The rows of one subject."""
    count, height, width = stack.images.shape
    packed = (height * width + 7) // 8
    images = np.rint(stack.images * 65535).astype("<u2")
    brain, lesion = (np.packbits(mask.reshape(count, -1), axis=1) for mask in (stack.brain, stack.lesion))
    columns: dict[str, tuple[pa.DataType, list[Any]]] = {
        "subject": (pa.string(), [subject.id] * count),
        "site": (pa.string(), [subject.site] * count),
        "slice_index": (pa.int32(), stack.indices.tolist()),
        "height": (pa.int32(), [height] * count),
        "width": (pa.int32(), [width] * count),
        "spacing_mm": (pa.list_(pa.float32(), 3), [stack.spacing_mm] * count),  # row, column, slice
        "image": (pa.binary(2 * height * width), [image.tobytes() for image in images]),
        "brain_mask": (pa.binary(packed), [mask.tobytes() for mask in brain]),
        "lesion_mask": (pa.binary(packed), [mask.tobytes() for mask in lesion]),
    }
    schema = pa.schema([pa.field(name, kind, nullable=False) for name, (kind, _) in columns.items()])
    return pa.table({name: values for name, (_, values) in columns.items()}, schema=schema)


def write(
    folder: Path, key: str, settings: dict[str, Any], size: int, subjects: Iterable[tuple[Subject, Split, SliceStack]]
) -> Store:
    """A store named by its key in the folder, written subject by subject; all of it or, after an error, nothing.

    It is written beside its place, synced, and renamed. If another process was first, its store is returned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{key}-", dir=folder) as beside:
        unfinished = Path(beside, key)
        members = _write_parts(unfinished, subjects)
        parts = sorted({(m.split, m.group) for m in members.values()})
        manifest = Manifest(
            key=key,
            settings=settings,
            size=size,
            files=tuple(_file(unfinished, *part, members) for part in parts),
            subjects=members,
            patients_without_lesion=sum(m.group == "lesion" and m.lesion_voxels == 0 for m in members.values()),
        )
        (unfinished / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        for path in (*unfinished.rglob("*"), unfinished):
            _sync(path)
        return _move(unfinished, folder / key)


def _write_parts(folder: Path, subjects: Iterable[tuple[Subject, Split, SliceStack]]) -> dict[str, Member]:
    """One Parquet file for each split and group, one row group for each subject."""
    members: dict[str, Member] = {}
    writers: dict[Path, pq.ParquetWriter] = {}
    with contextlib.ExitStack() as closing:
        for subject, split, stack in subjects:
            rows, path = encode(subject, stack), folder / _path(split, subject.group)
            if path not in writers:
                path.parent.mkdir(parents=True)
                writers[path] = closing.enter_context(pq.ParquetWriter(path, rows.schema, **PARQUET))
            writers[path].write_table(rows)
            voxels = int(np.count_nonzero(stack.lesion & stack.brain))
            members[subject.id] = Member(
                split=split, group=subject.group, site=subject.site, slices=rows.num_rows, lesion_voxels=voxels
            )
    return members


def _path(split: Split, group: Group) -> str:
    return f"split={split}/cohort={group}/part-00000.parquet"


def _file(folder: Path, split: Split, group: Group, members: dict[str, Member]) -> File:
    path = folder / _path(split, group)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    rows = sum(m.slices for m in members.values() if (m.split, m.group) == (split, group))
    size = path.stat().st_size
    return File(path=_path(split, group), split=split, group=group, rows=rows, bytes=size, sha256=sha256)


def _move(unfinished: Path, place: Path) -> Store:
    try:
        unfinished.rename(place)
    except OSError:  # the place is taken: by a store that is as good, or by a damaged one
        with contextlib.suppress(DataError):
            return Store.open(place)
        shutil.rmtree(place)
        unfinished.rename(place)
    _sync(place.parent)
    return Store.open(place)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
