"""One driver at a time for a study in an object store, which knows no locks: a lease that its holder keeps fresh.

A holder that slept for longer than a lease lasts does not take it back: it hears that another has it, and ends.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Event, Thread
from typing import Any

from uadray.errors import ConfigError, Problem, UadError
from uadray.remote.objects import CutShort, Objects, StoreAway

LEASE = "lease.json"  # in a study's folder
FRESH_S = 300.0  # what was not renewed for so long is nobody's
RENEWED_S = 30.0
SETTLED_S = 1.0  # two that take it at once both wrote by then, and the later one has it
ONE, ENDED = "one process at a time runs a study", "another that has run it since"


class Lost(StoreAway):
    """Another process has run the study since this one did; what is there is no longer this one's to replace."""


@contextmanager
def leased(objects: Objects, name: str, meanwhile: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Inside, no other process has the lease, an object of this name; `meanwhile` is called at each renewal.

    Raises ConfigError (UAD-302), with who has it, where another process has. One of this machine that is dead has not.
    What runs inside is interrupted, and raises Lost (UAD-302), when another process has come to have it.
    """
    owner = uuid.uuid4().hex
    own = {"owner": owner, "machine": machine(), "host": platform.node(), "pid": os.getpid(), "since": _now()}
    _refuse(objects, name)
    _write(objects, name, own)
    time.sleep(SETTLED_S)
    _refuse(objects, name, owner)
    over, lost = Event(), Event()
    beating = Thread(target=_beat, args=(objects, name, own, over, lost, meanwhile), name="lease", daemon=True)
    beating.start()
    try:
        yield
    except KeyboardInterrupt:
        if lost.is_set():
            raise lost_to(objects, name) from None
        raise
    finally:
        over.set()
        beating.join()
        with suppress(UadError):  # it ends by itself
            if _is_of(objects, name, owner):
                objects.remove(name)


def holder(objects: Objects, name: str, now: Callable[[], float] = time.time) -> dict[str, Any] | None:
    """Who has the lease; None where nobody has, also where its last writer was killed in the midst of it."""
    try:
        content = objects.read(name)
    except CutShort:  # who lived would have renewed it meanwhile
        return None
    if content is None:
        return None
    found: dict[str, Any] = json.loads(content)
    return found if now() - found["renewed"] < FRESH_S and not _dead(found) else None


def last_heard(path: Path) -> str:
    """Who had a lease that was brought home, and when it was last renewed."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return f"{_who(found)}, last heard of {datetime.fromtimestamp(found['renewed'], UTC):%Y-%m-%d %H:%M} UTC"


def lost_to(objects: Objects, name: str) -> Lost:
    """What a process hears that had the lease, and has it no more."""
    found = holder(objects, name)
    do = "What it finished is kept; the same command goes on when no other process runs the study."
    return Lost(Problem("UAD-302", f"{objects.url}/{name}", ONE, _who(found) if found else ENDED, do))


@cache
def machine() -> str:
    """What gives each process a number of its own: of hosts that are named alike, and of containers, each another."""
    known = [platform.node()]
    with suppress(OSError):  # no Linux
        known += [Path("/proc/sys/kernel/random/boot_id").read_text().strip(), os.readlink("/proc/self/ns/pid")]
    return " ".join(known)


def _refuse(objects: Objects, name: str, own: str = "") -> None:
    found = holder(objects, name)
    if found is not None and found["owner"] != own:
        do = f"Wait for it, or stop it; the same command goes on, {FRESH_S / 60:.0f} minutes after its last sign."
        raise ConfigError(Problem("UAD-302", f"{objects.url}/{name}", ONE, _who(found), do))


def _who(found: dict[str, Any]) -> str:
    return f"process {found['pid']} on {found['host']} since {found['since']}"


def _beat(
    objects: Objects, name: str, own: dict[str, Any], over: Event, lost: Event, meanwhile: Callable[[], None]
) -> None:
    while not over.wait(RENEWED_S):
        with suppress(UadError, OSError):  # the study itself finds out that the store is away
            if not _is_of(objects, name, own["owner"]):
                lost.set()
                os.kill(os.getpid(), signal.SIGINT)  # the main thread gets it, whatever it waits for
                return
            _write(objects, name, own)
            meanwhile()


def _is_of(objects: Objects, name: str, owner: str) -> bool:
    return bool(json.loads(objects.read(name) or b"{}").get("owner") == owner)


def _write(objects: Objects, name: str, own: dict[str, Any]) -> None:
    objects.write(name, json.dumps({**own, "renewed": time.time()}).encode())


def _dead(found: dict[str, Any]) -> bool:
    if found.get("machine") != machine():
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
