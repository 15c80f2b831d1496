"""The Slurm script: shellcheck reads it, and it runs with stand-ins that write down what they are asked."""

import os
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest
from cluster_files import CLUSTERS

SCRIPT = CLUSTERS / "slurm.sbatch"
NOTE = 'printf \'%s\\n\' "$(basename "$0") $*" >> "$NOTES"\n'
STAND_INS = {
    "scontrol": 'if [ "$1" = show ]; then printf "node1\\nnode2\\n"; fi',
    "srun": 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"',
    "hostname": "echo '10.1.2.3 172.17.0.1 '",
    "ray": """case "$1" in
        get-auth-token) mkdir -p "$HOME/.ray"; echo secret > "$HOME/.ray/auth_token"; echo secret ;;
        symmetric-run) env | grep -E '^(RAY|MLFLOW)_' >> "$NOTES"
            while [ "$1" != -- ]; do shift; done; shift; exec "$@" ;;
    esac""",
    "python": 'sleep "${STUDY_S:-0}"; exit "${STUDY_ENDS:-0}"',
}


@pytest.fixture
def job(tmp_path):
    """What the script is started with: stand-ins first on the PATH, the variables of a job, an empty home."""
    for name, body in STAND_INS.items():
        stand_in = tmp_path / "bin" / name
        stand_in.parent.mkdir(exist_ok=True)
        stand_in.write_text(f"#!/bin/sh\n{NOTE}{body}\n")
        stand_in.chmod(0o755)
    return {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "NOTES": str(tmp_path / "notes"),
        "SLURM_JOB_ID": "1234567",
        "SLURM_JOB_NODELIST": "node[1-2]",
        "SLURM_JOB_NUM_NODES": "2",
        "SLURM_CPUS_PER_TASK": "16",
        "SLURM_GPUS_ON_NODE": "1",
    }


def run(job, *arguments):
    done = subprocess.run(["bash", str(SCRIPT), *arguments], env=job, capture_output=True, text=True, timeout=30)
    with open(job["NOTES"]) as notes:
        return done, notes.read().splitlines()


def of(notes, program):
    return [line.removeprefix(f"{program} ") for line in notes if line.startswith(f"{program} ")]


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed (Debian: shellcheck)")
def test_shellcheck_finds_nothing():
    done = subprocess.run(["shellcheck", "--shell=bash", str(SCRIPT)], capture_output=True, text=True)
    assert done.stdout == ""


def test_ray_is_started_on_all_nodes_and_the_study_once(job):
    done, notes = run(job)
    assert done.returncode == 0, done.stderr
    first, second = of(notes, "srun")
    assert first == "--nodes=1 --ntasks=1 --nodelist=node1 hostname -I"
    assert second.startswith("--nodes=2 --ntasks=2 --cpus-per-task=16 ")
    (started,) = [line for line in of(notes, "ray") if line.startswith("symmetric-run")]
    assert started.startswith("symmetric-run --address 10.1.2.3:24567 --min-nodes 2 --num-cpus=16 --num-gpus=1 ")
    (study,) = of(notes, "python")
    assert study.startswith("-m uadray.sweep search_spaces/latent.yaml --address auto --workspace ")


def test_another_space_is_an_argument(job):
    _, notes = run(job, "search_spaces/table1.yaml")
    assert "search_spaces/table1.yaml" in of(notes, "python")[0]


def test_what_stands_behind_the_space_is_passed_on_as_it_is(job, tmp_path):
    words = tmp_path / "bin" / "python"
    words.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$NOTES.words"\n')
    asked = ["search_spaces/latent.yaml", "--bids", "/shared/my cohort", "run.train.epochs={choice: [8, 16]}"]
    run(job, *asked)
    passed = Path(f"{job['NOTES']}.words").read_text().splitlines()
    assert passed[2] == asked[0]
    assert passed[-3:] == asked[1:]


def test_without_arguments_nothing_but_the_scripts_own_is_passed(job):
    _, notes = run(job)
    own = "resources.gpus_per_worker=1 budget.concurrent_trials=2"
    assert of(notes, "python")[0].endswith(own)


def test_authentication_is_on_and_telemetry_off_for_every_process(job):
    _, notes = run(job)
    assert {"RAY_AUTH_MODE=token", "RAY_USAGE_STATS_ENABLED=0", "MLFLOW_DISABLE_TELEMETRY=true"} <= set(notes)


def test_a_token_is_made_once_for_its_owner_alone_and_not_printed(job, tmp_path):
    done, notes = run(job)
    token = tmp_path / ".ray" / "auth_token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert "secret" not in done.stdout + done.stderr
    token.chmod(0o644)
    _, again = run(job)
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert len([line for line in again if "get-auth-token" in line]) == len([n for n in notes if "get-auth-token" in n])


def test_a_study_that_fails_fails_the_job(job):
    done, _ = run({**job, "STUDY_ENDS": "2"})
    assert done.returncode == 2


def test_before_the_time_is_over_the_job_is_queued_again(job):
    process = subprocess.Popen(["bash", str(SCRIPT)], env={**job, "STUDY_S": "3"}, start_new_session=True)
    until = time.monotonic() + 20
    notes = Path(job["NOTES"])
    while "python " not in (notes.read_text() if notes.exists() else ""):
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGUSR1)  # as --signal=B:USR1@180 does, to the batch shell alone
    process.wait(20)
    assert "scontrol requeue 1234567" in notes.read_text().splitlines()
    assert "#SBATCH --signal=B:USR1@180" in SCRIPT.read_text()
    assert "#SBATCH --requeue" in SCRIPT.read_text()


def test_every_option_of_symmetric_run_is_one_of_rays(job):
    from ray.scripts.scripts import start
    from ray.scripts.symmetric_run import symmetric_run

    known = {option for command in (start, symmetric_run) for parameter in command.params for option in parameter.opts}
    _, notes = run(job)
    (started,) = [line for line in of(notes, "ray") if line.startswith("symmetric-run")]
    asked = {word.partition("=")[0] for word in started.partition(" -- ")[0].split() if word.startswith("--")}
    assert asked <= known
