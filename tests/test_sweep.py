"""A study from its file to its verdict, as a user runs it."""

import json
import shutil

import mlflow
import nibabel as nib
import numpy as np
import optuna
import pytest
from sweeping import SPACE, command, run, table


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
def test_a_finished_study_is_told_again_without_computing(undisturbed):
    folder, done = undisturbed
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    again = run(command(folder))
    assert again.returncode == 0
    assert again.stdout.split("test patients, scored once")[1] == done.stdout.split("test patients, scored once")[1]
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")} == before


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
