"""One trial, inside its own process: a module that is quick to import there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ray import tune

from uadray.study.ledger import Ledger
from uadray.training.resources import ResourcesConfig
from uadray.training.task import Task
from uadray.training.trainer import Datasets, fit


def run_trial(config: Mapping[str, Any], task: Task, resources: ResourcesConfig, datasets: Datasets) -> None:
    """Train and score what the searcher suggested, `index`, `run` and `limits`, in the study's folder of `task`.

    Raises StudyHalted as `fit` does.
    """
    own = {name: config[name] for name in ("index", "run")}
    folder = str(Ledger(Path(task.folder)).trial(config["index"]))
    fit(replace(task, **own, folder=folder, limits=dict(config["limits"])), datasets, resources, tune.report)
