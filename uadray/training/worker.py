"""What one worker of a trial does: train, then score. The same code in one process and in many.

Where it runs reaches it as a `Place`, because Ray Train's own functions raise when a trainer runs inside a Tune trial.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch

from uadray.config import RunConfig
from uadray.data.store import Slices
from uadray.errors import StudyHalted, UadError
from uadray.files import LOCK, alone, write_json
from uadray.scoring import threshold
from uadray.scoring.detector import Detector
from uadray.scoring.figure import save_panels, save_samples
from uadray.scoring.synthetic import SyntheticConfig
from uadray.scoring.validation import validate
from uadray.training import checkpoint, health
from uadray.training.kept_maps import KeptMaps
from uadray.training.loop import Rank, Training, mean_residual
from uadray.training.precision import chosen, exact_fp32
from uadray.training.reuse import drawn, scored, timed, training_key
from uadray.training.room import room
from uadray.training.task import Place, Task


def work(task: Task, place: Place) -> None:
    """Train the task's model from its last checkpoint on, score it on the validation patients, write its record.

    A training that cannot go on is a finished trial too: its record says why. A worker of a killed study may live a
    little longer than the study; who comes after waits for it, and takes the record if there is one by then.
    Raises StudyHalted for what keeps every trial from going on.
    """
    with room(task.folder), _first_alone(place.rank, Path(task.folder)):
        if place.rank.world > 1 or not task.record.is_file():
            _work(task, place)
        if place.rank.index == 0:
            task.mirror.send(Path(task.folder))


def _work(task: Task, place: Place) -> None:
    torch.set_num_threads(task.threads)
    exact_fp32()
    curve: checkpoint.Curve = []
    try:
        with room(task.trainings):
            record = _train_and_score(task, place, curve)
    except StudyHalted:
        raise  # it is not the trial that failed
    except Exception as error:
        if place.rank.world > 1 and not isinstance(error, UadError):
            raise  # the other ranks must hear of it, which is Ray Train's work
        record = _failed(error)
    if place.rank.index == 0:
        ran = {"index": task.index, "run": task.run, "curve": curve, "seconds": _seconds(curve)}
        write_json(task.record, {**ran, **record})


def _seconds(curve: checkpoint.Curve) -> float:
    return sum(row["seconds"] for row in curve)


def _failed(error: Exception) -> dict[str, Any]:
    name = "" if isinstance(error, UadError) else f"{type(error).__name__}: "  # a text alone may be a bare key
    return {"status": "failed", "reason": f"{name}{error}"}


def _first_alone(rank: Rank, folder: Path) -> AbstractContextManager[None]:
    """Inside, no other trial's first rank is in the folder; the other ranks follow their first one."""
    return alone(folder / LOCK) if rank.index == 0 else nullcontext()


def _train_and_score(task: Task, place: Place, curve: checkpoint.Curve) -> dict[str, Any]:
    """Fill the curve epoch by epoch, and return the rest of the record."""
    run = RunConfig.parse(task.run)
    precision = chosen(run.train.precision, place.device)
    torch.manual_seed(run.train.seed)
    model = run.model.build(task.size)
    arithmetic = (precision, _name(place.device), task.threads, place.rank.world)
    key = training_key(run, model, task.store, task.size, arithmetic)
    shared = Path(task.trainings) / key
    with _first_alone(place.rank, shared):
        training = Training(model, run.train, place.device, place.wrap, place.rank)
        epochs = run.train.last_epoch if training.optimisers else 0
        curve += _resumed(task, training, shared, epochs)
        reused = {"seconds_reused": _seconds(curve[: checkpoint.kept_epoch(shared, len(curve), task.name)])}
        healthy = place.slices("val_healthy")
        try:
            status = _train(task, place, training, shared, epochs, curve, healthy)
        except health.Diverged as error:
            return {"status": "diverged", "reason": str(error), **reused}
        if place.rank.index > 0:
            return {}
        if not training.optimisers and not checkpoint.there(shared):  # a model without training has one, too
            checkpoint.save(training, curve, shared)
        kept = checkpoint.keep(shared, training.epoch, task.checkpoints, task.name)
        how = {"scoring": run.scoring.plain(), "painting": task.painting, "threads": task.threads}
        detector = Detector(training.model, run.scoring, place.device, recall=KeptMaps(kept))
        try:
            with room(kept):
                found = scored(
                    kept, how, Path(task.folder), lambda: _validated(task, place, detector.fit(healthy), healthy, kept)
                )
        except StudyHalted:
            raise
        except Exception as error:  # the other ranks have gone
            return {**_failed(error), **reused}
        task.mirror.send(shared)
    return {
        "status": status,
        "training": key,
        "precision": training.precision,
        "parameters": sum(parameter.numel() for parameter in training.model.parameters()),
        **reused,
        **found,
    }


