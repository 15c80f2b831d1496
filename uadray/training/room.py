"""A disk that takes nothing more, which is no trial's fault."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from uadray.errors import Problem, StudyHalted

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class NoRoom(StudyHalted):
    """What a study finds cannot be written."""


@contextmanager
def room(folder: Path | str) -> Iterator[None]:
    """Raises NoRoom (UAD-313) where what is done inside, in `folder`, meets a disk that is full or read-only.

    >>> with room("runs"):
    ...     raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
    uadray.training.room.NoRoom: UAD-313 runs: the disk must take ...
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        number = _number(error)
        if number not in FULL:
            raise
        must, do = "the disk must take what a study finds", "Make room; the same command goes on from here."
        raise NoRoom(Problem("UAD-313", str(folder), must, os.strerror(number), do)) from error


def _number(error: OSError | SafetensorError) -> int:
    """The system's number of an error; safetensors has it in its text alone."""
    if isinstance(error, OSError):
        return error.errno or 0
    found = re.search(r"os error (\d+)", str(error))
    return int(found[1]) if found else 0
