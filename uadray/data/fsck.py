"""Is a store, to the last byte, what was written? Bytes first, then what the rows say.

A file whose bytes are not those written is not opened: everything in it is suspect, and so is reading it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from uadray.data.manifest import EXCLUSIONS, MANIFEST, File, Manifest, Member, exclusions_tsv
from uadray.data.row_groups import row_groups
from uadray.data.store import PREPARE, Slices, Store, decode
from uadray.errors import DataError, Problem
from uadray.files import sha256

FORMAT = {  # of the columns, but for the length of binary cells, which depends on the size of a slice
    "subject": pa.string(),
    "site": pa.string(),
    "slice_index": pa.int32(),
    "height": pa.int32(),
    "width": pa.int32(),
    "spacing_mm": pa.list_(pa.float32(), 3),
}


def check(path: Path) -> list[Problem]:
    """All that is wrong with a store (UAD-140 to UAD-149), nothing for an intact one; a subject in memory at a time."""
    try:
        Store.open(path)
        problems = []
    except DataError as error:
        problems = list(error.problems)
        if {problem.code for problem in problems} & {"UAD-140", "UAD-141"}:
            return problems
    manifest = Manifest.model_validate_json((path / MANIFEST).read_bytes())
    problems += [*_manifest(path, manifest), *_exclusions(path, manifest), *_strangers(path, manifest)]
    damaged = {problem.where for problem in problems}
    seen: Counter[str] = Counter()
    for file in manifest.files:
        if str(path / file.path) in damaged:
            seen.update(_expected(manifest, file).keys())  # told already; their rows are not missed twice
        elif (got := sha256(path / file.path)) != file.sha256:
            must = f"the file's SHA-256 must be {file.sha256[:12]}..."
            problems.append(Problem("UAD-146", str(path / file.path), must, f"{got[:12]}...", PREPARE))
            seen.update(_expected(manifest, file).keys())
        else:
            problems += _part(path, manifest, file, seen)
    problems += [
        _wrong(path / MANIFEST, f"{name} must have one row group in one file", str(seen[name]))
        for name in sorted(manifest.subjects)
        if seen[name] != 1
    ]
    return problems


def _manifest(path: Path, manifest: Manifest) -> Iterator[Problem]:
    """The manifest against its place and against itself."""
    if manifest.key != path.resolve().name:
        must, do = "the folder must have the name of the store's key", "Give it that name, or prepare the cohort again."
        yield Problem("UAD-145", str(path), must, f"a manifest of {manifest.key}", do)
    for name, count in Counter(file.path for file in manifest.files).items():
        if count > 1:
            yield _wrong(path / MANIFEST, f"{name} must be listed once", str(count))
    for file in manifest.files:
        if not file.path.startswith(f"split={file.split}/cohort={file.group}/"):
            yield _wrong(path / MANIFEST, f"{file.path} must be of its folder", f"{file.split}, {file.group}")
        if (rows := sum(member.slices for member in _expected(manifest, file).values())) != file.rows:
            yield _wrong(path / MANIFEST, f"{file.path} must have its subjects' {rows} rows", str(file.rows))
    without = sum(m.group == "lesion" and m.lesion_voxels == 0 for m in manifest.subjects.values())
    if without != manifest.patients_without_lesion:
        got = str(manifest.patients_without_lesion)
        yield _wrong(path / MANIFEST, f"patients_without_lesion must be {without}", got)


def _exclusions(path: Path, manifest: Manifest) -> Iterator[Problem]:
    """The table of those who were left out against the manifest."""
    table = path / EXCLUSIONS
    wanted = exclusions_tsv(manifest.exclusions)
    if not table.is_file() or table.read_text(encoding="utf-8", errors="replace") != wanted:
        yield _wrong(table, "the table must say what the manifest says", "something else or nothing")


def _strangers(path: Path, manifest: Manifest) -> Iterator[Problem]:
    """Files that other programs would read as part of the store."""
    known = {path / MANIFEST, path / EXCLUSIONS, *(path / file.path for file in manifest.files)}
    for found in sorted(path.rglob("*")):
        if found not in known and (found.is_symlink() or not found.is_dir()):
            yield Problem("UAD-147", str(found), "the manifest must name every file", "one it does not", "Delete it.")


def _part(path: Path, manifest: Manifest, file: File, seen: Counter[str]) -> list[Problem]:
    """The rows of a file whose bytes are as written; counts the subjects found in `seen`."""
    place, expected = path / file.path, _expected(manifest, file)
    problems: list[Problem] = []
    try:
        for rows in row_groups(place):
            if wrong := _wrong_columns(rows, manifest.size):
                return [_wrong(place, "columns must be those of a store", wrong)]
            names = rows["subject"].unique().to_pylist()
            seen.update(names)
            if len(names) != 1 or names[0] not in expected:
                must = f"a row group must be of one subject of {file.split}, {file.group}"
                problems.append(_wrong(place, must, ", ".join(map(str, names)) or "no row"))
            else:
                problems += _subject(place, rows, names[0], expected[names[0]], manifest.size)
    except DataError as error:
        seen.update(expected.keys() - seen.keys())  # as above
        problems += error.problems
    return problems


def _subject(place: Path, rows: pa.Table, name: str, member: Member, size: int) -> Iterator[Problem]:
    """The rows of one subject against the manifest."""
    sides = {side for column in ("height", "width") for side in rows[column].unique().to_pylist()}
    if sides != {size}:  # the cells could not be decoded
        yield _wrong(place, f"{name} must have slices of {size} x {size} pixels", f"sides of {sorted(sides)}")
        return
    slices = decode(rows)
    got = {
        "site": ", ".join(rows["site"].unique().to_pylist()),
        "slices": rows.num_rows,
        "lesion_voxels": int(np.count_nonzero(slices.lesion & slices.brain)),
    }
    for key, value in got.items():
        if value != (wanted := getattr(member, key)):
            yield _wrong(place, f"{name} must have {key} {wanted!r}", repr(value))
    if (np.diff(slices.slice_indices) < 1).any():
        yield _wrong(place, f"{name} must have each slice once", f"{slices.slice_indices.tolist()}")
    if missing := _nothing_to_see(slices):
        must = f"{name} must have a brain with intensities in it"
        yield Problem("UAD-149", str(place), must, missing, "Look at the scan and its brain mask; prepare again.")


def _nothing_to_see(slices: Slices) -> str:
    if not slices.brain.any():
        return "an empty brain mask"
    return "" if slices.images[slices.brain].any() else "0 everywhere"


def _wrong_columns(rows: pa.Table, size: int) -> str:
    packed = pa.binary((size * size + 7) // 8)
    columns = {**FORMAT, "image": pa.binary(2 * size * size), "brain_mask": packed, "lesion_mask": packed}
    found = {name: cells.type for name, cells in zip(rows.column_names, rows.columns, strict=True)}
    differ = [
        f"{name} {found.get(name, 'missing')}" for name in columns | found if columns.get(name) != found.get(name)
    ]
    empty = [f"{name} with empty cells" for name in found if rows[name].null_count]
    return ", ".join(differ + empty)


def _expected(manifest: Manifest, file: File) -> dict[str, Member]:
    part = (file.split, file.group)
    return {name: member for name, member in manifest.subjects.items() if (member.split, member.group) == part}


def _wrong(place: Path, must: str, got: str) -> Problem:
    """What the manifest and the rows say differs."""
    return Problem("UAD-148", str(place), must, got, PREPARE)
