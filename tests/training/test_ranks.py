"""Workers of one trial on nodes that share no file system, which here have a folder each."""

import json
from dataclasses import replace

import pytest
import ray
import ray.train
import ray.train.torch
import torch
from making import made_slices, made_task
from ray import tune
from torch.nn.parallel import DistributedDataParallel

from uadray.config import RunConfig
from uadray.errors import Problem
from uadray.remote.mirror import Here
from uadray.remote.objects import StoreAway
from uadray.training.loop import Rank
from uadray.training.resources import ResourcesConfig
from uadray.training.task import Place
from uadray.training.trainer import fit
from uadray.training.worker import work

RUN = {
    "model": {
        "kind": "vae_gan",
        "latent": {"kind": "spatial", "size": 8, "channels": 4},
        "adversary": {"kind": "image"},
    },
    "train": {"batch_size": 4, "precision": "fp32"},
}
SLICES = {
    "train": made_slices(6, seed=3, lesion=False),
    "val_healthy": made_slices(seed=4, lesion=False),
    "val_lesion": made_slices(),
}


def trained(folder, epochs):
    """The record of a training by two workers, of which the second has a folder of its own."""
    run = RunConfig.parse({**RUN, "train": {**RUN["train"], "epochs": epochs}})

    nodes = [folder / f"node{number}" for number in range(2)]
    tasks = [made_task(run.plain(), own / f"trial{epochs}", trainings=own / "trainings") for own in nodes]
    shown = SLICES

    def loop(_):
        rank = Rank(ray.train.get_context().get_world_rank(), 2)
        place = Place(torch.device("cpu"), rank, DistributedDataParallel, shown.__getitem__, ray.train.report)
        work(tasks[rank.index], place)

    ray.train.torch.TorchTrainer(
        loop,
        scaling_config=ray.train.ScalingConfig(num_workers=2),
        torch_config=ray.train.torch.TorchConfig(backend="gloo"),
        run_config=ray.train.RunConfig(name="ranks", storage_path=str(folder / f"ray{epochs}")),
    ).fit()
    return json.loads((folder / "node0" / f"trial{epochs}" / "trial.json").read_text())


@pytest.mark.slow
def test_a_training_goes_on_where_the_first_worker_alone_has_its_checkpoint(two_cores, tmp_path):
    shorter = trained(tmp_path / "resumed", 1)
    assert shorter["status"] == "completed"
    resumed, undisturbed = trained(tmp_path / "resumed", 3), trained(tmp_path / "undisturbed", 3)
    assert resumed["seconds_reused"] > 0
    assert resumed["val"] == undisturbed["val"]
    assert [row["val/l1"] for row in resumed["curve"]] == [row["val/l1"] for row in undisturbed["curve"]]
    assert not (tmp_path / "resumed" / "node1").exists()  # it neither reads nor writes


@pytest.mark.slow
def test_a_store_that_is_away_is_no_failure_of_a_trial_of_several_workers(two_cores, tmp_path):
    class Away(Here):
        """An object store that does not answer."""

        def bring(self, folder):
            raise StoreAway(Problem("UAD-448", str(folder), "the object store must answer", "nothing", "Wait."))

    run = RunConfig.parse({**RUN, "train": {**RUN["train"], "epochs": 1}})
    (tmp_path / "study.json").write_text("{}")
    task = replace(made_task(run.plain(), tmp_path / "trials" / "0000"), mirror=Away())
    resources = ResourcesConfig(workers=2)
    trial = tune.with_resources(lambda config: fit(task, {}, resources, tune.report), resources.held_by_trial)
    found = tune.Tuner(trial, run_config=tune.RunConfig(storage_path=str(tmp_path / "tune"), verbose=0)).fit()
    assert [isinstance(error, StoreAway) for error in found.errors] == [True]
    assert not task.record.exists()
