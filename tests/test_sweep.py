"""The main job as its user runs it: from a cohort to compared trials."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import nibabel as nib
import numpy as np
import optuna
import pytest
import ray

from uadray.data.phantom.cohort import PhantomCohort

SPACE = """\
study: tiny
cohort: {kind: phantom, healthy: 8, lesion: 4, spacing_mm: 4}
prepare: {slices: {kind: middle, count: 6}, canvas: {kind: resample, size: 32}}
objectives: {val/dice_mean: max}
budget: {trials: 5, concurrent_trials: 2}
sampler: {kind: tpe, startup_trials: 2}
scheduler: {kind: asha, grace_epochs: 1, reduction_factor: 2}
enqueue: [sVAE]
run:
  model:
    kind: vae_gan
    latent:
      choice:
        - {kind: dense, dim: {choice: [8, 16]}}
        - {kind: spatial, size: {choice: [8, 16]}, channels: {choice: [4, 64]}}
    posterior: {choice: [{kind: deterministic}, {kind: gaussian, kl_weight: {loguniform: [1.0e-3, 1.0]}}]}
    adversary: {choice: [{kind: none}, {kind: image}]}
  train: {epochs: 3}
  scoring: {median_filter: 3, threshold: {kind: healthy_percentile, percentile: {uniform: [90.0, 99.0]}}}
"""


def command(folder, *options):
    """The sweep of SPACE in a folder, as a subprocess would be started."""
    (folder / "tiny.yaml").write_text(SPACE)
    return [
        sys.executable,
        "-m",
        "uadray.sweep",
        str(folder / "tiny.yaml"),
        "--workspace",
        str(folder / "runs"),
        *options,
    ]


def run(arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=300, **options)


def table(folder):
    """The study's numbers, times aside."""
    study = folder / "runs" / "studies" / "tiny"
    trials = {path.parent.name: json.loads(path.read_text()) for path in study.glob("trials/*/trial.json")}
    return without_times(
        {"trials": trials, **{name: json.loads((study / f"{name}.json").read_text()) for name in ("selection", "test")}}
    )


def without_times(tree):
    if isinstance(tree, dict):
        return {key: without_times(value) for key, value in tree.items() if "seconds" not in key and key != "timing"}
    return [without_times(value) for value in tree] if isinstance(tree, list) else tree


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    done = run(command(folder))
    assert done.returncode == 0, done.stderr + done.stdout
    return folder, done


@pytest.mark.slow
def test_a_study_ends_with_test_scores_beside_the_baseline_and_says_where_things_are(undisturbed):
    folder, done = undisturbed
    for expected in (
        "5 of 5 trials done",
        "intensity baseline",
        "chance",
        "2 test patients, scored once",
        "MLflow",
        "±",
    ):
        assert expected in done.stdout
    assert done.stderr == ""
    assert "\x1b" not in done.stdout  # plain lines where there is no terminal
    found = table(folder)
    assert len(found["trials"]) == 5
    assert found["selection"]["trial"] == found["test"]["trial"]
    winner = found["trials"][f"{found['test']['trial']:04d}"]
    assert winner["val"] == found["test"]["winner"]["val"]
    best = max(trial["val"]["dice_mean"] for trial in found["trials"].values())
    assert winner["val"]["dice_mean"] == best


