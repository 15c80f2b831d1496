"""One trial, inside its own process: a module that is quick to import there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ray import tune

from uadray.study.ledger import Ledger
from uadray.training.resources import ResourcesConfig
from uadray.training.trainer import Datasets, fit
from uadray.training.worker import Task


def run_trial(
    config: Mapping[str, Any],
    store: str,
    size: int,
    folder: str,
    trainings: str,
    resources: ResourcesConfig,
    datasets: Datasets,
) -> None:
    """Train and score what the searcher suggested: `index`, `run` and `limits`."""
    task = Task(
        index=config["index"],
        run=config["run"],
        size=size,
        folder=str(Ledger(Path(folder)).trial(config["index"])),
        limits=dict(config["limits"]),
        trainings=trainings,
        store=store,
        threads=resources.cpus_per_worker,
    )
    fit(task, datasets, resources, tune.report)
