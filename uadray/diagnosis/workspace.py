"""The workspace: room, whether it can be written and locked, and whether its databases are whole."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from uadray.diagnosis.finding import Finding, ok, problem, warning, whatever_is_refused
from uadray.diagnosis.machine import GIB

SLIM_DISK = 10 * GIB  # a study of 100 trials at 256 x 256 writes about 5 GiB


def workspace(folder: Path) -> Iterator[Finding]:
    """Of a folder on this machine; one that is not there yet is judged by the folder it would lie in."""
    do = "Give a --workspace below folders that you may look into."
    return whatever_is_refused("workspace", _looked_at(folder), do)


def _looked_at(folder: Path) -> Iterator[Finding]:
    place = next(parent for parent in (folder, *folder.resolve().parents) if parent.exists())
    if not place.is_dir():
        do = "Give a folder: --workspace runs."
        yield problem("workspace", "a file", do)
        return
    yield room(shutil.disk_usage(place).free)
    yield writable(place, "" if place == folder else "not there yet; the folder above it ")
    yield from databases(folder)


def room(free: int) -> Finding:
    """Bytes that are free on the workspace's disk."""
    say = f"{free / GIB:.1f} GiB free"
    if free < GIB:
        return problem("disk", say, "Free some, or give another --workspace: trials would fail while they write.")
    if free < SLIM_DISK:
        return warning("disk", say, "Ask `python -m uadray.sweep SPACE --dry-run` what the study takes.")
    return ok("disk", say)


def writable(place: Path, note: str = "") -> Finding:
    """Whether a file can be written to the disk and locked, as a study's folder is; the file is removed again."""
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".uadray-doctor-") as file:
            file.write(b"written")
            file.flush()
            os.fsync(file.fileno())
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        do = "See that you may write there, and that the file system has locks (NFS 4 has)."
        return problem("workspace", f"{note}cannot be written: {error.strerror or error}", do)
    return ok("workspace", f"{note}can be written and locked")


def databases(folder: Path) -> Iterator[Finding]:
    """SQLite's own integrity check of MLflow's database and of each study's; nothing is made or changed."""
    found = [path for path in (folder / "mlflow.db", *sorted(folder.glob("studies/*/optuna.db"))) if path.is_file()]
    wrong = {path: fault for path in found if (fault := _fault(path))}
    for path, fault in wrong.items():
        yield problem("databases", f"{path.relative_to(folder)}: {fault}", _mended(path))
    if not wrong:
        yield ok("databases", f"{len(found)} of the workspace are whole" if found else "none in the workspace yet")


def _mended(path: Path) -> str:
    if path.name == "optuna.db":
        return "Move it away: the sweep's own command makes it anew from the trials' records."
    return "Move it away: `python -m uadray.mlflow_sync runs/studies/*` fills a new one from the studies' folders."


def _fault(path: Path) -> str:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, timeout=5)) as database:
            said = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        return str(error)
    return "" if said == "ok" else str(said).splitlines()[0]
