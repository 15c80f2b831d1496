"""Trained weights are found again by everything that shaped them."""

import shutil
from pathlib import Path

import pytest
from reusing import RUN, Study, same
from small_zoo import small

from uadray.config import RunConfig
from uadray.files import write_json
from uadray.training.checkpoint import WEIGHTS
from uadray.training.reuse import training_key


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


def test_a_folder_of_someone_elses_among_the_checkpoints_is_left_alone(study):
    study.trial(0)
    (key,) = (study.folder / "trainings").iterdir()
    (key / "epoch-0003.bak").mkdir()
    assert study.trial(1)[1] == []


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
