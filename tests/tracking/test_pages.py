"""MLflow's pages on a workspace's database: on this machine alone, and where the workspace is now."""

import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests
from commanding import uadray


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.slow
def test_a_moved_workspace_is_shown_where_it_is_now_until_ctrl_c(mirror, workspace, tmp_path, monkeypatch, port):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mirror.everything()
    moved = shutil.move(workspace, tmp_path / "moved")
    command = [sys.executable, "-m", "uadray.ui", "--workspace", str(moved), "--port", str(port)]
    pages = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        asked = {"experiment_ids": [experiment(port)]}
        runs = requests.post(f"{api(port)}/runs/search", json=asked, timeout=60).json()["runs"]
    finally:
        pages.send_signal(signal.SIGINT)
        said, _ = pages.communicate(timeout=60)
    assert runs
    assert all(run["info"]["artifact_uri"].startswith(f"{moved.as_uri()}/") for run in runs)
    assert said.splitlines()[0] == f"sqlite:///{moved}/mlflow.db on http://127.0.0.1:{port}, until Ctrl-C"


def api(port):
    return f"http://127.0.0.1:{port}/api/2.0/mlflow"


def experiment(port):
    """The id of the study's experiment, as soon as the pages answer."""
    deadline = time.monotonic() + 120
    while True:
        try:
            found = requests.get(f"{api(port)}/experiments/get-by-name?experiment_name=uadray/toy", timeout=60)
            return found.json()["experiment"]["experiment_id"]
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_a_workspace_that_nothing_was_logged_to_and_a_taken_port_are_refused_together(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        refused = uadray("ui", "--workspace", tmp_path, "--port", taken)
    assert refused.exit_code == 2
    assert f"UAD-411 sqlite:///{tmp_path}/mlflow.db: must have been logged to" in refused.output
    assert f"UAD-412 port {taken} of 127.0.0.1: must be free; got Address already in use." in refused.output
    assert list(tmp_path.iterdir()) == []


def test_a_server_has_pages_of_its_own(tmp_path, monkeypatch, port):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:secret@example.org:5000")
    refused = uadray("ui", "--workspace", tmp_path, "--port", port)
    assert refused.exit_code == 2
    assert "UAD-411 MLFLOW_TRACKING_URI: must be a database; got http://example.org:5000." in refused.output
