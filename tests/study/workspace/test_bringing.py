"""A study that is brought home more than once, from a URL that here is that of another folder."""

import json

import pytest
from making import made_store

from uadray.errors import ConfigError
from uadray.remote.mirror import There
from uadray.remote.objects import Objects
from uadray.study.workspace.bringing import bring_home


@pytest.fixture
def there(tmp_path):
    """The URL of a workspace with a study that is running."""
    made_store(tmp_path / "made" / "stores", 32, [], key="made")
    objects = Objects((tmp_path / "there").as_uri())
    There(objects, str(tmp_path / "made")).send(tmp_path / "made" / "stores")
    changed(objects, study={"id": "1", "store": "made"}, lease={"pid": 7})
    objects.write("studies/a/optuna.db", b"of one trial")
    return objects


def changed(objects, **files):
    for name, content in files.items():
        objects.write(f"studies/a/{name}.json", json.dumps(content).encode())


@pytest.fixture
def bring(there, tmp_path):
    """Bring it home; returns its folder there."""

    def brought():
        list(bring_home(there.url, tmp_path / "home", ["a"]))
        return tmp_path / "home" / "studies" / "a"

    return brought


def opening(at, purpose):
    return json.dumps({"at": f"2026-11-22T{at}:00Z", "for": purpose})


def lines(*openings):
    return "".join(f"{each}\n" for each in openings)


def test_openings_of_the_test_split_at_home_are_not_forgotten(there, bring):
    verdict, at_home = opening("10:00", "verdict"), opening("12:00", "evaluation")
    there.write("studies/a/openings.jsonl", lines(verdict).encode())
    path = bring() / "openings.jsonl"
    path.write_text(lines(verdict, at_home, at_home))  # twice in a minute
    later = opening("11:00", "another test")
    there.write("studies/a/openings.jsonl", lines(verdict, later).encode())
    for _ in range(2):
        assert (bring() / "openings.jsonl").read_text() == lines(verdict, later, at_home, at_home)


def test_openings_at_home_outlive_a_kill_while_a_study_is_brought(there, bring, monkeypatch):
    there.write("studies/a/openings.jsonl", lines(opening("10:00", "verdict")).encode())
    path = bring() / "openings.jsonl"
    path.write_text(lines(opening("10:00", "verdict"), opening("12:00", "evaluation")))

    def killed(mirror, folder):
        path.write_bytes(there.read("studies/a/openings.jsonl"))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(There, "bring", killed)
        with pytest.raises(KeyboardInterrupt):
            bring()
    assert bring().joinpath("openings.jsonl").read_text().count("evaluation") == 1


def test_a_study_of_the_same_name_at_home_is_not_mixed_with_the_one_at_the_url(there, bring):
    home = bring()
    changed(there, study={"id": "2", "store": "made"}, selection={"trial": 1})
    with pytest.raises(ConfigError, match=r"UAD-453 .*studies/a: .* -o"):
        bring()
    assert not (home / "selection.json").exists()


def test_what_a_longer_budget_set_aside_goes_at_home_and_what_was_made_at_home_stays(there, bring):
    changed(there, selection={"trial": 0}, test={"dice": 0.5})
    home = bring()
    (home / "figure.png").write_text("of an analysis")
    for name in ("selection", "test"):
        there.remove(f"studies/a/{name}.json")
        changed(there, **{f"{name}-1": {}})
    there.write("studies/a/optuna.db", b"of ten trials")
    bring()
    assert {path.name for path in home.glob("*.json")} == {
        "study.json",
        "lease.json",
        "selection-1.json",
        "test-1.json",
    }
    assert (home / "figure.png").exists()
    assert (home / "optuna.db").read_bytes() == b"of ten trials"


def test_who_has_a_study_is_known_at_home_until_nobody_has(there, bring):
    assert (bring() / "lease.json").is_file()
    there.remove("studies/a/lease.json")
    assert not (bring() / "lease.json").exists()


def test_a_study_that_is_not_there_is_named_with_those_that_are(there, tmp_path):
    with pytest.raises(ConfigError, match=r"UAD-451 .* other: a study must have begun there; got a\. "):
        list(bring_home(there.url, tmp_path / "home", ["other"]))
    assert not (tmp_path / "home").exists()
