from commanding import uadray
from tracked import held

from uadray.tracking.server import Server


def told(*arguments):
    return uadray("mlflow-sync", *arguments)


def test_a_study_is_brought_to_the_workspaces_own_database(workspace, database, undisturbed, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    server = Server(f"sqlite:///{database}", workspace)
    for _ in range(2):
        done = told(workspace / "studies" / "toy")
        assert done.exit_code == 0, done.output
        assert done.output.strip() == f"toy: 4 trials, {server}, experiment uadray/toy"
        assert held(server.client) == undisturbed


def test_what_is_no_study_is_refused_before_anything_is_logged(workspace, database):
    before = database.read_bytes()
    done = told(workspace / "studies" / "toy", workspace / "stores", "--tracking-uri", f"sqlite:///{database}")
    assert done.exit_code == 2
    assert f"UAD-304 {workspace / 'stores'}" in done.output
    assert database.read_bytes() == before


def test_a_server_that_does_not_answer_is_an_error_that_names_its_cause_and_no_password(workspace):
    done = told(workspace / "studies" / "toy", "--tracking-uri", "http://ann:secret@127.0.0.1:9")
    assert done.exit_code == 1
    assert "UAD-410 http://127.0.0.1:9: MLflow must answer; got ConnectionRefusedError" in done.output
    assert "secret" not in done.output
