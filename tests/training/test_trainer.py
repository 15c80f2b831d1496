"""Ray Train around the worker, for real: one process, and two gloo workers."""

import fcntl
import hashlib
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import ray
import ray.train
import ray.train.torch
import torch
from making import made_slices, made_task
from ray.cluster_utils import Cluster
from torch.nn.parallel import DistributedDataParallel

from uadray.config import RunConfig
from uadray.errors import Problem
from uadray.models.zoo import ZOO
from uadray.scoring.detector import Detector
from uadray.scoring.score import score
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.synthetic import SyntheticConfig, paint
from uadray.scoring.validation import PAINTING_SEED
from uadray.training.checkpoint import load_weights
from uadray.training.loop import Rank, Training, mean_residual
from uadray.training.settings import TrainConfig
from uadray.training.task import Place, SlicesLost
from uadray.training.worker import work

RUN = {
    "model": {
        "kind": "vae_gan",
        "latent": {"kind": "spatial", "size": 8, "channels": 4},
        "adversary": {"kind": "image"},
    },
    "train": {"epochs": 3, "batch_size": 4, "precision": "fp32"},
}
SLICES = {
    "train": made_slices(6, seed=3, lesion=False),
    "val_healthy": made_slices(seed=4, lesion=False),
    "val_lesion": made_slices(),
}


def task(folder, limits=None):
    return made_task(RunConfig.parse(RUN).plain(), folder, limits=limits)


def place(reports):
    return Place(torch.device("cpu"), Rank(), lambda module: module, SLICES.__getitem__, reports.append)


def record(folder):
    return json.loads((Path(folder) / "trial.json").read_text())


def test_a_worker_trains_scores_and_writes_its_record(tmp_path):
    reports = []
    work(task(tmp_path), place(reports))
    written = record(tmp_path)
    assert [row["epoch"] for row in reports] == [1, 2, 3]
    assert written["status"] == "completed"
    assert [row["val/l1"] for row in written["curve"]] == [row["val/l1"] for row in reports]
    assert 0 <= written["val"]["auprc"] <= 1
    assert (tmp_path / "panels.png").is_file()


def test_painted_lesions_are_the_same_for_every_trial_and_scored_with_its_own_threshold(tmp_path):
    trained = made_task(RunConfig.parse({**RUN, "train": {**RUN["train"], "seed": 5}}).plain(), tmp_path)
    work(trained, place([]))
    work(made_task(RunConfig.parse({"model": "intensity"}).plain(), tmp_path / "other", 1), place([]))
    one, other = (record(folder)["synthetic"] for folder in (tmp_path, tmp_path / "other"))
    assert one["painting"] == other["painting"]
    assert one["prevalence"] == other["prevalence"] > 0
    assert one["slices"] == len(SLICES["val_healthy"].images)
    healthy = SLICES["val_healthy"]
    painted = paint(healthy, SyntheticConfig(), PAINTING_SEED, SLICES["val_lesion"])
    detector = Detector(ZOO["intensity"].build(32), ScoringConfig())
    card = score(detector.anomaly_maps(painted), painted, record(tmp_path / "other")["val"]["threshold"])
    assert (other["dice_mean"], other["auprc"]) == (card.dice_mean, card.auprc)


def test_a_trial_over_its_limit_is_stopped_there_and_scored_with_what_it_has(tmp_path):
    reports = []
    work(task(tmp_path, limits={2: 0.0}), place(reports))
    assert record(tmp_path)["status"] == "stopped"
    assert len(reports) == 2
    assert record(tmp_path)["val"]["auprc"] > 0


def test_a_killed_trial_goes_on_from_its_checkpoint_to_the_same_numbers(tmp_path):
    class Killed(BaseException):
        pass

    def killed_after_two(row):
        if row["epoch"] == 2:
            raise Killed

    dying = Place(torch.device("cpu"), Rank(), lambda module: module, SLICES.__getitem__, killed_after_two)
    with pytest.raises(Killed):
        work(task(tmp_path / "killed"), dying)
    reports = []
    work(task(tmp_path / "killed"), place(reports))
    work(task(tmp_path / "undisturbed"), place([]))
    assert [row["epoch"] for row in reports] == [3]
    again, undisturbed = record(tmp_path / "killed"), record(tmp_path / "undisturbed")
    assert again["val"] == undisturbed["val"]
    assert [row["val/l1"] for row in again["curve"]] == [row["val/l1"] for row in undisturbed["curve"]]


def test_a_model_without_training_is_scored_and_can_be_loaded_again(tmp_path):
    run = RunConfig.parse({"model": "intensity"}).plain()
    work(made_task(run, tmp_path), place([]))
    assert record(tmp_path)["status"] == "completed"
    assert record(tmp_path)["val"]["auprc"] > 0
    load_weights(ZOO["intensity"].build(32), tmp_path / "checkpoints")


