"""One driver at a time for a study in an object store, which knows no locks: a lease that its holder keeps fresh."""

from __future__ import annotations

import json
import os
import platform
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

from uadray.errors import ConfigError, Problem, UadError
from uadray.remote.objects import Objects

FRESH_S = 300.0  # what was not renewed for so long is nobody's
RENEWED_S = 30.0
SETTLED_S = 1.0  # two that take it at once both wrote by then, and the later one has it


@contextmanager
def leased(objects: Objects, name: str, meanwhile: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Inside, no other process has the lease, an object of this name; `meanwhile` is called at each renewal.

    Raises ConfigError (UAD-302), with who has it, where another process has. One of this machine that is dead has not.
    """
    owner = uuid.uuid4().hex
    own = {"owner": owner, "host": platform.node(), "pid": os.getpid(), "since": _now()}
    _refuse(objects, name)
    _renew(objects, name, own)
    time.sleep(SETTLED_S)
    _refuse(objects, name, owner)
    over = Event()
    beating = Thread(target=_beat, args=(objects, name, own, over, meanwhile), name="lease", daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()
        with suppress(UadError):  # it ends by itself
            objects.remove(name)


def holder(objects: Objects, name: str, now: Callable[[], float] = time.time) -> dict[str, Any] | None:
    """Who has the lease; None where nobody has."""
    content = objects.read(name)
    if content is None:
        return None
    found: dict[str, Any] = json.loads(content)
    return found if now() - found["renewed"] < FRESH_S and not _dead(found) else None


def _refuse(objects: Objects, name: str, own: str = "") -> None:
    found = holder(objects, name)
    if found is not None and found["owner"] != own:
        who = f"process {found['pid']} on {found['host']} since {found['since']}"
        do = f"Wait for it, or stop it; the same command goes on, {FRESH_S / 60:.0f} minutes after its last sign."
        raise ConfigError(Problem("UAD-302", f"{objects.url}/{name}", "one process at a time runs a study", who, do))


def _beat(objects: Objects, name: str, own: dict[str, Any], over: Event, meanwhile: Callable[[], None]) -> None:
    while not over.wait(RENEWED_S):
        with suppress(UadError):  # the study itself finds out that the store is away
            _renew(objects, name, own)
            meanwhile()


def _renew(objects: Objects, name: str, own: dict[str, Any]) -> None:
    objects.write(name, json.dumps({**own, "renewed": time.time()}).encode())


def _dead(found: dict[str, Any]) -> bool:
    if found["host"] != platform.node():
        return False
    try:
        os.kill(found["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
