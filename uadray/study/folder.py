"""A study's folder: one process at a time, and always the same study."""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from uadray.errors import ConfigError, Problem
from uadray.files import write_json
from uadray.study.ledger import Ledger
from uadray.study.plan import StudyConfig

PLAN = "study.json"


@contextmanager
def held(folder: Path, plan: StudyConfig, store_key: str) -> Iterator[Ledger]:
    """The ledger of a study that no other process runs meanwhile.

    Raises ConfigError: UAD-301 when the folder holds a study of this name with other settings or slices, UAD-302 when
    another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            must, do = "one process at a time runs a study", "Wait for it, or stop it; the same command goes on."
            raise ConfigError(Problem("UAD-302", str(folder), must, lock.read().strip() or "another", do)) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
        lock.flush()
        _same_study(folder / PLAN, {**plan.plain(), "store": store_key})
        yield Ledger(folder.resolve())


def _same_study(path: Path, plain: dict[str, Any]) -> None:
    """Write down what the study is, under an id of its own; or hold it against what was written."""
    if not path.is_file():
        write_json(path, {"id": uuid.uuid4().hex, **plain})
        return
    written = {key: value for key, value in json.loads(path.read_text()).items() if key != "id"}
    if json.dumps(written) == json.dumps(plain):
        return
    former, now = _leaves(written, ""), _leaves(plain, "")
    changed = [key for key in sorted(former.keys() | now.keys()) if former.get(key) != now.get(key)]
    must, do = "a study must stay as it began", "Give the changed study another name, or remove its folder."
    raise ConfigError(
        Problem(
            "UAD-301",
            f"{path.parent.name} {key}",
            must,
            f"{now.get(key, 'another order')}, was {former.get(key, 'another order')}",
            do,
        )
        for key in changed or ["keys"]  # their order decides the winner and the draws
    )


def _leaves(tree: Any, name: str) -> dict[str, str]:
    """The tree's scalars by dotted name."""
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else None
    if children is None:
        return {name: json.dumps(tree)}
    leaves: dict[str, str] = {}
    for key, child in children:
        leaves |= _leaves(child, f"{name}.{key}" if name else str(key))
    return leaves
