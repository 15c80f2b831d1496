"""Which cache had a study last: it knows more of the study than the URL does, and every other one less.

Whoever begins to work on a study in an object store writes a new session at the URL and into the cache.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path

from uadray.files import write_bytes
from uadray.remote.objects import Objects

SESSION = "session.json"
OWN = f".{SESSION}"


def begin(objects: Objects, name: str, folder: Path) -> None:
    """Have `folder` as the cache that had the study at `name` last."""
    session = json.dumps({"session": uuid.uuid4().hex}).encode()
    objects.write(f"{name}/{SESSION}", session)
    write_bytes(folder / OWN, session)


def had_last(objects: Objects, name: str, folder: Path) -> bool:
    """Whether nobody has begun to work on the study at `name` since `folder` had it."""
    own = folder / OWN
    return own.is_file() and own.read_bytes() == objects.read(f"{name}/{SESSION}")


def superseded(objects: Objects, name: str, folder: Path) -> bool:
    """Whether `folder` had the study, and somebody else has begun since."""
    return (folder / OWN).is_file() and not had_last(objects, name, folder)
