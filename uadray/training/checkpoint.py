"""Trained weights and half-done trainings on disk: safetensors and JSON, with SHA-256, never a pickle.

A checkpoint is a folder `epoch-NNNN` that appears whole or not at all: it is written beside its place and renamed.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from uadray.errors import Problem, StudyError
from uadray.files import sha256, write_json
from uadray.models.base import Model
from uadray.training.loop import Training

Curve = list[dict[str, float]]  # one row an epoch
REMEDY = "Remove the trial's folder, selection.json and test.json; the same command trains it again."


def save(training: Training, curve: Curve, folder: Path) -> None:
    """Write the training's state as the newest checkpoint in `folder` and remove older ones."""
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"epoch-{training.epoch:04d}"
    for left in folder.glob(".epoch-*"):  # by a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    draft = folder / f".{final.name}-{os.getpid()}"
    draft.mkdir()
    tensors = {
        "weights.safetensors": dict(training.model.state_dict()),
        "optimisers.safetensors": _optimiser_tensors(training),
    }
    for name, content in tensors.items():
        save_file({key: value.contiguous() for key, value in content.items()}, draft / name)
    header = {"epoch": training.epoch, "curve": curve, "sha256": {name: sha256(draft / name) for name in tensors}}
    write_json(draft / "checkpoint.json", header)
    shutil.rmtree(final, ignore_errors=True)
    draft.rename(final)
    for older in _checkpoints(folder)[:-1]:
        shutil.rmtree(older, ignore_errors=True)


def resume(training: Training, folder: Path) -> Curve:
    """Bring `training` to the newest checkpoint in `folder` and return its curve; [] where there is none.

    A checkpoint that is not as it was written is removed: the training begins anew.
    """
    found = _checkpoints(folder)
    if not found:
        return []
    try:
        header = _verified(found[-1])
    except StudyError:
        shutil.rmtree(found[-1])
        return []
    training.model.load_state_dict(load_file(found[-1] / "weights.safetensors"))
    _load_optimisers(training, load_file(found[-1] / "optimisers.safetensors"))
    training.epoch = header["epoch"]
    curve: Curve = header["curve"]
    return curve


def load_weights(model: Model, folder: Path) -> None:
    """Bring `model` to the weights of the newest checkpoint in `folder`.

    Raises StudyError: UAD-321 where there is none, UAD-320 where a file is not the one that was written.
    """
    found = _checkpoints(folder)
    if not found:
        raise StudyError(Problem("UAD-321", str(folder), "a checkpoint must be there", "none", REMEDY))
    _verified(found[-1])
    model.load_state_dict(load_file(found[-1] / "weights.safetensors"))


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("epoch-*"), key=lambda path: int(path.name.removeprefix("epoch-")))


def _verified(checkpoint: Path) -> dict[str, Any]:
    """The checkpoint's header; raises StudyError (UAD-320) unless every file is the one that was written."""
    try:
        header: dict[str, Any] = json.loads((checkpoint / "checkpoint.json").read_text())
        wrong = [name for name, expected in header["sha256"].items() if sha256(checkpoint / name) != expected]
    except (OSError, ValueError, KeyError):
        wrong = ["checkpoint.json"]
    if wrong:
        must = "a checkpoint must be as it was written"
        raise StudyError(Problem("UAD-320", str(checkpoint), must, f"another {', '.join(wrong)}", REMEDY))
    return header


def _optimiser_tensors(training: Training) -> dict[str, torch.Tensor]:
    """Adam's state as flat tensors: `update/parameter number/name`."""
    return {
        f"{update}/{number}/{name}": value
        for update, optimiser in training.optimisers.items()
        for number, state in optimiser.state_dict()["state"].items()
        for name, value in state.items()
    }


def _load_optimisers(training: Training, tensors: dict[str, torch.Tensor]) -> None:
    for update, optimiser in training.optimisers.items():
        parameters = optimiser.param_groups[0]["params"]
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in tensors.items():
            owner, number, name = key.split("/")
            if owner == update:
                state.setdefault(int(number), {})[name] = _laid_out_as(parameters[int(number)], value)
        optimiser.load_state_dict({**optimiser.state_dict(), "state": state})


def _laid_out_as(parameter: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """`value` in the parameter's memory layout: fused Adam of torch 2.13 goes wrong, silently, where layouts differ."""
    return torch.empty_like(parameter).copy_(value) if value.shape == parameter.shape else value
