"""What a configuration costs, from a few steps of its training and one reconstruction, on made-up slices."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from uadray.config import RunConfig
from uadray.training.loop import Training

STEPS = 3  # timed, after one that is not
BUDGET_S = 4.0


@dataclass(frozen=True)
class Probe:
    """One configuration on this machine, one process of so many threads."""

    label: str
    parameters: int
    step_s: float
    """A training step of one batch, every update made; 0 for a model without training."""
    slice_s: float
    """An anomaly map, as validation makes it."""
    draft_s: float
    """The quick reconstruction of a slice that follows every epoch."""


def probe(run: RunConfig, size: int, device: torch.device, threads: int) -> Probe:
    """Measure a run's model on random slices of `size` pixels; a slow one is measured once."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    training = Training(run.model.build(size), run.train, device)
    images = torch.rand(run.train.batch_size, 1, size, size)
    epochs = [0] if training.optimisers else []
    steps: list[float] = []
    began = time.perf_counter()
    while epochs and len(steps) <= STEPS and time.perf_counter() - began < BUDGET_S:
        steps.append(_seconds(lambda: training.run_epoch(images), device))
    model = training.model.eval()
    placed = images[:4].to(device).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        draft = _seconds(lambda: model.draft(placed), device)
        scored = _seconds(lambda: model.anomaly_map(placed, run.scoring.residual), device)
    return Probe(
        label=run.describe(),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        step_s=min(steps[1:] or steps, default=0.0),
        slice_s=scored / len(placed),
        draft_s=draft / len(placed),
    )


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    started = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started
