"""One trial, inside its own process: a module that is quick to import there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ray import tune

from uadray.study.ledger import Ledger
from uadray.training.resources import ResourcesConfig
from uadray.training.task import Task
from uadray.training.trainer import Datasets, fit


def run_trial(
    config: Mapping[str, Any], study: Path, task: Callable[..., Task], resources: ResourcesConfig, datasets: Datasets
) -> None:
    """Train and score what the searcher suggested, `index`, `run` and `limits`, in its folder of the study's.

    `task` is given these and the folder, and knows the rest, in which trials are alike. Raises StudyHalted as `fit`
    does.
    """
    index, limits = config["index"], dict(config["limits"])
    own = task(index=index, run=config["run"], limits=limits, folder=str(Ledger(study).trial(index)))
    fit(own, datasets, resources, tune.report)
