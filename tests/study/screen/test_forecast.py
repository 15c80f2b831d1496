import pytest
import torch
from rich.console import Console
from small_zoo import small

from uadray.config import RunConfig
from uadray.data.subject import Part
from uadray.study.reading.checking import check
from uadray.study.screen.forecast import MOST, forecast, shown
from uadray.study.screen.probe import Probe, probe
from uadray.yaml_file import parse

SPACE = """
study: toy
cohort: {{kind: phantom}}
budget: {{trials: {trials}, concurrent_trials: 2, hours: {hours}}}
run: {{model: {{kind: vae_gan, latent: {{kind: dense, dim: {{choice: {dims}}}}}}}, train: {{epochs: 10, batch_size: 4}}}}
"""
SLICES = {Part("train", "healthy"): 40, Part("val", "healthy"): 10, Part("val", "lesion"): 20}


def found(dims, trials=4, hours=24, more="", measured_on="cpu"):
    return foreseen(SPACE.format(dims=list(dims), trials=trials, hours=hours) + more, measured_on)


def foreseen(text, measured_on="cpu"):
    def measure(run):
        return Probe(run.describe(), 1000, step_s=0.1, slice_s=0.01, draft_s=0.001)

    return forecast(check(parse(text, "toy.yaml")), SLICES, True, measure, measured_on)


def test_a_trial_is_its_steps_its_drafts_and_its_scoring():
    one = found([4, 8])
    assert [trial.seconds for trial in one.trials] == [pytest.approx(10 * (10 * 0.1 + 10 * 0.001) + 40 * 0.01)] * 2


@pytest.mark.parametrize(
    ("train", "mean"),
    [
        ("{epochs: {integer: [10, 50], step: 10}}", 30),
        ("{epochs: {integer: [10, 50], step: 10}, seed: {integer: [0, 199]}, batch_size: {choice: [4, 8]}}", 30),
        ("{epochs: {loginteger: [10, 1000]}}", 990 / 4.605),
        ("{epochs: 50, stop_after: {choice: [10, 20, null]}}", 80 / 3),
        ("{choice: [{epochs: 10}, {epochs: {choice: [40, 60]}}]}", 30),
        ("{epochs: 7}", 7),
    ],
)
def test_a_trial_is_as_long_as_one_that_is_drawn_at_random(train, mean):
    model = "{kind: vae_gan, latent: {kind: dense, dim: {choice: [4, 8]}}}"
    text = f"study: toy\ncohort: {{kind: phantom}}\nrun: {{model: {model}, train: {train}}}"
    assert [trial.epochs for trial in foreseen(text).trials] == [pytest.approx(mean, rel=0.08)] * 2
    assert "with epochs at their mean" in said(foreseen(text))


def test_a_model_of_several_runs_is_as_long_as_these_on_average():
    runs = [f"{{model: sVAE, train: {{epochs: {epochs}}}}}" for epochs in (10, 50)]
    runs.append("{model: dVAE, train: {epochs: 20}}")
    text = f"study: toy\ncohort: {{kind: phantom}}\nrun: {{choice: [{', '.join(runs)}]}}"
    assert [trial.epochs for trial in foreseen(text).trials] == [30, 20]


def test_a_study_is_as_many_trials_as_its_space_and_its_budget_have_two_at_a_time():
    assert found([4, 8], trials=9).trainings == 2
    assert found([4, 8, 16, 32], trials=3).trainings == 3
    assert found([4, 8, 16, 32], trials=3).wall_s == pytest.approx(2 * 10.5)
    assert found([4, 8], hours=0.001).wall_s == pytest.approx(3.6)


def test_every_repeat_is_a_training():
    assert found([4, 8], trials=9, more="repeats: 5").trainings == 10


def test_of_many_architectures_some_are_probed_and_it_says_so():
    many = found(range(1, 21))
    assert many.architectures == 20
    assert len(many.trials) <= MOST
    assert f"20 architectures at its corners, {len(many.trials)} of them probed" in said(many)


def said(forecast):
    console = Console(record=True, width=120)
    console.print(shown(forecast))
    return console.export_text()


def test_gpu_hours_are_counted_and_those_measured_on_a_cpu_say_so():
    more, note = "resources: {gpus_per_worker: 2}", "Measured on this CPU"
    assert "0.012 GPU hours" in said(found([4, 8], more=more))  # 2 trials of 10.5 s with 2 GPUs each
    assert note in said(found([4, 8], more=more))
    assert note not in said(found([4, 8], more=more, measured_on="cuda"))
    assert note not in said(found([4, 8]))


@pytest.mark.parametrize("name", ["dVAE", "intensity", "AnoGAN"])
def test_a_probe_measures_what_a_model_takes(name):
    run = RunConfig(model=small(name), train={"epochs": 2, "batch_size": 4, "precision": "fp32"})
    measured = probe(run, 32, torch.device("cpu"), threads=1)
    assert (measured.step_s > 0) is (name != "intensity")
    assert (measured.parameters > 0) is (name != "intensity")
    assert measured.slice_s > 0
