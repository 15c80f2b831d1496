"""A study's YAML file, checked whole before anything is computed: every problem with its line, all of them at once."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from uadray.config import RunConfig
from uadray.errors import ConfigError, Problem
from uadray.models.zoo import ZOO
from uadray.study.plan import StudyConfig
from uadray.study.search_space import Origin, SearchSpace
from uadray.yaml_file import Document, Path_, read


def load(path: Path, bids: Path | None = None) -> StudyConfig:
    """The study in a file; raises ConfigError with every problem found, each with its line and column.

    With `bids`, on that cohort instead of the file's, under the file's name and the folder's.
    """
    document = read(path)
    if bids is not None:
        document.tree["cohort"] = {"kind": "bids", "root": str(bids)}
        name = f"{document.tree.get('study', path.stem)}-{bids.resolve().name}".lower()
        document.tree["study"] = re.sub(r"[^a-z0-9._-]", "-", name)[:64]
    return check(document)


def check(document: Document) -> StudyConfig:
    """The study that a document describes; raises ConfigError (UAD-210 and on) with all its problems."""
    problems = []
    study = None
    try:
        study = StudyConfig.parse(document.tree)
    except ValidationError as error:
        problems += [
            _problem(document, _without_tags(document.tree, detail["loc"]), detail) for detail in error.errors()
        ]
    run = document.tree.get("run")
    if isinstance(run, dict):
        problems += _run_problems(document, SearchSpace(run), study)
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    assert study is not None
    return study


def _run_problems(document: Document, space: SearchSpace, study: StudyConfig | None) -> Iterator[Problem]:
    defects = space.defects()
    for steps, must, got in defects:
        yield Problem(
            "UAD-212", document.where(("run", *steps)), must, got, "Write choice, uniform, loguniform or integer."
        )
    if defects:
        return
    for corner in space.corners():
        try:
            run = RunConfig.parse(corner.plain())
        except ValidationError as error:
            yield from (_problem(document, _place(corner, detail), detail) for detail in error.errors())
            continue
        if study is None:
            continue
        try:
            run.model.check(study.prepare.canvas.size)
        except ConfigError as error:
            place = document.where(("run", *corner.steps_to(("model", "latent"))))
            yield from (Problem(p.code, place, p.must, p.got, p.do) for p in error.problems)
        if run.train.batch_size % study.resources.workers:
            place = document.where(("run", *corner.steps_to(("train", "batch_size"))))
            must = f"must divide among resources.workers = {study.resources.workers}"
            yield Problem("UAD-213", place, must, str(run.train.batch_size), "Change one of the two.")
    if study is not None:
        yield from _grid_problems(document, study)
        for number, name in enumerate(study.enqueue):
            where = document.where(("enqueue", number))
            if name not in ZOO:
                yield Problem(
                    "UAD-214", where, f"must be a row of the zoo: {', '.join(ZOO)}", repr(name), _nearest(name, ZOO)
                )
            elif not study.point(name):
                yield Problem(
                    "UAD-214", where, "must be a point of `run.model`", repr(name), "Widen the space or drop the row."
                )


def _grid_problems(document: Document, study: StudyConfig) -> Iterator[Problem]:
    """Of a sampler that knows its trials: the budget must not ask for more."""
    try:
        points = study.sampler.enqueued(study.space)
    except ConfigError as error:
        yield from (Problem(p.code, document.where(("run",)), p.must, p.got, p.do) for p in error.problems)
        return
    if points and study.budget.trials > len(points):
        must, got = f"must be at most the {len(points)} points of the grid", str(study.budget.trials)
        yield Problem("UAD-216", document.where(("budget", "trials")), must, got, f"Set it to {len(points)}.")


def _place(corner: Origin, detail: Any) -> Path_:
    """Where in the file a run's error stands: a key that is unknown or missing belongs to the mapping around it."""
    loc = detail["loc"]
    around = detail["type"] in ("extra_forbidden", "missing")
    return ("run", *(corner.steps_to(loc[:-1]) + loc[-1:] if around else corner.steps_to(loc)))


def _problem(document: Document, path: Path_, detail: Any) -> Problem:
    loc = detail["loc"]
    if detail["type"] == "extra_forbidden":
        return Problem(
            "UAD-210", document.where(path), "must be a known key", repr(str(loc[-1])), _nearest(str(loc[-1]), _keys())
        )
    if detail["type"] == "missing":
        return Problem("UAD-210", document.where(path), f"must have the key `{loc[-1]}`", "none", "Add it.")
    got = repr(detail["input"])
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return Problem(
        "UAD-210", document.where(path), message, got if len(got) < 80 else got[:77] + "...", "See the README."
    )


def _without_tags(tree: Any, loc: tuple[str | int, ...]) -> Path_:
    """Pydantic's location as a path of the tree: union tags are not keys."""
    path: Path_ = ()
    for step in loc:
        with contextlib.suppress(KeyError, IndexError, TypeError):
            tree = tree[step]
            path = (*path, step)
    return path


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean `{close[0]}`?" if close else "Remove it, or see the README for the keys."


def _keys() -> set[str]:
    """Every key that a study may have anywhere."""
    found: set[str] = set()
    pending: list[Any] = [StudyConfig, RunConfig]
    while pending:
        current = pending.pop()
        if isinstance(current, type) and issubclass(current, BaseModel):
            found |= set(current.model_fields)
            pending += [field.annotation for field in current.model_fields.values()]
        else:
            pending += get_args(current)
    return found
