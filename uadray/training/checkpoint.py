"""Trained weights and half-done trainings on disk: safetensors and JSON, with SHA-256, never a pickle.

A checkpoint is a folder `epoch-NNNN` that appears whole or not at all: it is written beside its place and renamed.
With a file `kept` in it, it is one that a trial ended with, and stays.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from uadray.errors import Problem, StudyError
from uadray.files import draft_of, linked, sha256, write_json
from uadray.models.base import Model
from uadray.training.loop import Training

Curve = list[dict[str, float]]  # one row an epoch
KEPT = "kept"
WEIGHTS = "weights.safetensors"
REMEDY = "Remove the trial's folder, selection.json and test.json; the same command makes it again."


def save(training: Training, curve: Curve, folder: Path) -> None:
    """Write the training's state as a checkpoint in `folder` and remove earlier ones that are not kept."""
    folder.mkdir(parents=True, exist_ok=True)
    final = _place(folder, training.epoch)
    for left in folder.glob(".epoch-*"):  # by a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    draft = draft_of(final)
    draft.mkdir()
    tensors = {
        WEIGHTS: dict(training.model.state_dict()),
        "optimisers.safetensors": _optimiser_tensors(training),
    }
    for name, content in tensors.items():
        save_file({key: value.contiguous() for key, value in content.items()}, draft / name)
    header = {"epoch": training.epoch, "curve": curve, "sha256": {name: sha256(draft / name) for name in tensors}}
    write_json(draft / "checkpoint.json", header)
    shutil.rmtree(final, ignore_errors=True)
    draft.rename(final)
    for older in _checkpoints(folder):
        if _epoch(older) < training.epoch and not (older / KEPT).is_file():
            shutil.rmtree(older, ignore_errors=True)


def keep(folder: Path, epoch: int, trial: Path, name: str) -> Path:
    """Keep the checkpoint of an epoch, and give its weights to the folder of a trial; returns the checkpoint.

    It is the first trial's that keeps it, which is known by a name that no other has. The trial's weights are hard
    links where the file system has them, and stay when `folder` is removed.
    """
    found = _place(folder, epoch)
    if not (found / KEPT).is_file():
        (found / KEPT).write_text(name)
    given = trial / found.name
    shutil.rmtree(trial, ignore_errors=True)
    given.mkdir(parents=True)
    linked(found / WEIGHTS, given / WEIGHTS)
    header = json.loads((found / "checkpoint.json").read_text())
    write_json(given / "checkpoint.json", {**header, "sha256": {WEIGHTS: header["sha256"][WEIGHTS]}})
    return found


def kept_epoch(folder: Path, epochs: int, name: str) -> int:
    """The last epoch, of so many, that another trial than the one of this name ended with; 0 where there is none."""
    kept = (found for found in _checkpoints(folder) if (found / KEPT).is_file())
    others = (_epoch(found) for found in kept if (found / KEPT).read_text() != name)
    return max((epoch for epoch in others if epoch <= epochs), default=0)


def there(folder: Path) -> bool:
    """Whether there is a sound checkpoint in `folder`. Damaged ones are removed."""
    return any(_sound(found) is not None for found in _checkpoints(folder))


def known_curve(folder: Path) -> Curve:
    """The curve of the longest sound training in `folder`; [] where there is none. Damaged checkpoints are removed."""
    for found in reversed(_checkpoints(folder)):
        if (header := _sound(found)) is not None:
            curve: Curve = header["curve"]
            return curve
    return []


def resume(training: Training, folder: Path, epochs: int | None = None) -> Curve:
    """Bring `training` to the newest checkpoint in `folder` and return its curve; [] where there is none.

    With `epochs`, to the newest that has no more. A checkpoint that is not as it was written is removed, and the one
    before it taken.
    """
    for found in reversed(_checkpoints(folder)):
        if epochs is not None and _epoch(found) > epochs:
            continue
        if (header := _sound(found)) is not None:
            training.model.load_state_dict(load_file(found / WEIGHTS))
            _load_optimisers(training, load_file(found / "optimisers.safetensors"))
            training.epoch = header["epoch"]
            curve: Curve = header["curve"]
            return curve
    return []


def agreed(training: Training, curve: Curve) -> Curve:
    """Bring `training` on every rank to where the first rank's is, and return the first rank's curve.

    So the first rank alone reads checkpoints: the others may be on nodes that have not got them, or older ones.
    """
    rank = training.rank
    if rank.world == 1:
        return curve
    state = {name: value.cpu() for name, value in training.model.state_dict().items()}
    moments = {name: value.cpu() for name, value in _optimiser_tensors(training).items()}
    state, moments, training.epoch, curve = rank.first((state, moments, training.epoch, curve))
    if rank.index > 0:
        training.model.load_state_dict(state)
        _load_optimisers(training, moments)
    return curve


def load_weights(model: Model, folder: Path) -> None:
    """Bring `model` to the weights of the newest checkpoint in `folder`.

    Raises StudyError: UAD-321 where there is none, UAD-320 where a file is not the one that was written.
    """
    found = _checkpoints(folder)
    if not found:
        raise StudyError(Problem("UAD-321", str(folder), "a checkpoint must be there", "none", REMEDY))
    _verified(found[-1])
    model.load_state_dict(load_file(found[-1] / WEIGHTS))


def _checkpoints(folder: Path) -> list[Path]:
    return sorted((found for found in folder.glob("epoch-*") if found.name[len("epoch-") :].isdigit()), key=_epoch)


def _epoch(checkpoint: Path) -> int:
    return int(checkpoint.name.removeprefix("epoch-"))


def _place(folder: Path, epoch: int) -> Path:
    return folder / f"epoch-{epoch:04d}"


def _sound(checkpoint: Path) -> dict[str, Any] | None:
    """The checkpoint's header; a damaged one is removed, and None."""
    try:
        return _verified(checkpoint)
    except StudyError:
        shutil.rmtree(checkpoint, ignore_errors=True)
        return None


def _verified(checkpoint: Path) -> dict[str, Any]:
    """The checkpoint's header; raises StudyError (UAD-320) unless every file is the one that was written."""
    try:
        header: dict[str, Any] = json.loads((checkpoint / "checkpoint.json").read_text())
        wrong = [name for name, expected in header["sha256"].items() if sha256(checkpoint / name) != expected]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
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
