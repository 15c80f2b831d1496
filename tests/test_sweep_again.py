"""Studies that go on: after a kill, with a larger budget, and from what they found."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import optuna
import pytest
from sweeping import command, run, table, verb

from uadray.layout import FINDINGS


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
def test_a_study_in_the_background_ends_when_a_scheduler_asks_it_to(tmp_path):
    in_background = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", in_background, *command(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    trials = tmp_path / "runs" / "studies" / "tiny" / "trials"
    deadline = time.monotonic() + 120
    while not list(trials.glob("*/trial.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    first.terminate()
    _, said = first.communicate(timeout=60)
    assert first.returncode == 130, said
    assert "Interrupted. What is finished is kept" in said
    assert not (trials.parent / "test.json").exists()


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
def test_what_a_kill_left_untold_of_the_last_trials_is_told_when_the_study_goes_on(undisturbed, tmp_path):
    shutil.copytree(undisturbed[0] / "runs", tmp_path / "runs")
    study = tmp_path / "runs" / "studies" / "tiny"
    for name in FINDINGS:
        (study / name).unlink(missing_ok=True)
    with closing(sqlite3.connect(study / "optuna.db")) as database, database:
        database.execute("UPDATE trials SET state = 'RUNNING', datetime_complete = NULL WHERE number > 2")
        database.execute("DELETE FROM trial_values WHERE trial_id > 3")
    done = run(command(tmp_path))
    assert done.returncode == 0, done.stderr
    assert table(tmp_path) == table(undisturbed[0])
    assert told(study) == told(undisturbed[0] / "runs" / "studies" / "tiny")


def told(study):
    """What Optuna knows of the trials of a study."""
    trials = optuna.load_study(study_name="tiny", storage=f"sqlite:///{study}/optuna.db").trials
    return [(trial.state.name, trial.params, trial.values) for trial in trials]


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
