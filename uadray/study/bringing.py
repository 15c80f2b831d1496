"""A workspace that is brought home from an object store, and held against what was written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from uadray.data.store import Store
from uadray.errors import ConfigError, DataError, Problem, StudyError
from uadray.files import sha256
from uadray.remote.mirror import There
from uadray.remote.objects import opened
from uadray.study.folder import PLAN


def bring_home(url: str, out: Path, names: Sequence[str]) -> Iterator[str]:
    """Bring studies, all unless some are named, with their stores; a line for each.

    A second call goes on from what is there. Raises ConfigError (UAD-451) for a study that is not there, StudyError
    (UAD-452) when a file is not the one that was written.
    """
    objects = opened(url)
    found = {name.split("/")[1] for name in objects.sizes("studies") if name.endswith(f"/{PLAN}")}
    missing = sorted(set(names) - found) or ([] if found else ["none"])
    if missing:
        must, got = "a study must have begun there", ", ".join(sorted(found)) or "no study"
        do = "Name a study that is there, or the URL that the sweep had."
        raise ConfigError(Problem("UAD-451", f"{url} {name}", must, got, do) for name in missing)
    out.mkdir(parents=True, exist_ok=True)
    mirror = There(objects, str(out.resolve()))
    for name in sorted(names or found):
        folder = out.resolve() / "studies" / name
        mirror.bring(folder)
        (folder / "lease.json").unlink(missing_ok=True)
        store = out.resolve() / "stores" / json.loads((folder / PLAN).read_text())["store"]
        mirror.bring(store)
        wrong = [*_damaged_store(store), *_damaged_weights(folder)]
        if wrong:
            must, do = "must be as it was written", "The same command brings it anew; else the store has lost it."
            raise StudyError(Problem("UAD-452", str(path), must, got, do) for path, got in wrong)
        trials = len(list(folder.glob("trials/*/trial.json")))
        yield f"{name}: {trials} trials, {folder}"


def _damaged_store(path: Path) -> Iterator[tuple[Path, str]]:
    """The damaged files of a store; they are removed, so that they are brought again."""
    try:
        store = Store.open(path)
    except DataError as error:
        yield path, error.problems[0].got
        return
    for file in store.manifest.files:
        if sha256(path / file.path) != file.sha256:
            (path / file.path).unlink()
            yield path / file.path, "another SHA-256"


def _damaged_weights(study: Path) -> Iterator[tuple[Path, str]]:
    """The weights of trials that are not as written, likewise."""
    for header in sorted(study.glob("trials/*/checkpoints/epoch-*/checkpoint.json")):
        for name, expected in json.loads(header.read_text())["sha256"].items():
            path = header.with_name(name)
            if not path.is_file():
                yield path, "none"
            elif sha256(path) != expected:
                path.unlink()
                yield path, "another SHA-256"
