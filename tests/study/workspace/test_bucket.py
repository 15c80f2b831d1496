"""A workspace behind a URL, which here is that of another folder."""

import json
import sqlite3
from contextlib import closing

import pytest

from uadray.remote import lease, objects
from uadray.remote.lease import Lost
from uadray.remote.objects import CutShort, Objects
from uadray.study.ledger import Ledger
from uadray.study.workspace.workspace import workspace_at


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    monkeypatch.setenv("UADRAY_SCRATCH", str(tmp_path / "scratch"))
    monkeypatch.setattr(lease, "SETTLED_S", 0.0)
    (tmp_path / "there").mkdir()
    return workspace_at((tmp_path / "there").as_uri())


def put(place, **files):
    study = place.folder / "studies" / "a"
    study.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (study / f"{name}.json").write_text(json.dumps(content))
    return study


def there(place):
    return {name.removeprefix("studies/a/"): place.objects.read(name) for name in place.objects.sizes("studies/a")}


def test_what_a_study_has_is_kept_and_what_was_set_aside_goes(bucket):
    study = put(bucket, study={"id": "1"}, selection={"trial": 0})
    bucket.keep("a")
    assert set(there(bucket)) == {"study.json", "selection.json"}
    (study / "selection.json").replace(study / "selection-1.json")  # the budget grew
    bucket.keep("a")
    assert set(there(bucket)) == {"study.json", "selection-1.json"}


def test_what_the_study_is_is_sent_again_only_when_it_changed(bucket, monkeypatch):
    """Trials read it when they begin, and a store may show it empty while it is replaced."""
    put(bucket, study={"id": "1", "trials": 5}, spent={"seconds": 1})
    bucket.keep("a")
    written, write = [], Objects.write
    monkeypatch.setattr(
        Objects, "write", lambda self, name, content: (written.append(name), write(self, name, content))
    )
    bucket.keep("a")
    assert written == ["studies/a/spent.json"]
    put(bucket, study={"id": "1", "trials": 10})
    bucket.keep("a")
    assert written == ["studies/a/spent.json"] * 2 + ["studies/a/study.json"]


def test_a_study_whose_plan_a_kill_left_empty_is_refused_by_its_name(bucket, monkeypatch):
    monkeypatch.setattr(objects, "WAITS_S", (0.0,))
    bucket.objects.write("studies/a/study.json", b"")
    with pytest.raises(CutShort, match=r"UAD-456 .*/studies/a/study\.json"), bucket.study("a"):
        pass
    bucket.objects.remove("studies/a/study.json")
    with bucket.study("a"):
        put(bucket, study={"id": "1"})
    assert there(bucket)["study.json"] == b'{"id": "1"}'


def test_a_record_that_a_kill_cut_short_on_its_way_is_sent_again(bucket):
    with bucket.study("a"):
        study = put(bucket, study={"id": "1"})
        (study / "trials" / "0000").mkdir(parents=True)
        (study / "trials" / "0000" / "trial.json").write_text("{}")
    bucket.objects.write("studies/a/trials/0000/trial.json", b"")
    with bucket.study("a"):
        assert there(bucket)["trials/0000/trial.json"] == b"{}"


def test_the_database_is_kept_as_a_copy_that_opens_while_it_is_written(bucket, tmp_path):
    study = put(bucket, study={"id": "1"})
    with closing(sqlite3.connect(study / "optuna.db")) as database:
        database.execute("create table trials (number int)")
        database.execute("insert into trials values (7)")
        database.commit()
        database.execute("insert into trials values (8)")  # not yet
        bucket.keep("a")
    (tmp_path / "copy.db").write_bytes(there(bucket)["optuna.db"])
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("select number from trials").fetchall() == [(7,)]


