"""A study's folder: one process at a time, and always the same study."""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from uadray.errors import ConfigError, Problem, StudyError
from uadray.files import LOCK, write_json
from uadray.layout import FINDINGS, PLAN
from uadray.remote.mirror import Here, Mirror
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Ledger

BUDGETS = {f"budget.{name}" for name in ("trials", "hours", "gpu_hours", "max_failed_trials", "plateau.trials")}
PLATEAU = "budget.plateau"
Tree = dict[str, Any]
Agree = Callable[[Path, Tree, Tree], None]  # (study.json, what it says, what is asked for) -> raises ConfigError


def as_it_began(path: Path, written: Tree, asked: Tree) -> None:
    """A study stays what it was."""
    _refuse(path, written, asked, _changed(written, asked))


def with_larger_budget(path: Path, written: Tree, asked: Tree) -> None:
    """A budget may grow, and what was selected and tested by the smaller one is set aside, with a number.

    It is not forgotten: that the test split was opened before stays in openings.jsonl.
    """
    changed = _changed(written, asked)
    _refuse(path, written, asked, [key for key in changed if not _grows(key, written, asked)])
    if not changed:
        return
    former = len(list(path.parent.glob("selection-*.json"))) + 1
    for name in FINDINGS:
        if (path.parent / name).is_file():
            (path.parent / name).replace(path.parent / name.replace(".", f"-{former}."))
    write_json(path, {"id": json.loads(path.read_text())["id"], **asked})


@contextmanager
def held(
    folder: Path, plan: StudyConfig, store_key: str, agree: Agree = as_it_began, mirror: Mirror = Here()
) -> Iterator[Ledger]:
    """The ledger of a study that no other process runs meanwhile; `mirror` says where else the folder is.

    Raises ConfigError: UAD-301 when the folder holds a study of this name with other settings or slices, UAD-302 when
    another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            must, do = "one process at a time runs a study", "Wait for it, or stop it; the same command goes on."
            raise ConfigError(Problem("UAD-302", str(folder), must, lock.read().strip() or "another", do)) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
        lock.flush()
        _agreed(folder / PLAN, {**plan.plain(), "store": store_key}, agree)
        yield Ledger(folder.resolve(), mirror)


def read_plan(folder: Path) -> tuple[StudyConfig, str]:
    """What a study was asked, and the key of its store; raises StudyError (UAD-333) for one of another version."""
    path = folder / PLAN
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        store_key = str(tree.pop("store"))
        return StudyConfig.parse({name: value for name, value in tree.items() if name != "id"}), store_key
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # a ValidationError is a ValueError
        must, do = "a study must be one that this version writes", "Use the version that made it, or run it anew."
        got = f"{error.error_count()} errors" if isinstance(error, ValidationError) else f"{type(error).__name__}"
        raise StudyError(Problem("UAD-333", str(path), must, got, do)) from error


def holder(folder: Path) -> str | None:
    """Which process has the study; None where none has."""
    try:
        with (folder / LOCK).open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return lock.read().strip() or "another process"
    except FileNotFoundError:
        pass
    return None


def _agreed(path: Path, plain: Tree, agree: Agree) -> None:
    """Write down what the study is, under an id of its own; or hold it against what was written."""
    if not path.is_file():
        write_json(path, {"id": uuid.uuid4().hex, **plain})
        return
    written = _as_now(json.loads(path.read_text()))
    agree(path, written, json.loads(json.dumps(plain)))


def _as_now(content: Tree) -> Tree:
    """What the file says, keys that it does not know yet with their defaults; as it is where it cannot be read so."""
    tree = {key: value for key, value in content.items() if key != "id"}
    try:
        return {**StudyConfig.parse({k: v for k, v in tree.items() if k != "store"}).plain(), "store": tree["store"]}
    except (ValidationError, KeyError):
        return tree


def _changed(written: Tree, asked: Tree) -> list[str]:
    """The dotted keys that differ; `keys` where only their order does, which decides the winner and the draws."""
    if json.dumps(written) == json.dumps(asked):
        return []
    former, now = _leaves(written, ""), _leaves(asked, "")
    return [key for key in sorted(former.keys() | now.keys()) if former.get(key) != now.get(key)] or ["keys"]


def _grows(key: str, written: Tree, asked: Tree) -> bool:
    former, now = (json.loads(_leaves(tree, "").get(key, "null")) for tree in (written, asked))
    if key.startswith(PLATEAU) and asked["budget"]["plateau"] is None:
        return True
    return key in BUDGETS and (now is None or (former is not None and now >= former))


def _refuse(path: Path, written: Tree, asked: Tree, keys: list[str]) -> None:
    """Raise ConfigError (UAD-301) that lists keys with what they are and were, `nothing` where they are not."""
    if not keys:
        return
    former, now = _leaves(written, ""), _leaves(asked, "")
    must = "a study must stay as it began"
    do = "Give the changed study another name, or remove its folder; --extend lets a budget grow."
    raise ConfigError(
        Problem(
            "UAD-301",
            f"{path.parent.name} {key}",
            must,
            "another order" if key == "keys" else f"{now.get(key, 'nothing')}, was {former.get(key, 'nothing')}",
            do,
        )
        for key in keys
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
