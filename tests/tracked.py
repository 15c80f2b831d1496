"""What a store of MLflow holds of the study that the tracking's tests log, and a server to log to."""

import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mlflow
import requests


def runs_of(client):
    """The study's runs by key, each there once."""
    experiment = client.get_experiment_by_name("uadray/toy")
    found = client.search_runs([experiment.experiment_id])
    runs = {run.data.tags["uadray.key"]: run for run in found}
    assert len(runs) == len(found)
    return runs


def held(client):
    """All that a store holds of the study but for its own ids: runs with histories and files, and models by alias."""
    runs = {key: content(client, run) for key, run in runs_of(client).items()}
    models = {}
    for alias, number in client.get_registered_model("uadray-toy").aliases.items():
        version = client.get_model_version("uadray-toy", number)
        folder = downloaded(client, "uadray-toy", alias)
        models[alias] = version.tags, version.description, digests(folder)
    return runs, models


def downloaded(client, name, alias):
    """The folder of the model behind an alias, fetched as a user of MLflow would."""
    version = client.get_model_version_by_alias(name, alias)
    uri = client.get_model_version_download_uri(name, version.version)
    target = tempfile.mkdtemp()
    return Path(
        mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=target, tracking_uri=client.tracking_uri)
    )


def digests(folder):
    """The SHA-256 of a folder's files, by their paths."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def content(client, run):
    number = run.info.run_id
    history = {
        key: [(p.step, p.value, p.timestamp) for p in client.get_metric_history(number, key)]
        for key in run.data.metrics
    }
    tags = {key: value for key, value in run.data.tags.items() if key != "mlflow.parentRunId"}
    inputs = [(each.dataset.name, each.dataset.digest) for each in run.inputs.dataset_inputs]
    times = (run.info.start_time, run.info.end_time)
    return run.info.run_name, run.info.status, times, run.data.params, history, tags, inputs, files(client, number)


def files(client, run_id):
    """The SHA-256 of a run's files, by their paths."""
    if not client.list_artifacts(run_id):
        return {}
    return digests(Path(client.download_artifacts(run_id, "", tempfile.mkdtemp())))


class MlflowServer:
    """`mlflow server` on a free port of this machine; it can be killed and started again."""

    def __init__(self, folder, backend):
        self.folder, self.backend = folder, backend
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", self.backend, "--serve-artifacts"]
        command += ["--artifacts-destination", str(self.folder / "artifacts"), "--host", "127.0.0.1"]
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with (self.folder / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port), "--workers", "1"],
                stdout=log, stderr=log, cwd=self.folder, env={**os.environ, **quiet}, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self.uri}/health", timeout=1).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.2)
        raise AssertionError((self.folder / "server.log").read_text()[-2000:])

    def kill(self):
        if self.process is not None:
            os.killpg(self.process.pid, 9)
            self.process.wait()
