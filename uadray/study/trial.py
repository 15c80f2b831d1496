"""One trial, inside its own process: a module that is quick to import there."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ray import tune

from uadray.cluster.versions import installed
from uadray.errors import Problem, StudyError
from uadray.study.ledger import Ledger
from uadray.training.resources import ResourcesConfig
from uadray.training.trainer import Datasets, fit
from uadray.training.worker import Task


class Astray(StudyError):
    """A trial came to a node that has not got the study."""


def run_trial(
    config: Mapping[str, Any], task: Task, resources: ResourcesConfig, libraries: str, datasets: Datasets
) -> None:
    """Train and score what the searcher suggested, `index`, `run` and `limits`, in the study's folder of `task`.

    Raises Astray on a node that joined the cluster since it was looked at, and has not got the folder (UAD-445) or
    has not got these `libraries`, as the driver has them (UAD-444).
    """
    if (own_libraries := installed("")) != libraries:
        must, do = f"a node must have the libraries of the driver ({libraries})", "Install the same, or use one image."
        raise Astray(Problem("UAD-444", f"node {platform.node()}", must, own_libraries, do))
    own = {name: config[name] for name in ("index", "run")}
    folder = Ledger(Path(task.folder)).trial(config["index"])
    task.mirror.bring(folder)
    if not task.mirror.has(folder / "trial.json"):  # of a study that had the name before, or never sent
        (folder / "trial.json").unlink(missing_ok=True)
    task.mirror.bring_file(Path(task.folder) / "study.json")
    _require_study(Path(task.folder))
    fit(replace(task, **own, folder=str(folder), limits=dict(config["limits"])), datasets, resources, tune.report)


def _require_study(folder: Path) -> None:
    if not (folder / "study.json").is_file():
        must, do = "every node of the cluster must have the study", "Give it the workspace; the same command goes on."
        raise Astray(Problem("UAD-445", f"node {platform.node()}", must, f"no {folder}", do))
