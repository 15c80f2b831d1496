import socket

import pytest

from uadray.diagnosis.finding import State
from uadray.diagnosis.tracking import tracking


@pytest.fixture
def nobody():
    """A port on loopback where nobody listens."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{asked.getsockname()[1]}"


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    (finding,) = tracking(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path)
    assert finding.state is State.OK
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_cannot_be_made_is_a_problem(tmp_path):
    (tmp_path / "file").write_text("")
    (found,) = tracking(f"sqlite:///{tmp_path / 'file' / 'mlflow.db'}", tmp_path)
    assert found.state is State.PROBLEM


def test_a_server_is_asked_without_a_folder_being_made(tmp_path, nobody):
    list(tracking(f"http://{nobody}", tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_a_server_that_does_not_answer_is_a_problem_and_its_address_is_not_said(tmp_path, nobody):
    (finding,) = tracking(f"http://{nobody}", tmp_path)
    assert finding.state is State.PROBLEM
    assert nobody not in str(finding)


def test_a_password_in_the_uri_is_told_and_not_repeated(tmp_path, nobody):
    found = list(tracking(f"http://ann:hunter2@{nobody}", tmp_path))
    assert any("the URI holds a password" in finding.said for finding in found)
    assert not any("hunter2" in str(finding) for finding in found)


def test_a_server_elsewhere_without_encryption_is_a_warning(tmp_path):
    found = list(tracking("http://mlflow.invalid:5000", tmp_path))
    assert any("unencrypted" in finding.said for finding in found)
