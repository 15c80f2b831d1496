import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from uadray.diagnosis.finding import State
from uadray.diagnosis.machine import GIB
from uadray.diagnosis.tracking import tracking
from uadray.diagnosis.workspace import databases, room, workspace, writable


def made(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table trials (number integer, value text)")
        database.executemany("insert into trials values (?, ?)", [(n, "x" * 500) for n in range(200)])
        database.commit()
    return path


def snapshot(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_workspace_is_judged_and_left_as_it_was(tmp_path):
    made(tmp_path / "studies" / "latent" / "optuna.db")
    before = snapshot(tmp_path)
    found = {finding.about: finding for finding in workspace(tmp_path)}
    assert {finding.state for finding in found.values()} <= {State.OK, State.WARNING}
    assert found["databases"].said == "1 of the workspace are whole"
    assert snapshot(tmp_path) == before


def test_one_that_is_not_there_is_not_made(tmp_path):
    found = {finding.about: finding for finding in workspace(tmp_path / "a" / "runs")}
    assert found["workspace"].said.startswith("not there yet")
    assert found["databases"].said == "none in the workspace yet"
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_its_place_is_a_problem(tmp_path):
    (tmp_path / "runs").write_text("")
    (finding,) = workspace(tmp_path / "runs")
    assert finding.state is State.PROBLEM


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_a_problem(tmp_path):
    tmp_path.chmod(0o500)
    assert writable(tmp_path).state is State.PROBLEM


def test_one_below_a_folder_of_another_user_is_a_problem_and_no_end_of_the_diagnosis(tmp_path, monkeypatch):
    shut, look = tmp_path / "another", Path.stat

    def refused(self, **options):
        if self.is_relative_to(shut) and self != shut:
            raise PermissionError(13, "Permission denied", str(self))
        return look(self, **options)

    monkeypatch.setattr(Path, "stat", refused)
    (finding,) = workspace(shut / "runs")
    assert (finding.state, finding.said) == (State.PROBLEM, "cannot be looked at: Permission denied")
    (logged,) = tracking(f"sqlite:///{shut / 'runs' / 'mlflow.db'}", shut / "runs")
    assert (logged.state, logged.said) == (State.PROBLEM, "cannot be looked at: Permission denied")


def test_a_folder_that_cannot_be_written_to_is_a_problem():
    assert writable(Path("/proc")).state is State.PROBLEM


def test_little_room_is_a_warning_and_less_a_problem():
    assert [room(size).state for size in (GIB // 2, 5 * GIB, 50 * GIB)] == [State.PROBLEM, State.WARNING, State.OK]


@pytest.mark.parametrize("name", ["mlflow.db", "studies/latent/optuna.db"])
def test_a_damaged_database_is_named_with_the_way_to_get_another(tmp_path, name):
    path = made(tmp_path / name)
    content = bytearray(path.read_bytes())
    content[8192:12288] = os.urandom(4096)
    path.write_bytes(content)
    (finding,) = databases(tmp_path)
    assert finding.state is State.PROBLEM
    assert finding.said.startswith(name)
    assert "Move it away" in finding.do


def test_what_is_no_database_is_a_problem(tmp_path):
    (tmp_path / "mlflow.db").write_text("not a database, but a text of some length" * 50)
    (finding,) = databases(tmp_path)
    assert "not a database" in finding.said