def test_an_empty_cache_is_filled_and_a_trial_that_only_the_cache_has_is_sent(bucket):
    bucket.objects.write("studies/a/study.json", b'{"id": "1"}')
    bucket.objects.write("studies/a/trials/0000/trial.json", b"{}")
    with bucket.study("a"):
        study = bucket.folder / "studies" / "a"
        assert (study / "trials" / "0000" / "trial.json").is_file()
        (study / "trials" / "0001").mkdir()
        (study / "trials" / "0001" / "trial.json").write_text("{}")
    with bucket.study("a"):
        assert "trials/0001/trial.json" in there(bucket)


def test_the_cache_of_a_study_that_is_no_more_is_not_taken_for_another_of_its_name(bucket):
    study = put(bucket, study={"id": "former"}, selection={"trial": 3})
    bucket.objects.write("studies/a/study.json", b'{"id": "now"}')
    with bucket.study("a"):
        assert not (study / "selection.json").exists()
        assert json.loads((study / "study.json").read_text()) == {"id": "now"}


def test_an_opening_of_the_test_split_is_at_the_url_before_slices_are_read(bucket):
    from uadray.study.result.held_out import open_test

    class Unread:
        key = "key"

        def read(self, split, group):
            assert set(there(bucket)) >= {"selection.json", "openings.jsonl"}
            return "slices"

    study = put(bucket, selection={"trial": 0})
    assert open_test(Ledger(study, bucket.mirror), Unread(), "verdict") == "slices"


@pytest.fixture
def machines(bucket, tmp_path, monkeypatch):
    """The same URL as two machines have it, each with a cache of its own."""
    monkeypatch.setenv("UADRAY_SCRATCH", str(tmp_path / "another"))
    return bucket, workspace_at((tmp_path / "there").as_uri())


def found(place):
    """The names of what a person sees in the cache, but for who has it."""
    study = place.folder / "studies" / "a"
    names = {path.relative_to(study).as_posix() for path in study.rglob("*") if path.is_file()}
    return {name for name in names if not name.startswith((".", "lease", "session"))}


def test_a_machine_with_an_older_cache_does_not_undo_what_another_did(machines):
    first, second = machines
    with first.study("a"):
        study = put(first, study={"id": "1", "trials": 5}, selection={"trial": 3}, test={"dice": 0.5})
        (study / "optuna.db-wal").write_text("of five trials")
    with second.study("a"):
        study = put(second, study={"id": "1", "trials": 10})
        (study / "selection.json").replace(study / "selection-1.json")
        (study / "test.json").replace(study / "test-1.json")
    (first.folder / "studies" / "a" / "trials" / "0004").mkdir(parents=True)
    (first.folder / "studies" / "a" / "trials" / "0004" / "trial.json").write_text("{}")  # ended when A was lost
    with first.study("a"):
        assert found(first) == {"study.json", "selection-1.json", "test-1.json", "trials/0004/trial.json"}
        assert json.loads((first.folder / "studies" / "a" / "study.json").read_text())["trials"] == 10
    assert set(there(first)) >= {"selection-1.json", "trials/0004/trial.json"}
    assert not set(there(first)) & {"selection.json", "test.json"}


def test_what_the_cache_that_had_a_study_last_knows_is_not_replaced_by_what_was_sent_before(machines):
    first, _ = machines
    with first.study("a"):
        study = put(first, study={"id": "1"}, spent={"seconds": 60})
    (study / "spent.json").write_text('{"seconds": 90}')  # and then it was killed
    (study / "log.txt").write_text("a last line")
    with first.study("a"):
        assert json.loads((study / "spent.json").read_text()) == {"seconds": 90}
    assert there(first)["log.txt"] == b"a last line"


def test_a_process_whose_study_another_has_begun_to_run_replaces_nothing_of_it(machines):
    first, second = machines
    with first.study("a"):
        put(first, study={"id": "1"})
        first.keep("a")
        first.objects.remove("studies/a/lease.json")  # which ran out
        with second.study("a"):
            put(second, selection={"trial": 3})
        with pytest.raises(Lost, match="UAD-302"):
            first.keep("a")
    assert "selection.json" in there(first)
