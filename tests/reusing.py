"""Trials that share their trained weights, each as a worker runs it."""

import json

import torch
from making import made_slices, made_task
from safetensors.torch import load_file

from uadray.config import RunConfig
from uadray.training.checkpoint import WEIGHTS
from uadray.training.loop import Rank
from uadray.training.task import Place
from uadray.training.worker import work

RUN = {
    "model": {"kind": "vae_gan", "latent": {"kind": "spatial", "size": 8, "channels": 4}},
    "train": {"epochs": 3, "batch_size": 4, "precision": "fp32"},
    "scoring": {"threshold": {"kind": "healthy_percentile", "percentile": 95.0}},
}


SLICES = {
    "train": made_slices(6, seed=3, lesion=False),
    "val_healthy": made_slices(seed=4, lesion=False),
    "val_lesion": made_slices(),
}


class Study:
    """Trials that share their trained weights, and the epochs that each of them trained itself."""

    def __init__(self, folder):
        self.folder = folder

    def trial(self, index, limits=None, painting=None, **changes):
        run = {**RUN, **{name: {**RUN[name], **change} for name, change in changes.items()}}
        run["model"] = changes["model"] if "kind" in changes.get("model", {}) else run["model"]
        trained = []
        place = Place(torch.device("cpu"), Rank(), lambda module: module, SLICES.__getitem__, trained.append)
        folder = self.folder / "trials" / f"{index:04d}"
        plain = RunConfig.parse(run).plain()
        work(made_task(plain, folder, index, limits, self.folder / "trainings", painting), place)
        return json.loads((folder / "trial.json").read_text()), [row["epoch"] for row in trained]

    def weights(self, index):
        (found,) = (self.folder / "trials" / f"{index:04d}" / "checkpoints").glob("epoch-*")
        return found.name, load_file(found / WEIGHTS)


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def without_times(record):
    return {name: value for name, value in record.items() if name not in ("index", "timing", "seconds_reused")}