def _name(device: torch.device) -> str:
    """The kind of device, and of a GPU which one: two round differently."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _resumed(task: Task, training: Training, shared: Path, epochs: int) -> checkpoint.Curve:
    """The curve of the last checkpoint in the shared folder that this trial comes to; every rank goes on from there."""
    if training.rank.index > 0:
        return checkpoint.agreed(training, [])
    task.mirror.bring(shared)
    last = _last_epoch(checkpoint.known_curve(shared), epochs, task.limits)
    return checkpoint.agreed(training, checkpoint.resume(training, shared, last))


def _last_epoch(known: checkpoint.Curve, epochs: int, limits: Mapping[int, float]) -> int:
    """The epoch that a trial ends with, as far as a known curve tells: the first whose loss is over its limit.

    >>> _last_epoch([{"val/l1": 0.3}, {"val/l1": 0.2}], 9, {1: 0.25, 2: 0.25})
    1
    """
    rows = enumerate(known[: epochs - 1], start=1)
    return next((epoch for epoch, row in rows if row["val/l1"] > limits.get(epoch, math.inf)), epochs)


def _train(
    task: Task, place: Place, training: Training, shared: Path, epochs: int, curve: checkpoint.Curve, healthy: Slices
) -> str:
    """Extend the curve to the last epoch or to the first limit it exceeds; "completed" or "stopped"."""
    val, brain = torch.from_numpy(healthy.images), torch.from_numpy(healthy.brain)
    train: torch.Tensor | None = None
    while training.epoch < epochs:
        if curve and curve[-1]["val/l1"] > task.limits.get(training.epoch, math.inf):
            return "stopped"
        train = torch.from_numpy(place.slices("train").images) if train is None else train
        started = time.monotonic()
        terms = {f"train/{term}": value for term, value in training.run_epoch(train).items()}
        loss = place.rank.first(mean_residual(training.model, val, brain, place.device))
        row = {**terms, "val/l1": loss}
        health.check([*curve, row])
        curve.append({**row, "seconds": time.monotonic() - started})
        if place.rank.index == 0:
            former = set(shared.glob("epoch-*"))
            checkpoint.save(training, curve, shared)
            task.mirror.send(shared)
            task.mirror.drop(former - set(shared.glob("epoch-*")))
        place.report({"epoch": training.epoch, **curve[-1]})
    return "completed"


def _validated(task: Task, place: Place, detector: Detector, healthy: Slices, kept: Path) -> dict[str, Any]:
    patients = place.slices("val_lesion")
    painting = SyntheticConfig.parse(task.painting)
    found = validate(detector, healthy, patients, lambda: place.slices("train"), painting)
    save_panels(detector, found.shown, found.unfiltered, found.threshold, Path(task.folder) / "panels.png")
    drawn(kept, Path(task.folder) / "samples.png", partial(save_samples, detector.model))
    unthresholded = {name: value for name, value in detector.config.plain().items() if name != "threshold"}
    how = {"scoring": unthresholded, "threads": task.threads}
    return {
        "threshold": threshold.plain(found.threshold),
        "val": None if found.card is None else found.card.plain(),
        "percentiles": found.percentiles,
        "synthetic": found.synthetic,
        "timing": timed(kept, how, lambda: detector.seconds_per_slice(found.shown)),
    }
