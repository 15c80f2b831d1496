"""A study's YAML file, checked whole before anything is computed: every problem with its line, all of them at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from uadray.config import RunConfig
from uadray.errors import ConfigError, Problem
from uadray.models.zoo import ZOO
from uadray.study.design.plan import StudyConfig
from uadray.study.reading.explaining import explained, location, nearest, plain_path
from uadray.study.reading.overrides import Override, apply, read_overrides
from uadray.study.space.corners import Origin
from uadray.study.space.search_space import SearchSpace
from uadray.yaml_document import Document, Path_
from uadray.yaml_file import read

Found = tuple[Path_, Problem]  # where in the document, and what
STAND_INS = {"study": "unnamed", "cohort": {"kind": "phantom"}, "run": {}}  # of what is faulty, to check the rest


def load(path: Path, bids: Path | None = None, overrides: Sequence[str] = ()) -> StudyConfig:
    """The study in a file; raises ConfigError with every problem found, each with its line and column.

    With `bids`, on that cohort instead of the file's, under the file's name and the folder's; with `overrides`, such as
    budget.trials=20, with these values instead of the file's.
    """
    wanted, problems = read_overrides(overrides)
    try:
        document = read(path)
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from None
    document.problems += problems
    if bids is not None:
        wanted = [*_on_cohort(bids, document.tree.get("study", path.stem), wanted), *wanted]
    apply(document, wanted)
    return check(document)


def _on_cohort(bids: Path, study: Any, wanted: Sequence[Override]) -> Iterator[Override]:
    """A BIDS folder as the cohort, and the name of its study unless one is wanted."""
    yield Override(("cohort",), {"kind": "bids", "root": str(bids)}, "--bids")
    if not any(override.path == ("study",) for override in wanted):
        name = re.sub(r"[^a-z0-9._-]", "-", f"{study}-{bids.resolve().name}".lower())[:64]
        yield Override(("study",), name, "--bids")


def check(document: Document) -> StudyConfig:
    """The study that a document describes; raises ConfigError (UAD-202, UAD-210 and on) with all its problems."""
    study, faulty = None, set()
    found: list[Found] = []
    try:
        study = StudyConfig.parse(document.tree)
    except ValidationError as error:
        faulty = {detail["loc"][0] for detail in error.errors() if detail["loc"]}
        for detail in error.errors():
            around, rest = location(detail)
            path = (*plain_path(document.tree, around), *rest)
            if (problem := explained(detail, document.tree, document.where(path))) is not None:
                found.append((path, problem))
    if isinstance(document.tree.get("run"), dict):
        found += _of_run(document, _sound(document.tree, faulty), faulty)
    problems = document.problems + [problem for path, problem in found if not document.is_unread(path)]
    if problems:
        first: dict[tuple[str, str, str], Problem] = {}
        for problem in problems:  # corners share faults
            first.setdefault((problem.code, problem.where, problem.must), problem)
        raise ConfigError(first.values())
    assert study is not None
    return study


def _sound(tree: Mapping[str, Any], faulty: set[Any]) -> StudyConfig:
    """The study without its faulty keys; its run alone where the others do not fit each other without them."""
    sound = {key: value for key, value in tree.items() if key in StudyConfig.model_fields and key not in faulty}
    try:
        return StudyConfig.parse({**STAND_INS, **sound})
    except ValidationError:
        return StudyConfig.parse({**STAND_INS, "run": tree["run"]})


def _of_run(document: Document, study: StudyConfig, faulty: set[Any]) -> Iterator[Found]:
    """What is wrong with the run, and with what must fit it; `study` has stand-ins for its faulty keys."""
    space = study.space
    defects = space.defects()
    for defect in defects:
        path = ("run", *defect.steps)
        yield path, Problem("UAD-212", document.where(path), defect.must, defect.got, defect.do)
    broken = {("run", *defect.around) for defect in defects}
    if ("run",) in broken:
        return
    whole = SearchSpace(_without(space.tree, [defect.around for defect in defects]))
    of_corners = [found for corner in whole.corners() for found in _of_corner(document, corner, study, faulty)]
    places = {path for path, _ in of_corners}
    of_corners = [
        (path, problem)
        for path, problem in of_corners
        if not any(path[: len(each)] == each for each in broken)
        and not {(*path, 0), (*path, 1)} & places  # a bound's problem is that of what lies between, too
    ]
    yield from of_corners
    yield from _of_rows(document, study, faulty)
    yield from _of_resources(document, study, faulty)
    if not defects and not of_corners:
        yield from _of_grid(document, study, faulty)
        yield from _of_points(document, study)


def _without(tree: Any, places: Sequence[Path_]) -> Any:
    """The tree with nothing at some places."""
    if () in places:
        return None
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    kept = {key: _without(child, [place[1:] for place in places if place[:1] == (key,)]) for key, child in children}
    return kept if isinstance(tree, dict) else list(kept.values()) if isinstance(tree, list) else tree


def _of_corner(document: Document, corner: Origin, study: StudyConfig, faulty: set[Any]) -> Iterator[Found]:
    """What is wrong with one configuration."""
    tree = corner.plain()
    try:
        run = RunConfig.parse(tree)
    except ValidationError as error:
        for detail in error.errors():
            in_study = {**detail, "loc": ("run", *detail["loc"])}
            around, rest = location(in_study)
            path = ("run", *corner.steps_to(around[1:]), *rest)
            if (problem := explained(in_study, {"run": tree}, document.where(path))) is not None:
                yield path, problem
        return
    if "prepare" not in faulty:
        try:
            run.model.check(study.prepare.canvas.size)
        except ConfigError as error:
            path = ("run", *corner.steps_to(("model", "latent")))
            yield from ((path, Problem(p.code, document.where(path), p.must, p.got, p.do)) for p in error.problems)
    if "resources" not in faulty and run.train.batch_size % study.resources.workers:
        path = ("run", *corner.steps_to(("train", "batch_size")))
        must = f"must divide among resources.workers = {study.resources.workers}"
        got, do = str(run.train.batch_size), "Change one of the two."
        yield path, Problem("UAD-213", document.where(path), must, got, do)


def _of_resources(document: Document, study: StudyConfig, faulty: set[Any]) -> Iterator[Found]:
    """What no trial could have."""
    gpus = study.resources.gpus_per_worker
    if "resources" not in faulty and study.resources.workers > 1 and gpus % 1:
        path = ("resources", "gpus_per_worker")
        must, do = (
            "must be whole where resources.workers is more than 1",
            "Two workers cannot share a GPU: give each one.",
        )
        yield path, Problem("UAD-218", document.where(path), must, f"{gpus:g}", do)


def _of_grid(document: Document, study: StudyConfig, faulty: set[Any]) -> Iterator[Found]:
    """Of a sampler that knows its trials: the budget must not ask for more."""
    points = []
    try:
        points = study.sampler.enqueued(study.space)
    except ConfigError as error:
        where = document.where(("run",))
        yield from ((("run",), Problem(p.code, where, p.must, p.got, p.do)) for p in error.problems)
    if points and "budget" not in faulty and study.budget.trials > len(points):
        path, got = ("budget", "trials"), str(study.budget.trials)
        must, do = f"must be at most the {len(points)} points of the grid", f"Set it to {len(points)}."
        yield path, Problem("UAD-216", document.where(path), must, got, do)


def _of_rows(document: Document, study: StudyConfig, faulty: set[Any]) -> Iterator[Found]:
    """Of what is to be tried first: the budget must have room for all of it, and it must be in the zoo."""
    if "budget" not in faulty and len(study.enqueue) > study.budget.trials:
        must = f"must be no more rows than budget.trials = {study.budget.trials}"
        got, do = str(len(study.enqueue)), "Drop rows, or raise budget.trials."
        yield ("enqueue",), Problem("UAD-220", document.where(("enqueue",)), must, got, do)
    for number, name in enumerate(study.enqueue):
        if name not in ZOO:
            must, do = f"must be a row of the zoo: {', '.join(ZOO)}", nearest(name, ZOO) or "Take one of them."
            path: Path_ = ("enqueue", number)
            yield path, Problem("UAD-214", document.where(path), must, repr(name), do)


def _of_points(document: Document, study: StudyConfig) -> Iterator[Found]:
    """Of what is to be tried first: it must be in the space."""
    for number, name in enumerate(study.enqueue):
        if name in ZOO and not study.point(name):
            path: Path_ = ("enqueue", number)
            must, do = "must be a point of `run.model`", "Widen the space or drop the row."
            yield path, Problem("UAD-214", document.where(path), must, repr(name), do)
