"""A model by its name in MLflow's registry: opened, exported and applied as a folder is, or refused with a reason."""

import shutil
from pathlib import Path

import mlflow
import pytest
from commanding import uadray

from uadray.bundle.bundle import Bundle
from uadray.errors import DataError, StudyError
from uadray.opening import opened
from uadray.study.ledger import Ledger
from uadray.tracking import registry
from uadray.tracking.mirror import Mirror
from uadray.tracking.models import best, model_file
from uadray.tracking.server import Server


@pytest.fixture
def registered(mirror, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mirror.everything()
    shutil.rmtree(mirror.ledger.folder.parents[1] / "models")
    return mirror


def told(*arguments):
    return uadray(*arguments)


@pytest.mark.parametrize(
    ("name", "alias"),
    [("models:/uadray-toy@champion", "champion"), ("models:/uadray-toy/2", "challenger")],
)
def test_an_alias_and_a_version_name_the_model_of_their_trial(registered, workspace, name, alias):
    found = opened(name, workspace)
    assert found.content.trial == best(registered.ledger)[alias].index
    assert found.path.parent == workspace / "models"


def test_a_version_is_downloaded_once_and_again_only_where_it_is_damaged(registered, workspace, monkeypatch):
    name, whole, fetched = "models:/uadray-toy@champion", registry.download_artifacts, []
    monkeypatch.setattr(registry, "download_artifacts", lambda **how: fetched.append(how) or whole(**how))
    first = opened(name, workspace)
    assert opened(name, workspace) == first
    assert len(fetched) == 1
    (first.path / "weights.safetensors").write_bytes(b"damaged")
    assert opened(name, workspace) == first
    assert len(fetched) == 2
    assert [path.name for path in (workspace / "models").iterdir()] == [first.path.name]


def test_the_uri_that_is_given_is_asked_and_else_the_environments(registered, workspace, tmp_path, monkeypatch):
    uri = registered.server.uri
    assert opened("models:/uadray-toy@champion", tmp_path / "a", uri).path.parent == tmp_path / "a" / "models"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert opened("models:/uadray-toy@champion", tmp_path / "b").content.study == "toy"


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("models:/uadray-toy", "UAD-385", "models:/NAME@ALIAS"),
        ("models:/uadray-toy/latest", "UAD-385", "models:/NAME/VERSION"),
        ("models:/../../toy@champion", "UAD-385", "neither"),
        ("models:/other@champion", "UAD-385", "it has uadray-toy"),
        ("models:/uadray-toy@best", "UAD-386", "@challenger (version 2), @champion (version 1)"),
        ("models:/uadray-toy/7", "UAD-386", "versions 1, 2"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused_with_those_that_lead_somewhere(registered, workspace, name, code, said):
    with pytest.raises(DataError) as refused:
        opened(name, workspace)
    assert refused.value.problems[0].code == code
    assert said in str(refused.value)
    assert not (workspace / "models").exists()


@pytest.mark.parametrize("uri", ["http://ann:secret@127.0.0.1:9", "sqlite:////no/such/mlflow.db"])
def test_a_registry_that_does_not_answer_is_an_error_without_the_password(tmp_path, uri):
    with pytest.raises(StudyError, match="UAD-387") as refused:
        opened("models:/uadray-toy@champion", tmp_path, uri)
    assert "secret" not in str(refused.value)
    assert not (tmp_path / "mlflow.db").exists()


def test_a_model_of_another_kind_is_refused_before_it_is_downloaded(registered, workspace, tmp_path, monkeypatch):
    client = registered.server.client
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "model.pkl").write_bytes(b"\x80\x04cos\nsystem\n")
    client.create_registered_model("foreign")
    client.create_model_version("foreign", (tmp_path / "foreign").as_uri())
    monkeypatch.setattr(registry, "download_artifacts", None)
    with pytest.raises(DataError, match=r"UAD-388.*no SHA256SUMS and no model\.json"):
        opened("models:/foreign/1", workspace)


def test_a_damaged_model_of_the_registry_is_refused_and_not_kept(registered, workspace):
    client = registered.server.client
    uri = client.get_model_version_download_uri("uadray-toy", "1")
    place = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, tracking_uri=client.tracking_uri))
    (place / "model.json").write_text("{}")  # where the store keeps it
    with pytest.raises(DataError, match="UAD-370"):
        opened("models:/uadray-toy/1", workspace)
    assert list((workspace / "models").iterdir()) == []


def test_a_fault_of_this_machine_is_not_blamed_on_the_registry(registered, workspace):
    (workspace / "models").touch()
    with pytest.raises(OSError, match="models"):
        opened("models:/uadray-toy@champion", workspace)


def test_models_whose_files_did_not_move_with_the_database_are_refused_with_advice_and_logged_anew(
    registered, workspace, tmp_path
):
    moved = workspace.rename(tmp_path / "moved")
    shutil.rmtree(moved / "mlartifacts")
    with pytest.raises(DataError, match=r"UAD-388.*its files are not at .*STUDY:best"):
        opened("models:/uadray-toy@champion", moved)
    Mirror(moved / "studies" / "toy", Server(f"sqlite:///{moved / 'mlflow.db'}", moved)).everything()
    assert (
        opened("models:/uadray-toy@champion", moved).content.trial
        == best(Ledger(moved / "studies" / "toy"))["champion"].index
    )


@pytest.mark.slow
def test_a_server_hands_out_the_same_model_file_until_it_is_away(mlflow_server, workspace, tmp_path):
    mlflow_server.start()
    mirror = Mirror(workspace / "studies" / "toy", Server(mlflow_server.uri, workspace))
    mirror.everything()
    found = opened("models:/uadray-toy@champion", tmp_path, mlflow_server.uri)
    assert found.digest == model_file(mirror.ledger, best(mirror.ledger)["champion"]).digest
    with pytest.raises(DataError, match="UAD-386"):
        opened("models:/uadray-toy/3", tmp_path, mlflow_server.uri)
    mlflow_server.kill()
    with pytest.raises(StudyError, match="UAD-387"):
        opened("models:/uadray-toy@champion", tmp_path, mlflow_server.uri)


def test_a_registered_model_is_exported_as_it_is(registered, workspace, tmp_path):
    done = told("export", "models:/uadray-toy@champion", "-o", tmp_path / "model", "--workspace", workspace)
    assert done.exit_code == 0, done.output
    assert Bundle.open(tmp_path / "model").digest == opened("models:/uadray-toy@champion", workspace).digest
    again = told("export", "models:/uadray-toy/2", "-o", workspace / "stores", "--workspace", workspace)
    assert (again.exit_code, "UAD-376" in again.output) == (2, True)
    both = told("export", "models:/uadray-toy/2", "--trial", 1, "-o", tmp_path / "other", "--workspace", workspace)
    assert (both.exit_code, "UAD-389" in both.output) == (2, True)


def test_a_registered_model_is_applied_by_its_name(registered, workspace, tmp_path):
    (tmp_path / "scan.nii.gz").write_bytes(b"no scan")
    arguments = (tmp_path / "scan.nii.gz", "-o", tmp_path / "out", "--workspace", workspace)
    done = told("predict", "models:/uadray-toy@champion", *arguments)
    assert "UAD-102" in (tmp_path / "out" / "predictions.tsv").read_text(), done.output
    away = told("predict", "models:/uadray-toy@champion", *arguments, "--tracking-uri", "http://127.0.0.1:9")
    assert (away.exit_code, "UAD-387" in away.output) == (1, True)
