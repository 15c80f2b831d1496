"""Trained weights are found again by everything that shaped them."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from making import made_slices, made_task
from safetensors.torch import load_file
from small_zoo import small

from uadray.config import RunConfig
from uadray.files import write_json
from uadray.models.networks.vae_gan import VaeGan
from uadray.training.checkpoint import WEIGHTS
from uadray.training.loop import Rank
from uadray.training.reuse import training_key
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


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def test_a_trial_with_another_threshold_trains_nothing_and_scores_as_if_it_had(study, tmp_path):
    first, epochs = study.trial(0)
    assert epochs == [1, 2, 3]
    other, epochs = study.trial(1, scoring={"median_filter": 3})
    assert epochs == []
    assert other["val"] != first["val"]
    assert other["seconds_reused"] == pytest.approx(first["seconds"])
    alone, epochs = Study(tmp_path / "alone").trial(1, scoring={"median_filter": 3})
    assert epochs == [1, 2, 3]
    assert other["val"] == alone["val"]
    assert other["synthetic"] == alone["synthetic"]


def test_time_is_taken_once_whatever_the_threshold_and_anew_for_another_filter(study):
    first, _ = study.trial(0)
    threshold = {"kind": "healthy_percentile", "percentile": 90.0}
    other, _ = study.trial(1, scoring={"threshold": threshold})
    assert other["val"] != first["val"]
    assert other["timing"] == first["timing"]
    filtered, _ = study.trial(2, scoring={"threshold": threshold, "median_filter": 3})
    assert filtered["timing"] != first["timing"]


def refuse_the_network(monkeypatch, model):
    def refused(*_, **__):
        raise AssertionError("the network was run")

    for name in ("reconstruct", "samples", "anomaly_map"):
        monkeypatch.setattr(model, name, refused)


GENERATIVE = {"posterior": {"kind": "gaussian"}}


@pytest.mark.parametrize(
    "scoring",
    [
        {"threshold": {"kind": "healthy_percentile", "percentile": 90.0}},
        {"threshold": {"kind": "scan_percentile"}},
        {"threshold": {"kind": "validation_optimum"}},
    ],
)
def test_another_threshold_runs_no_network_and_gives_what_a_trial_alone_gives(study, tmp_path, monkeypatch, scoring):
    study.trial(0, model=GENERATIVE)
    with monkeypatch.context() as patched:
        refuse_the_network(patched, VaeGan)
        other, epochs = study.trial(1, model=GENERATIVE, scoring=scoring)
    assert (other["status"], epochs) == ("completed", [])
    alone = Study(tmp_path / "alone")
    undisturbed, _ = alone.trial(1, model=GENERATIVE, scoring=scoring)
    assert without_times(other) | {"curve": []} == without_times(undisturbed) | {
        "curve": [],
        "seconds": other["seconds"],
    }
    for picture in ("panels.png", "samples.png"):
        own, expected = (each.folder / "trials" / "0001" / picture for each in (study, alone))
        assert own.read_bytes() == expected.read_bytes()


def test_another_residual_is_computed_by_the_network(study, monkeypatch):
    study.trial(0)
    refuse_the_network(monkeypatch, VaeGan)
    other, _ = study.trial(1, scoring={"residual": {"kind": "absolute"}})
    assert (other["status"], other["reason"]) == ("failed", "AssertionError: the network was run")


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_damaged_maps_are_computed_again(study, damage):
    threshold = {"kind": "healthy_percentile", "percentile": 90.0}
    study.trial(0)
    other, _ = study.trial(1, scoring={"threshold": threshold})
    shutil.rmtree(next((study.folder / "trainings").glob("*/epoch-0003/scores")))
    for path in (study.folder / "trainings").glob("*/epoch-0003/maps/*.safetensors"):
        content = path.read_bytes()
        path.write_bytes(content[:-9] if damage == "cut" else content[:-1] + bytes([content[-1] ^ 1]))
    again, epochs = study.trial(2, scoring={"threshold": threshold})
    assert epochs == []
    assert without_times(again) == without_times(other)


def test_an_identical_trial_takes_the_scores_and_the_pictures_too(study):
    first, _ = study.trial(0)
    again, epochs = study.trial(1)
    assert epochs == []
    assert without_times(again) == without_times(first)
    assert again["timing"] == first["timing"]  # which nothing that is computed anew has
    folders = [study.folder / "trials" / f"{index:04d}" for index in range(2)]
    pictures = [{path.name: path.read_bytes() for path in folder.glob("*.png")} for folder in folders]
    assert pictures[0].keys() == {"panels.png"}
    assert pictures[0] == pictures[1]


def test_lesions_are_painted_as_the_study_says_and_another_painting_is_another_scoring(study):
    first, _ = study.trial(0)
    other, epochs = study.trial(1, painting={"lesions": 1, "slices": 4})
    assert epochs == []
    assert other["val"] == first["val"]
    assert other["synthetic"]["painting"]["lesions"] == 1
    assert other["synthetic"]["slices"] == 4 < first["synthetic"]["slices"]


def test_a_trial_that_asks_for_more_epochs_goes_on_to_where_an_undisturbed_one_would_be(study, tmp_path):
    study.trial(0)
    longer, epochs = study.trial(1, train={"epochs": 5})
    assert epochs == [4, 5]
    alone = Study(tmp_path / "alone")
    undisturbed, _ = alone.trial(1, train={"epochs": 5})
    assert longer["val"] == undisturbed["val"]
    assert same(study.weights(1)[1], alone.weights(1)[1])
    assert study.weights(0)[0] == "epoch-0003"  # the shorter trial's weights stay what they were


def test_a_trial_that_asks_for_fewer_epochs_than_were_made_trains_them_itself(study, tmp_path):
    study.trial(0)
    shorter, epochs = study.trial(1, train={"epochs": 2})
    assert epochs == [1, 2]
    alone = Study(tmp_path / "alone")
    assert alone.trial(1, train={"epochs": 2})[0]["val"] == shorter["val"]
    again, epochs = study.trial(2, train={"epochs": 5})
    assert epochs == [4, 5]  # from the longest there is
    assert len(again["curve"]) == 5


def test_a_limit_stops_a_trial_at_the_epoch_where_it_would_have_stopped_on_its_own(study, tmp_path):
    study.trial(0)
    stopped, epochs = study.trial(1, limits={2: 0.0})
    assert stopped["status"] == "stopped"
    assert len(stopped["curve"]) == 2
    assert epochs == [1, 2]  # weights of epoch 2 were not kept
    alone = Study(tmp_path / "alone")
    assert alone.trial(1, limits={2: 0.0})[0]["val"] == stopped["val"]
    assert study.trial(2, limits={2: 0.0}, scoring={"median_filter": 1})[1] == []


@pytest.mark.parametrize(
    ("part", "change"),
    [("model", {"reconstruction_weight": 2.0}), ("train", {"seed": 1}), ("train", {"batch_size": 2})],
)
def test_whatever_shapes_the_weights_trains_anew(study, part, change):
    study.trial(0)
    assert study.trial(1, **{part: change})[1] == [1, 2, 3]


def test_other_slices_or_arithmetic_are_another_training():
    base = {"store": "a", "size": 64, "arithmetic": ("fp32", "cpu", 1, 1)}
    arithmetics = [("bf16", "cpu", 1, 1), ("fp32", "cuda", 1, 1), ("fp32", "cpu", 2, 1), ("fp32", "cpu", 1, 2)]
    others = [{"store": "b"}, {"size": 32}, *({"arithmetic": other} for other in arithmetics)]
    run = RunConfig.parse(RUN)
    keys = [training_key(run, run.model.build(32), **{**base, **other}) for other in [{}, *others]]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(("name", "alike"), [("sVAE", True), ("f-AnoGAN", False)])
def test_the_length_of_a_training_names_it_only_where_phases_are_shares_of_it(name, alike):
    runs = [RunConfig.parse({"model": name, "train": {"epochs": epochs}}) for epochs in (4, 8)]
    model = small(name).build(32)
    keys = {training_key(run, model, "a", 32, ("fp32", "cpu", 1, 1)) for run in runs}
    assert (len(keys) == 1) is alike


def test_trials_keep_their_weights_when_the_shared_ones_are_removed(study):
    study.trial(0)
    shutil.rmtree(study.folder / "trainings")
    assert study.weights(0)[0] == "epoch-0003"
    assert study.trial(1)[1] == [1, 2, 3]


@pytest.mark.parametrize("pattern", ["scores/*/scores.json", "times/*.json"])
@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_damaged_scores_are_computed_again(study, pattern, damage):
    first, _ = study.trial(0)
    (path,) = (study.folder / "trainings").glob(f"*/epoch-0003/{pattern}")
    text = path.read_text()
    path.write_text(text[:40] if damage == "cut" else text.replace("0.", "1.", 1))
    again, epochs = study.trial(1)
    assert (again["status"], epochs) == ("completed", [])
    assert again["val"] == first["val"]
    assert again["timing"]["model"] < 1


def test_a_folder_of_someone_elses_among_the_checkpoints_is_left_alone(study):
    study.trial(0)
    (key,) = (study.folder / "trainings").iterdir()
    (key / "epoch-0003.bak").mkdir()
    assert study.trial(1)[1] == []


def test_a_model_without_training_is_scored_in_one_place_under_every_scoring(study):
    for number in (0, 1):
        study.trial(number, model={"kind": "intensity"}, scoring={"median_filter": 2 * number + 1})
    assert len(list((study.folder / "trainings").glob("*/epoch-0000/scores/*"))) == 2


def test_a_training_that_was_killed_while_it_was_scored_is_the_trials_own(study, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("uadray.training.worker.validate", killed)
        with pytest.raises(Killed):
            study.trial(0)
    again, epochs = study.trial(0)
    assert (again["status"], epochs, again["seconds_reused"]) == ("completed", [], 0)


def test_a_study_that_had_the_folder_before_was_another(study):
    write_json(study.folder / "study.json", {"id": "former"})
    former, _ = study.trial(0)
    shutil.rmtree(study.folder / "trials")
    write_json(study.folder / "study.json", {"id": "now"})
    again, epochs = study.trial(0)
    assert epochs == []
    assert again["seconds_reused"] == pytest.approx(former["seconds"])


def test_a_trial_that_fails_on_another_ones_weights_took_no_time_to_train(study, monkeypatch):
    first, _ = study.trial(0)
    monkeypatch.setattr("uadray.training.worker.validate", lambda *_: 1 / 0)
    failed, _ = study.trial(1, scoring={"median_filter": 3})
    assert failed["status"] == "failed"
    assert failed["seconds_reused"] == pytest.approx(first["seconds"])


def test_damaged_weights_are_not_taken(study):
    first, _ = study.trial(0)
    (weights,) = Path(study.folder / "trainings").glob(f"*/epoch-0003/{WEIGHTS}")
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.unlink()
    weights.write_bytes(content)
    again, epochs = study.trial(1)
    assert epochs == [1, 2, 3]
    assert again["val"] == first["val"]