def test_an_error_ends_the_trial_with_its_reason_and_the_epochs_it_had(tmp_path):
    def out_of_memory(row):
        if row["epoch"] == 2:
            raise RuntimeError("out of memory")

    work(task(tmp_path), Place(torch.device("cpu"), Rank(), lambda module: module, SLICES.__getitem__, out_of_memory))
    assert record(tmp_path)["status"] == "failed"
    assert "out of memory" in record(tmp_path)["reason"]
    assert len(record(tmp_path)["curve"]) == 2


def test_a_diverged_training_is_a_diverged_trial_with_a_reason(tmp_path):
    run = RunConfig.parse({**RUN, "model": {**RUN["model"], "learning_rate": 1e30}}).plain()
    work(made_task(run, tmp_path), place([]))
    assert record(tmp_path)["status"] == "diverged"
    assert "UAD-310" in record(tmp_path)["reason"]


@pytest.fixture(params=[(0, 2), (0, 1, 1)], ids=["one_node", "two_nodes"])
def nodes(request):
    """The number of nodes that two workers come to; the head has no core for one."""
    head, *others = request.param
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": head, "include_dashboard": False})
    for cores in others:
        cluster.add_node(num_cpus=cores)
    ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
    yield len(others)
    ray.shutdown()
    cluster.shutdown()


@pytest.mark.slow
def test_two_gloo_workers_stay_equal_and_see_every_slice_once(nodes, tmp_path):
    slices, folder = torch.from_numpy(SLICES["train"].images), str(tmp_path)

    def loop(_):
        context = ray.train.get_context()
        rank = Rank(context.get_world_rank(), context.get_world_size())
        torch.manual_seed(rank.index)  # not even the first weights may depend on the rank
        config = TrainConfig(epochs=3, batch_size=4, precision="fp32")
        training = Training(ZOO["sVAE-GAN"].build(32), config, torch.device("cpu"), DistributedDataParallel, rank)
        seen = []

        def see(_, inputs):
            images, update = inputs
            same = (images[:, None] == slices[None]).flatten(2).all(2)
            seen.extend(same.int().argmax(1).tolist() if update == "autoencoder" else [])

        def digest(tensors):
            return hashlib.sha256(b"".join(tensor.detach().numpy().tobytes() for tensor in tensors)).hexdigest()

        for _ in range(2):
            training.run_epoch(slices)
        hook = training.model.register_forward_pre_hook(see)
        training.run_epoch(slices)
        hook.remove()
        gradients = [p.grad for p in training.model.parameters() if p.grad is not None]
        loss = rank.first(mean_residual(training.model, slices, slices > 0, torch.device("cpu")))
        report = {
            "node": ray.get_runtime_context().get_node_id(),
            "weights": digest(training.model.parameters()),
            "gradients": digest(gradients),
            "steepest": max(float(gradient.abs().max()) for gradient in gradients),
            "loss": loss,
            "seen": seen,
        }
        Path(folder, f"rank{rank.index}.json").write_text(json.dumps(report))
        ray.train.report({"loss": loss})

    ray.train.torch.TorchTrainer(
        loop,
        scaling_config=ray.train.ScalingConfig(num_workers=2),
        torch_config=ray.train.torch.TorchConfig(backend="gloo"),
        run_config=ray.train.RunConfig(name="ddp", storage_path=folder),
    ).fit()
    first, second = (json.loads((tmp_path / f"rank{n}.json").read_text()) for n in range(2))
    assert len({first["node"], second["node"]}) == nodes
    assert first["weights"] == second["weights"]
    assert first["gradients"] == second["gradients"]  # of a step in which the ranks had other slices
    assert first["steepest"] > 0
    assert first["loss"] == second["loss"]
    assert sorted(first["seen"] + second["seen"]) == list(range(len(slices)))


def test_slices_that_are_lost_with_their_holder_are_no_failure_of_the_trial(tmp_path):
    def gone(name):
        raise SlicesLost(Problem("UAD-455", name, "slices must be had", "nothing", "Go on."))

    with pytest.raises(SlicesLost):
        work(task(tmp_path), replace(place([]), slices=gone))
    assert not (tmp_path / "trial.json").exists()


def test_a_worker_waits_for_one_that_outlived_its_study_and_takes_its_record(tmp_path):
    task = made_task(RunConfig.parse(RUN).plain(), tmp_path)
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = threading.Thread(target=work, args=(task, place([])))
        second.start()
        second.join(0.5)
        assert second.is_alive()
        assert not (tmp_path / "checkpoints").exists()
        task.record.write_text("{}")
    second.join(10)
    assert task.record.read_text() == "{}"
