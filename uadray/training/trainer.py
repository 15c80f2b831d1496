"""Ray Train around the worker, in the two ways that were measured to work inside a Ray Tune trial.

One worker a trial: Ray Train's local mode, in the trial's own process; a trial starts in 0.02 s. Several workers a
trial: a worker group with DistributedDataParallel; 9-14 s to start on two cores, worth it only to spread one training
over devices. Either way the worker's code is `uadray.training.worker.work`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import ray.data
import ray.train
import ray.train.torch
from ray.exceptions import RayError
from ray.train import DataConfig, ScalingConfig, WorkerGroupError
from ray.train.torch import TorchConfig, TorchTrainer
from ray.tune.integration.ray_train import TuneReportCallback
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from uadray.data.batches import collect
from uadray.data.store import Slices
from uadray.errors import Problem, StudyHalted, in_a_line
from uadray.training.arrival import arrive
from uadray.training.loop import Rank
from uadray.training.resources import ResourcesConfig
from uadray.training.task import Place, SlicesLost, Task
from uadray.training.worker import work

PATIENCE_S = 7 * 24 * 3600  # of the other ranks, while the first waits for another trial of the same training
Datasets = Mapping[str, ray.data.Dataset]
Report = Callable[[dict[str, float]], None]


def fit(task: Task, datasets: Datasets, resources: ResourcesConfig, report: Report) -> None:
    """Run a task inside a Tune trial; `report` hands one epoch's metrics to Tune when the trial is one process.

    Raises StudyHalted for what keeps every trial from going on: a node without the study, a store that is away.
    """
    if resources.workers == 1:
        _fit_here(task, datasets, resources, report)
    else:
        _fit_in_group(task, datasets, resources)


def _fit_here(task: Task, datasets: Datasets, resources: ResourcesConfig, report: Report) -> None:
    names = frozenset(datasets)

    def loop(_: Mapping[str, Any]) -> None:
        arrive(task, Rank())
        work(task, Place(resources.device, Rank(), lambda module: module, partial(_shard, names), report))

    scaling = ScalingConfig(num_workers=0, use_gpu=resources.gpus_per_worker > 0)
    TorchTrainer(loop, train_loop_config={}, scaling_config=scaling, datasets=dict(datasets)).fit()


def _fit_in_group(task: Task, datasets: Datasets, resources: ResourcesConfig) -> None:
    gpu, names = resources.gpus_per_worker > 0, frozenset(datasets)

    def loop(_: Mapping[str, Any]) -> None:
        context = ray.train.get_context()
        device = ray.train.torch.get_device()
        rank = Rank(context.get_world_rank(), context.get_world_size())
        arrive(task, rank)

        def wrap(module: nn.Module) -> nn.Module:
            return DistributedDataParallel(module, device_ids=[device] if gpu else None)

        work(task, Place(device, rank, wrap, partial(_shard, names), ray.train.report))

    share: dict[str, float] = {"CPU": resources.cpus_per_worker}
    if gpu:
        share["GPU"] = resources.gpus_per_worker
    trainer = TorchTrainer(
        loop,
        train_loop_config={},
        torch_config=TorchConfig(backend="cpu:gloo,cuda:nccl" if gpu else "gloo", timeout_s=PATIENCE_S),
        scaling_config=ScalingConfig(num_workers=resources.workers, use_gpu=gpu, resources_per_worker=share),
        datasets=dict(datasets),
        dataset_config=DataConfig(
            datasets_to_split=[]
        ),  # every worker permutes alike and takes its share of each batch
        run_config=ray.train.RunConfig(
            name=".train", storage_path=task.folder, callbacks=[TuneReportCallback()]
        ),  # Ray's own notes, which nobody reads again
    )
    try:
        trainer.fit()
    except WorkerGroupError as error:  # which hides what a worker raised
        halted = next((each for each in error.worker_failures.values() if isinstance(each, StudyHalted)), None)
        raise halted or error from None


def _shard(names: frozenset[str], name: str) -> Slices:
    """A dataset's slices; none where a study has no such dataset. Raises SlicesLost where Ray has them no more."""
    try:
        if name in names:
            return collect(ray.train.get_dataset_shard(name))
        return collect(ray.train.get_dataset_shard("val_healthy")).only([])
    except RayError as error:
        must, do = (
            "slices must be had from Ray",
            "The process or the node that had them is gone; the same command goes on.",
        )
        raise SlicesLost(Problem("UAD-455", f"slices {name}", must, in_a_line(error), do)) from error
