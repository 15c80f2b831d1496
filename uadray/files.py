"""Files that are whole or not there, and their digests."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def draft_of(path: Path) -> Path:
    """Where this process writes what then takes the place of a file or folder: beside it, under a name of its own.

    Processes of two nodes may have the same number, those of containers mostly a small one.
    """
    return path.with_name(f".{path.name}-{platform.node()}-{os.getpid()}")


def write_text(path: Path, text: str) -> None:
    """Write text that is on disk, whole, when this returns; a former file is replaced at once or kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_of(path)
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file that is whole or not there; a former one is replaced at once or kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_of(path)
    draft.write_bytes(content)
    draft.replace(path)


def write_json(path: Path, content: Any) -> None:
    """`write_text` of plain values as JSON; NaN and infinity are refused (ValueError)."""
    write_text(path, json.dumps(content, indent=1, allow_nan=False))


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


LOCK = ".lock"
"""Of a folder that one process at a time works in."""


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """No other process that asks for the same file is here meanwhile; it waits."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
        yield


def linked(source: Path, target: Path) -> None:
    """Make `target` the file `source`, without a copy where the file system can; a former file is replaced."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
