"""A workspace that is brought home from an object store, and held against what was written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from uadray.data.store import Store
from uadray.errors import ConfigError, DataError, Problem, StudyError
from uadray.files import sha256, write_text
from uadray.layout import CHECKPOINTS, FINDINGS, OPENINGS, PLAN, RECORD, STUDIES, TRIALS, study_id, study_id_at
from uadray.remote.lease import LEASE
from uadray.remote.mirror import There
from uadray.remote.objects import Objects, opened
from uadray.remote.session import SESSION
from uadray.study.ledger import Ledger

PASSING = (*FINDINGS, LEASE)  # what a study at a URL may come to have no more


def bring_home(url: str, out: Path, names: Sequence[str]) -> Iterator[str]:
    """Bring studies, all unless some are named, with their stores; a line for each.

    A second call goes on from what is there. Openings of the test split at home stay. Raises ConfigError: UAD-451 for
    a study that is not there, UAD-453 where another of its name is at home; StudyError (UAD-452) when a file is not the
    one that was written.
    """
    objects = opened(url)
    found = {name.split("/")[1] for name in objects.sizes(STUDIES) if name.endswith(f"/{PLAN}")}
    missing = sorted(set(names) - found) or ([] if found else ["none"])
    if missing:
        must, got = "a study must have begun there", ", ".join(sorted(found)) or "no study"
        do = "Name a study that is there, or the URL that the sweep had."
        raise ConfigError(Problem("UAD-451", f"{url} {name}", must, got, do) for name in missing)
    _require_same(objects, [out / STUDIES / name for name in sorted(names or found)])
    out.mkdir(parents=True, exist_ok=True)
    mirror = There(objects, str(out.resolve()))
    for name in sorted(names or found):
        folder = out.resolve() / STUDIES / name
        _bring(mirror, folder)
        store = Ledger(folder).store_path
        mirror.bring(store)
        wrong = [*_damaged_store(store), *_damaged_weights(folder)]
        if wrong:
            must, do = "must be as it was written", "The same command brings it anew; else the store has lost it."
            raise StudyError(Problem("UAD-452", str(path), must, got, do) for path, got in wrong)
        trials = len(list(folder.glob(f"{TRIALS}/*/{RECORD}")))
        yield f"{name}: {trials} trials, {folder}"


def _require_same(objects: Objects, folders: Sequence[Path]) -> None:
    """Raise ConfigError (UAD-453), a problem for each folder at home of another study than the one there."""
    others = [
        folder
        for folder in folders
        if (folder / PLAN).is_file()
        and study_id_at(folder / PLAN) != study_id(objects.read(f"{STUDIES}/{folder.name}/{PLAN}"))
    ]
    must, got = "the study at home must be the one at the URL", "another of its name"
    do = "Bring it to another folder, by -o, or move the one at home away."
    if others:
        raise ConfigError(Problem("UAD-453", str(folder), must, got, do) for folder in others)


def _bring(mirror: There, folder: Path) -> None:
    """Have a study as it is there, but for openings of the test split at home, which are nowhere else."""
    there = {path.rpartition("/")[2] for path in mirror.objects.children(f"{STUDIES}/{folder.name}")}
    for path in folder.glob("*.db*"):
        path.unlink()
    for name in PASSING:
        if name not in there:
            (folder / name).unlink(missing_ok=True)
    openings, aside = folder / OPENINGS, folder / f".{OPENINGS}"  # aside until all is brought, also after a kill
    _merge(openings, aside)
    mirror.bring(folder)
    _merge(aside, openings)
    aside.unlink(missing_ok=True)
    (folder / SESSION).unlink(missing_ok=True)


def _merge(source: Path, target: Path) -> None:
    """Have in a file of openings those of another, too, by their time."""
    if source.is_file():
        found = [Counter(path.read_text(encoding="utf-8").splitlines()) for path in (target, source) if path.is_file()]
        lines = sorted((found[0] | found[-1]).elements(), key=lambda line: str(json.loads(line)["at"]))
        write_text(target, "".join(f"{line}\n" for line in lines))


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
    for header in sorted(study.glob(f"{TRIALS}/*/{CHECKPOINTS}/epoch-*/checkpoint.json")):
        for name, expected in json.loads(header.read_text())["sha256"].items():
            path = header.with_name(name)
            if not path.is_file():
                yield path, "none"
            elif sha256(path) != expected:
                path.unlink()
                yield path, "another SHA-256"
