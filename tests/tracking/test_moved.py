"""A workspace that was copied or moved has its own files, and leaves those of the former alone."""

import shutil

import pytest

from uadray.opening import opened
from uadray.tracking.mirror import Mirror
from uadray.tracking.server import Server, tracking_uri


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def copied(mirror, workspace, tmp_path, monkeypatch):
    """A workspace whose study is logged, and a copy of it with a name that SQL might read otherwise."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mirror.everything()
    return workspace, shutil.copytree(workspace, tmp_path / "it's 100%_copied")


def test_a_copy_is_logged_to_without_a_change_in_what_it_was_copied_from(copied):
    workspace, copy = copied
    before = files(workspace / "mlartifacts")
    server = Server(tracking_uri(copy), copy)
    experiment = server.client.get_experiment_by_name("uadray/toy")
    assert experiment.artifact_location == (copy / "mlartifacts" / "toy").as_uri()
    for run in server.client.search_runs([experiment.experiment_id]):
        assert run.info.artifact_uri.startswith(f"{experiment.artifact_location}/")
    shutil.rmtree(copy / "mlartifacts" / "toy" / "models")
    Mirror(copy / "studies" / "toy", server).everything()
    assert files(workspace / "mlartifacts") == before
    assert list((copy / "mlartifacts" / "toy" / "models").iterdir())


def test_a_registered_model_is_opened_where_the_workspace_was_moved_to(copied):
    workspace, copy = copied
    shutil.rmtree(workspace / "mlartifacts")
    assert opened("models:/uadray-toy@champion", copy).content.study == "toy"


def test_a_database_without_its_files_beside_it_is_left_as_it_is(copied):
    workspace, copy = copied
    shutil.rmtree(copy / "mlartifacts")
    experiment = Server(tracking_uri(copy), copy).client.get_experiment_by_name("uadray/toy")
    assert experiment.artifact_location == (workspace / "mlartifacts" / "toy").as_uri()
