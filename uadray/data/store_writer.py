"""Writing a store: all of it at its place, or nothing."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from uadray.data.abandoned import remove_abandoned, unfinished_folder
from uadray.data.manifest import EXCLUSIONS, MANIFEST, Exclusion, File, Manifest, Member, exclusions_tsv
from uadray.data.pipeline import PipelineConfig
from uadray.data.preprocess.intensity import Intensity
from uadray.data.preprocess.slices import SliceStack
from uadray.data.sifting import Prepared, Sifting
from uadray.data.store import Store
from uadray.data.subject import Part, Subject
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
    folder: Path,
    key: str,
    config: PipelineConfig,
    intensity: Intensity,
    prepared: Iterable[Prepared],
    sifting: Sifting,
) -> Store:
    """A store named by its key in the folder, written subject by subject; all of it or, after an error, nothing.

    It is written beside its place, synced, and renamed. If another process was first, its store is returned.
    `intensity` is the scale that was applied, and `sifting` knows who was left out when `prepared` is at its end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder)
    with unfinished_folder(folder, key) as unfinished:
        members = by_lesion_load(_write_parts(unfinished, prepared))
        parts = sorted({Part(m.split, m.group) for m in members.values()})
        exclusions = tuple(
            Exclusion(subject=subject, code=p.code, where=p.where, must=p.must, got=p.got, do=p.do)
            for found in (sifting.faults, sifting.unused)
            for subject, problems in found.items()
            for p in problems
        )
        manifest = Manifest(
            key=key,
            settings=config.plain(),
            intensity=intensity.plain(),
            size=config.canvas.size,
            files=tuple(_file(unfinished, part, members) for part in parts),
            subjects=members,
            exclusions=exclusions,
            patients_without_lesion=sum(m.group == "lesion" and m.lesion_voxels == 0 for m in members.values()),
        )
        (unfinished / EXCLUSIONS).write_text(exclusions_tsv(exclusions), encoding="utf-8")
        (unfinished / MANIFEST).write_text(manifest.sealed().model_dump_json(indent=1), encoding="utf-8")
        for path in (*unfinished.rglob("*"), unfinished):
            _sync(path)
        return _move(unfinished, folder / key)


def _write_parts(folder: Path, everyone: Iterable[Prepared]) -> dict[str, Member]:
    """One Parquet file for each split and group, one row group for each subject."""
    members: dict[str, Member] = {}
    writers: dict[Path, pq.ParquetWriter] = {}
    with contextlib.ExitStack() as closing:
        for prepared in everyone:
            rows, path = encode(prepared.subject, prepared.stack), folder / _path(prepared.part)
            if path not in writers:
                path.parent.mkdir(parents=True)
                writers[path] = closing.enter_context(pq.ParquetWriter(path, rows.schema, **PARQUET))
            writers[path].write_table(rows)
            members[prepared.subject.id] = _member(prepared)
    return members


def _member(prepared: Prepared) -> Member:
    subject, part, stack, brain_from = prepared
    voxels = int(np.count_nonzero(stack.lesion & stack.brain))
    return Member(
        split=part.split,
        group=part.group,
        site=subject.site,
        slices=len(stack.indices),
        lesion_voxels=voxels,
        lesion_ml=voxels * float(np.prod(stack.spacing_mm)) / 1000,
        lesion_load="none",
        person=subject.person,
        brain_from=brain_from,
        to_native=tuple((*row,) for row in stack.to_native[:3].tolist()),
    )


def _path(part: Part) -> str:
    return f"split={part.split}/cohort={part.group}/part-00000.parquet"


def _file(folder: Path, part: Part, members: dict[str, Member]) -> File:
    path = folder / _path(part)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    rows = sum(m.slices for m in members.values() if (m.split, m.group) == part)
    size = path.stat().st_size
    return File(path=_path(part), split=part.split, group=part.group, rows=rows, bytes=size, sha256=sha256)


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


def by_lesion_load(members: Mapping[str, Member]) -> dict[str, Member]:
    """The members with the third of the patients with lesions that they are in, by volume."""
    volumes = sorted(m.lesion_ml for m in members.values() if m.group == "lesion" and m.lesion_voxels)
    if not volumes:
        return dict(members)
    low, high = np.quantile(volumes, (1 / 3, 2 / 3))
    found = {}
    for name, member in members.items():
        if member.group == "lesion" and member.lesion_voxels:
            load = "low" if member.lesion_ml <= low else "middle" if member.lesion_ml <= high else "high"
            member = member.model_copy(update={"lesion_load": load})
        found[name] = member
    return found
