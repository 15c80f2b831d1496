"""Trials that are lost, in every way that they are: the study goes on, and everything it writes says the same of them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "benchmarks" / "study.py"


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """A study of 12 trials, 4 of which are made to fail, and how its run went."""
    folder = tmp_path_factory.mktemp("lost") / "kept"
    command = [sys.executable, str(SCRIPT), "failures", "--trials", "12", "--lost", "4", "--keep", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
    return folder / "studies" / "failures", done


@pytest.mark.slow
def test_ledger_optuna_tune_and_mlflow_agree_row_by_row_about_lost_trials(lost):
    _, done = lost
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["lost"] == {"nan": 1, "exception": 1, "killed": 1, "memory": 1}
    assert told["disagreements"] == 0


@pytest.mark.slow
def test_every_lost_trial_has_its_reason_and_every_other_its_scores(lost):
    study, _ = lost
    records = [json.loads((study / "trials" / f"{index:04d}" / "trial.json").read_text()) for index in range(12)]
    reasons = {record["index"]: record["reason"] for record in records if record["status"] != "completed"}
    assert list(reasons) == [2, 5, 8, 11]
    assert "UAD-310 epoch 1" in reasons[2]
    assert "panels.png" in reasons[5]
    assert "UAD-312 trial 8" in reasons[8]
    assert "3 that died" in reasons[8]
    assert "can't allocate memory" in reasons[11]
    assert all(0 <= record["val"]["auprc"] <= 1 for record in records if record["index"] not in reasons)


@pytest.mark.slow
def test_a_lost_process_leaves_no_word_of_ray_on_the_screen(lost):
    _, done = lost
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == ""
