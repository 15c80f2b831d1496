"""The entry point that looks at a machine."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.fixture
def home(tmp_path):
    token = tmp_path / "home" / ".ray" / "auth_token"
    token.parent.mkdir(parents=True)
    token.write_text("7" * 64)
    token.chmod(0o600)
    return tmp_path / "home"


def doctor(home, *arguments, **environment):
    command = [sys.executable, "-m", "uadray.doctor", *map(str, arguments)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "MLFLOW_"))}
    env = {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "200", **environment}
    return subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=120)


def test_a_fit_machine_ends_with_0_and_leaves_nothing_behind(home, tmp_path):
    done = doctor(home, "--workspace", tmp_path / "runs", "--json")
    findings = {finding["about"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == (1 if "problem" in {finding["state"] for finding in findings.values()} else 0)
    assert findings["Ray's token"]["state"] == "ok"
    for library in ("Ray", "MLflow"):
        assert findings[f"telemetry of {library}"]["state"] == "ok"
        assert findings[f"telemetry of {library}"]["said"].startswith("off in studies")
    assert not (tmp_path / "runs").exists()
    assert [path.name for path in home.iterdir()] == [".ray"]


def test_a_problem_ends_with_1_and_says_what_to_do(home, tmp_path):
    (home / ".ray" / "auth_token").chmod(0o644)
    done = doctor(home, "--workspace", tmp_path / "runs")
    assert done.returncode == 1
    assert "chmod 600" in done.stdout
    shared = done.stdout.partition("For a bug report")[2]
    assert "others can read or change it" in shared
    assert str(tmp_path) not in shared


def test_telemetry_that_a_user_switches_on_is_told(home, tmp_path):
    done = doctor(
        home, "--workspace", tmp_path, "--json", MLFLOW_DISABLE_TELEMETRY="false", RAY_USAGE_STATS_ENABLED="1"
    )
    findings = {finding["about"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert findings["telemetry of MLflow"]["state"] == "warning"
    assert findings["telemetry of Ray"]["state"] == "warning"
    assert findings["telemetry of Ray"]["said"].startswith("off in studies")  # which overrule it


def test_a_cluster_that_does_not_answer_is_a_problem(home, tmp_path):
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))  # and does not listen
        address = f"127.0.0.1:{asked.getsockname()[1]}"
        done = doctor(home, "--workspace", tmp_path, "--address", address, "--json")
    findings = {finding["about"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 1
    assert findings["cluster"]["state"] == "problem"
    assert "ray status" in findings["cluster"]["do"]


def test_a_cluster_is_asked_node_by_node(home, tmp_path):
    program = (
        "import ray, sys; from pathlib import Path; from uadray.diagnosis.cluster import cluster; from uadray.study.workspace.workspace import workspace_at\n"
        "from ray.cluster_utils import Cluster\n"
        "nodes = Cluster(initialize_head=True, head_node_args={'num_cpus': 1, 'include_dashboard': False})\n"
        "nodes.add_node(num_cpus=2)\n"
        f"for finding in cluster(nodes.address, lambda: workspace_at({str(tmp_path)!r})): print(finding)\n"
        "nodes.shutdown()"
    )
    env = {**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=120)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("ok", "warning", "problem"))]
    assert lines == [
        "ok      cluster: 2 nodes, 3 CPUs, 0 GPUs",
        "warning token of the cluster: not known: the cluster has no dashboard that could be asked. "
        "Start every node of it with RAY_AUTH_MODE=token.",
        "ok      shared workspace: every node reads and writes it",
        "ok      versions of nodes: the same as here",
    ], done.stderr


def test_an_object_store_that_is_not_known_is_a_problem(home):
    done = doctor(home, "--workspace", "ftp://absent-store/runs", "--json")
    findings = {finding["about"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 1
    assert findings["object store"]["state"] == "problem"
    assert "absent-store" not in json.loads(done.stdout)["to_paste"]


def test_an_address_that_is_none_is_refused_before_anything_is_looked_at(home):
    done = doctor(home, "--address", "ray://head:10001")
    assert done.returncode == 2
    assert "UAD-441" in done.stderr
