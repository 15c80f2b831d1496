import stat

import pytest

from uadray.study.token import own_token


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH", raising=False)
    return tmp_path


def test_a_token_is_made_for_its_owner_alone_and_kept(home):
    own_token(home)
    path = home / ".ray" / "auth_token"
    first = path.read_text()
    assert mode(path) == 0o600
    assert len(first) == 64
    own_token(home)
    assert path.read_text() == first


def test_one_that_others_can_read_is_taken_from_them_and_stays_the_same(home):
    path = home / ".ray" / "auth_token"
    path.parent.mkdir()
    path.write_text("as Ray made it")
    path.chmod(0o644)
    own_token(home)
    assert mode(path) == 0o600
    assert path.read_text() == "as Ray made it"


@pytest.mark.parametrize("name", ["RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"])
def test_where_the_environment_gives_one_none_is_made(home, monkeypatch, name):
    monkeypatch.setenv(name, "given")
    own_token(home)
    assert not (home / ".ray").exists()
