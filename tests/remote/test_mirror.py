"""A folder and its mirror, which here is another folder behind a URL."""

import os

import pytest

from uadray.remote.mirror import There
from uadray.remote.objects import Objects


@pytest.fixture
def there(tmp_path):
    """The mirror of tmp_path / here."""
    (tmp_path / "here").mkdir()
    return There(Objects((tmp_path / "there").as_uri()), str(tmp_path / "here"))


def filled(folder, names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_what_was_sent_is_brought_to_an_empty_folder(there, tmp_path):
    filled(tmp_path / "here", ["a/trial.json", "a/weights.safetensors", "a/deep/er.png", "b/other.json"])
    there.send(tmp_path / "here" / "a")
    elsewhere = There(there.objects, str(tmp_path / "elsewhere"))
    elsewhere.bring(tmp_path / "elsewhere" / "a")
    assert set(contents(tmp_path / "elsewhere")) == {"a/trial.json", "a/weights.safetensors", "a/deep/er.png"}
    assert contents(tmp_path / "elsewhere")["a/deep/er.png"] == "a/deep/er.png"


def test_what_is_brought_is_as_old_as_what_was_sent(there, tmp_path):
    filled(tmp_path / "here", ["a/trial.json"])
    there.send(tmp_path / "here" / "a")
    os.utime(tmp_path / "there" / "a" / "trial.json", (1e9, 1e9))
    There(there.objects, str(tmp_path / "elsewhere")).bring(tmp_path / "elsewhere" / "a")
    assert (tmp_path / "elsewhere" / "a" / "trial.json").stat().st_mtime == 1e9


def test_locks_and_drafts_stay(there, tmp_path):
    filled(tmp_path / "here", ["a/.lock", "a/.epoch-0001-77/weights.safetensors", "a/trial.json"])
    there.send(tmp_path / "here" / "a")
    assert list(there.objects.sizes()) == ["a/trial.json"]


def test_the_record_is_sent_last_and_what_seals_a_checkpoint_after_its_weights(there, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(Objects, "write", lambda self, name, content: written.append(name))
    names = ["a/trial.json", "a/c/epoch-0001/checkpoint.json", "a/c/epoch-0001/weights.safetensors", "a/panels.png"]
    filled(tmp_path / "here", names)
    there.send(tmp_path / "here" / "a")
    assert written[-2:] == ["a/c/epoch-0001/checkpoint.json", "a/trial.json"]


def test_weights_that_are_there_are_not_moved_again(there, tmp_path, monkeypatch):
    filled(tmp_path / "here", ["a/weights.safetensors"])
    there.send(tmp_path / "here" / "a")
    moved = []
    monkeypatch.setattr(Objects, "write", lambda self, name, content: moved.append(name))
    monkeypatch.setattr(Objects, "read", lambda self, name: moved.append(name))
    there.send(tmp_path / "here" / "a")
    there.bring(tmp_path / "here" / "a")
    assert moved == []


def trained(folder, seconds, weights, header="checkpoint.json"):
    """A checkpoint of a training, which another of the same length differs from in its weights and its header."""
    for name, content in {header: f'{{"seconds": {seconds}}}', "deep/er/weights.safetensors": weights}.items():
        (folder / "k" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "k" / name).write_text(content)


@pytest.mark.parametrize("header", ["checkpoint.json", "manifest.json"])
def test_weights_never_get_the_header_of_another_training(there, tmp_path, header):
    another = There(there.objects, str(tmp_path / "another"))
    trained(tmp_path / "here", 1.5, "those of one", header)
    trained(tmp_path / "another", 2.5, "other ones..", header)
    there.send(tmp_path / "here" / "k")
    another.bring(tmp_path / "another" / "k")
    assert contents(tmp_path / "another") == contents(tmp_path / "here")
    trained(tmp_path / "another", 2.5, "other ones..", header)
    another.send(tmp_path / "another" / "k")
    assert contents(tmp_path / "there") == contents(tmp_path / "another")


def test_a_superseded_checkpoint_is_dropped_unless_another_machine_keeps_it(there, tmp_path):
    filled(tmp_path / "here", ["k/epoch-0001/checkpoint.json", "k/epoch-0002/checkpoint.json", "k/epoch-0002/kept"])
    there.send(tmp_path / "here" / "k")
    there.drop([tmp_path / "here" / "k" / "epoch-0001", tmp_path / "here" / "k" / "epoch-0002"])
    assert set(there.objects.sizes()) == {"k/epoch-0002/checkpoint.json", "k/epoch-0002/kept"}


def test_a_database_that_is_used_here_is_not_replaced(there, tmp_path):
    there.objects.write("a/optuna.db", b"former")
    filled(tmp_path / "here", ["a/optuna.db"])
    there.bring(tmp_path / "here" / "a")
    assert contents(tmp_path / "here") == {"a/optuna.db": "a/optuna.db"}
