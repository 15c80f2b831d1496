import json
import socket
import subprocess

from uadray.tracking.environment import environment, read_environment, write_environment


def git(folder, *arguments):
    own = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    subprocess.run(["git", *own, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_revision_of_a_repository_is_a_tag_and_so_is_whether_files_differ_from_it(tmp_path, monkeypatch):
    git(tmp_path, "init")
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-m", "first")
    monkeypatch.chdir(tmp_path)
    clean = environment()
    assert len(clean["mlflow.source.git.commit"]) == 40
    assert clean["uadray.git_dirty"] == "false"
    (tmp_path / "a").write_text("2")
    assert environment()["uadray.git_dirty"] == "true"


def test_outside_of_a_repository_there_is_no_revision(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert "mlflow.source.git.commit" not in environment()


def test_a_study_keeps_the_environment_that_it_began_with(tmp_path):
    assert read_environment(tmp_path) == {}
    write_environment(tmp_path)
    first = json.loads((tmp_path / "environment.json").read_text())
    (tmp_path / "environment.json").write_text(json.dumps({**first, "env.python": "2.7"}))
    write_environment(tmp_path)
    assert read_environment(tmp_path)["env.python"] == "2.7"
    assert socket.gethostname() not in first.values()
