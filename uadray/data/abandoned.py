"""Folders of writers: one for each, locked while it lives; those of killed ones are removed by the next."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from uadray.files import LOCK


@contextmanager
def unfinished_folder(folder: Path, key: str) -> Iterator[Path]:
    """A folder beside where the store will be, gone at the end with all that was not moved out of it."""
    beside = Path(tempfile.mkdtemp(prefix=f".{key}-", dir=folder))
    with (beside / f"{LOCK}ing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (beside / f"{LOCK}ing").rename(beside / LOCK)  # nobody sees it unlocked
        try:
            (beside / key).mkdir()
            yield beside / key
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def remove_abandoned(folder: Path) -> None:
    """Remove what killed writers left in the folder; whoever still writes holds a lock."""
    for lock in folder.glob(f".*-*/{LOCK}"):
        with suppress(OSError), lock.open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