@pytest.mark.slow
def test_a_killed_study_goes_on_and_its_table_equals_the_undisturbed_one_digit_for_digit(undisturbed, tmp_path):
    trials = tmp_path / "runs" / "studies" / "tiny" / "trials"
    first = subprocess.Popen(command(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list(trials.glob("*/trial.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    time.sleep(3)  # the killed driver's workers notice and leave
    finished = {path: path.stat().st_mtime_ns for path in trials.glob("*/trial.json")}
    assert 2 <= len(finished) < 5
    done = run(command(tmp_path))
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in finished} == finished  # no finished trial ran again
    assert table(tmp_path) == table(undisturbed[0])


@pytest.mark.slow
def test_a_finished_study_is_told_again_without_computing(undisturbed):
    folder, done = undisturbed
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    again = run(command(folder))
    assert again.returncode == 0
    assert again.stdout.split("test patients, scored once")[1] == done.stdout.split("test patients, scored once")[1]
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")} == before


def verb(name, *arguments):
    return run([sys.executable, "-m", f"uadray.{name}", *map(str, arguments)])


@pytest.mark.slow
def test_the_selected_run_is_trained_again_from_its_file_to_the_same_numbers(undisturbed, tmp_path):
    best = undisturbed[0] / "runs" / "studies" / "tiny" / "best.yaml"
    done = verb("train", best, "--workspace", tmp_path)  # where no trained weights are found
    assert done.returncode == 0, done.stderr
    (again,) = (tmp_path / "studies").glob("tiny-best/trials/*/trial.json")
    record, found = json.loads(again.read_text()), table(undisturbed[0])
    assert record["seconds_reused"] == 0
    assert record["val"] == found["test"]["winner"]["val"]
    assert not (again.parents[2] / "openings.jsonl").exists()  # the test patients are not read


@pytest.mark.slow
def test_a_study_whose_budget_grows_goes_on_and_chooses_anew(undisturbed, tmp_path):
    shutil.copytree(undisturbed[0] / "runs", tmp_path / "runs")
    study = tmp_path / "runs" / "studies" / "tiny"
    finished = {path: path.stat().st_mtime_ns for path in study.glob("trials/*/trial.json")}
    refused = run([*command(tmp_path), "budget.trials=7"])
    assert refused.returncode == 2
    assert "UAD-301 tiny budget.trials" in refused.stderr
    done = run([*command(tmp_path), "budget.trials=7", "--extend"])
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in finished} == finished  # no finished trial ran again
    assert len(table(tmp_path)["trials"]) == 7
    assert (study / "selection-1.json").is_file()
    assert json.loads((study / "test-1.json").read_text())["trial"] == table(undisturbed[0])["test"]["trial"]
    openings = [json.loads(line)["for"] for line in (study / "openings.jsonl").read_text().splitlines()]
    assert openings.count("verdict") == 4  # patients and healthy subjects, twice
    told = verb("status", study)
    assert "7 of 7 trials done" in told.stdout
    assert "Nobody runs it. It ended: all 7 trials are done" in told.stdout


@pytest.mark.slow
def test_the_best_are_trained_again_with_several_seeds_and_compared(undisturbed, tmp_path):
    shutil.copytree(undisturbed[0] / "runs", tmp_path / "runs")
    done = verb("retrain", tmp_path / "runs" / "studies" / "tiny", "--top", 1, "--seeds", 2)
    assert done.returncode == 0, done.stderr
    (study,) = (tmp_path / "runs" / "studies").glob("tiny-top1-seeds2-*")
    records = [json.loads(path.read_text()) for path in sorted(study.glob("trials/*/trial.json"))]
    assert [record["run"]["train"]["seed"] for record in records] == [0, 1]
    assert records[0]["seconds_reused"] > 0  # with its own seed the winner is there already
    compared = json.loads((study / "comparison.json").read_text())
    assert sorted(row["trainings"] for row in compared) == [1, 2]


@pytest.mark.slow
def test_mlflow_has_one_run_a_trial_with_the_same_parameters_in_every_run(undisturbed):
    folder, _ = undisturbed
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{folder / 'runs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("uadray/tiny")
    runs = client.search_runs([experiment.experiment_id])
    parents = [each for each in runs if "mlflow.parentRunId" not in each.data.tags]
    children = [each for each in runs if "mlflow.parentRunId" in each.data.tags]
    assert len(parents) == 1
    assert len(children) == 6  # five trials and the intensity baseline
    assert len({frozenset(each.data.params) for each in children}) == 1
    numeric = ["lambda_1", "lambda_2", "lambda_3", "latent_size", "latent_channels", "threshold_percentile", "epochs"]
    assert all(float(each.data.params[name]) >= 0 for each in children for name in numeric)
    assert all({"val/auprc", "val/dice_mean", "val/seconds_per_slice"} <= each.data.metrics.keys() for each in children)
    assert {"test/auprc", "test/dice_mean"} <= parents[0].data.metrics.keys()
    trial = next(each for each in children if each.data.params["trial"] == "0")
    assert [point.step for point in client.get_metric_history(trial.info.run_id, "val/l1")] == [1, 2, 3]
    figures = [file.path for file in client.list_artifacts(trial.info.run_id, "figures")]
    assert figures == ["figures/panels.png", "figures/samples.png"]


@pytest.mark.slow
def test_optuna_knows_every_trial_by_its_state(undisturbed):
    folder, _ = undisturbed
    study = optuna.load_study(
        study_name="tiny", storage=f"sqlite:///{folder / 'runs' / 'studies' / 'tiny' / 'optuna.db'}"
    )
    states = {"completed": "COMPLETE", "stopped": "PRUNED"}
    expected = [states[trial["status"]] for _, trial in sorted(table(folder)["trials"].items())]
    assert [trial.state.name for trial in study.trials] == expected


@pytest.mark.slow
def test_two_gloo_workers_a_trial_finish_a_study_with_early_stops(tmp_path):
    arguments = command(tmp_path)
    text = SPACE.replace("trials: 5, concurrent_trials: 2", "trials: 3, concurrent_trials: 1")
    (tmp_path / "tiny.yaml").write_text(
        text.replace("reduction_factor: 2", "reduction_factor: 2}\nresources: {workers: 2")
    )
    done = run(arguments)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "3 of 3 trials done" in done.stdout


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    subjects = PhantomCohort(healthy=5, lesion=2, spacing_mm=4).subjects(folder)
    return subjects[0].image.parents[2]


@pytest.fixture
def copied(cohort, tmp_path):
    return Path(shutil.copytree(cohort, tmp_path / "cohort"))


def refused(tmp_path, *options, space=SPACE):
    """What the sweep prints of wrong input; Ray and stores must not have begun."""
    arguments = command(tmp_path, *options)
    (tmp_path / "tiny.yaml").write_text(space)
    done = run(arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs" / "studies").exists()
    assert not ray.is_initialized()
    return done.stderr


def test_a_misspelt_key_is_refused(tmp_path):
    assert "UAD-210" in (said := refused(tmp_path, space=SPACE.replace("trials: 5", "trails: 5")))
    assert "tiny.yaml:5:18 budget.trails" in said
    assert "Did you mean `trials`?" in said


def test_overrides_are_refused_together_with_the_file_that_they_change(tmp_path):
    said = refused(tmp_path, "budget.hour=3", "epochs", space=SPACE.replace("trials: 5", "trails: 5"))
    assert "UAD-210 override budget.hour: must be a known key; got 'hour'. Did you mean `hours`?" in said
    assert "UAD-217 override epochs: must be KEY=VALUE" in said
    assert "tiny.yaml:5:18 budget.trails" in said
    assert "3 problems; nothing was computed" in said


def test_a_truncated_scan_and_a_mask_of_another_shape_are_refused_together(copied, tmp_path):
    scan = copied / "sub-healthy001" / "anat" / "sub-healthy001_FLAIR.nii.gz"
    scan.write_bytes(scan.read_bytes()[:5000])
    mask = next(copied.glob("derivatives/masks/*/anat/*_label-lesion_mask.nii.gz"))
    image = nib.load(mask)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj)[:-1], image.affine), mask)
    said = refused(tmp_path, "--bids", str(copied))
    assert "UAD-102 sub-healthy001" in said
    assert "UAD-109" in said
    assert "2 problems; nothing was computed" in said


def test_an_empty_cohort_is_refused(copied, tmp_path):
    (copied / "participants.tsv").write_text("participant_id\tgroup\n")
    assert "UAD-122" in refused(tmp_path, "--bids", str(copied))


def test_a_missing_cohort_is_refused(tmp_path):
    assert "UAD-120" in refused(tmp_path, "--bids", str(tmp_path / "absent"))


@pytest.mark.slow
def test_random_labels_of_test_patients_change_nothing_before_the_verdict(undisturbed, tmp_path):
    folder, _ = undisturbed
    cohort = tmp_path / "runs" / "cohorts"
    shutil.copytree(folder / "runs" / "cohorts", cohort)
    store = next((folder / "runs" / "stores").glob("*/manifest.json"))
    members = json.loads(store.read_text())["subjects"]
    tested = [name for name, member in members.items() if (member["split"], member["group"]) == ("test", "lesion")]
    assert len(tested) == 2
    random = np.random.default_rng(0)
    for name in tested:
        (path,) = cohort.rglob(f"{name}_label-lesion_mask.nii.gz")
        mask = nib.load(path)
        labels = (random.random(mask.shape) < 0.01).astype(np.uint8)
        nib.save(nib.Nifti1Image(labels, mask.affine), path)
    done = run(command(tmp_path))
    assert done.returncode == 0, done.stderr
    before, after = table(folder), table(tmp_path)
    for trial in [*before["trials"].values(), *after["trials"].values()]:
        trial.pop("training")  # its name holds the store's
    assert after["trials"] == before["trials"]
    for sealed in (before["selection"], after["selection"]):
        sealed.pop("store")
    assert after["selection"] == before["selection"]
    for contender in ("winner", "baseline"):  # nor what was fitted for the verdict
        one, other = before["test"][contender], after["test"][contender]
        assert (other["run"], other["val"]) == (one["run"], one["val"])
        assert other["test"]["threshold"] == one["test"]["threshold"]
    assert after["test"] != before["test"]


@pytest.mark.slow
def test_a_study_of_healthy_people_alone_ends_with_a_choice_and_says_that_nothing_was_tested(tmp_path):
    arguments = command(tmp_path)
    space = SPACE.replace("lesion: 4", "lesion: 0").replace("val/dice_mean", "val/synthetic_dice")
    (tmp_path / "tiny.yaml").write_text(space.replace("trials: 5", "trials: 3"))
    done = run(arguments)
    assert done.returncode == 0, done.stderr + done.stdout
    for expected in ("3 of 3 trials done", "painted Dice", "labels read for it: none", "Nothing could be tested"):
        assert expected in done.stdout
    study = tmp_path / "runs" / "studies" / "tiny"
    assert (study / "selection.json").is_file()
    assert not (study / "test.json").exists()
    assert not (study / "openings.jsonl").exists()
    again = run(arguments)
    assert again.returncode == 0, again.stderr
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    runs = client.search_runs([client.get_experiment_by_name("uadray/tiny").experiment_id])
    assert {each.info.status for each in runs} <= {"FINISHED", "KILLED"}


def test_patients_are_asked_for_where_an_objective_needs_them(tmp_path):
    assert "patients to validate on, for val/dice_mean" in refused(
        tmp_path, space=SPACE.replace("lesion: 4", "lesion: 0")
    )
