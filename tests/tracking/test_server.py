"""A real MLflow server that dies and comes back, on SQLite and on PostgreSQL."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from tracked import MlflowServer, downloaded, held

from uadray.bundle.bundle import Bundle
from uadray.tracking import tracker
from uadray.tracking.mirror import Mirror
from uadray.tracking.server import Server, tracking_uri
from uadray.tracking.tracker import Tracker


def test_the_uri_is_the_environments_and_else_a_file_in_the_workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://somewhere:5000")
    assert tracking_uri(tmp_path) == "http://somewhere:5000"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert tracking_uri(tmp_path) == f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.mark.parametrize("scheme", ["http", "https", "postgresql"])
def test_no_password_is_shown(tmp_path, scheme):
    server = Server(f"{scheme}://ann:secret@host:5000/mlflow", tmp_path)
    assert str(server) == f"{scheme}://host:5000/mlflow"
    assert server.redacted("no ann:secret@host") == "no host"


def test_an_experiment_that_was_deleted_is_restored(database, workspace):
    server = Server(f"sqlite:///{database}", workspace)
    made = server.experiment("toy", "val/auprc", "max")
    server.client.delete_experiment(made)
    assert server.experiment("toy", "val/auprc", "max") == made
    assert server.client.get_experiment(made).tags["mlflow.experiment.primaryMetric.name"] == "val/auprc"


@pytest.mark.slow
def test_a_server_that_died_in_between_has_after_a_sync_what_an_undisturbed_one_has(
    workspace, mlflow_server, undisturbed, monkeypatch
):
    study = workspace / "studies" / "toy"
    mlflow_server.start()
    server = Server(mlflow_server.uri, workspace)
    mirror = Mirror(study, server)
    mirror.trial(0)
    whole = server.client.log_artifact

    def killed(*arguments):
        mlflow_server.kill()
        whole(*arguments)

    monkeypatch.setattr(server.client, "log_artifact", killed)  # in the middle of a trial
    monkeypatch.setattr(tracker, "AWAY_S", 5.0)
    with Tracker(study, server) as tracked:
        for index in range(1, 4):
            tracked.trial(index)
        tracked.ending()
    assert "was away" in tracked.place()
    mlflow_server.start()
    for _ in range(2):
        Mirror(study, Server(mlflow_server.uri, workspace)).everything()
        assert held(Server(mlflow_server.uri, workspace).client) == undisturbed


def unprivileged():
    """The user that runs the database, which refuses root; None where this one will do."""
    return "postgres" if os.geteuid() == 0 else None


@pytest.fixture
def postgres(tmp_path_factory):
    """The URI of a PostgreSQL of its own, on a free port of this machine."""
    pytest.importorskip("psycopg2", reason="no driver for PostgreSQL")
    found = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")),
        *map(Path, filter(None, [shutil.which("pg_ctl")])),
    ]
    if not found:
        pytest.skip("no PostgreSQL is installed")
    programs, folder = found[-1].parent, tmp_path_factory.mktemp("postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = unprivileged()
    if user is not None:
        shutil.chown(folder, user)
        for parent in folder.parents[:2]:
            parent.chmod(0o711)

    def run(program, *arguments):
        command = [programs / program, "-D", folder / "data", *arguments]
        subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, timeout=120)

    run("initdb", "--username=mlflow", "--auth=trust", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    run("pg_ctl", "--wait", "--log", folder / "log", "--options", options, "start")
    try:
        yield f"postgresql+psycopg2://mlflow@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "--mode", "immediate", "stop")


@pytest.mark.slow
def test_a_server_on_postgresql_holds_what_a_sqlite_store_holds(workspace, tmp_path, postgres, undisturbed):
    folder = tmp_path / "server"
    folder.mkdir()
    process = MlflowServer(folder, postgres)
    try:
        process.start()
        for _ in range(2):
            mirror = Mirror(workspace / "studies" / "toy", Server(process.uri, workspace))
            mirror.everything()
            assert mirror.note == ""
            assert held(mirror.server.client) == undisturbed
        assert Bundle.open(downloaded(mirror.server.client, "uadray-toy", "champion")).content.study == "toy"
    finally:
        process.kill()
