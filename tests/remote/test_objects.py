import pytest

from uadray.errors import ConfigError
from uadray.remote import objects as remote
from uadray.remote.objects import CutShort, Objects, StoreAway, cache, opened, writable


@pytest.fixture
def store(tmp_path):
    return Objects(tmp_path.as_uri())


def test_an_object_is_read_as_it_was_written_and_none_where_there_is_none(store):
    store.write("a/b.bin", b"content")
    assert store.read("a/b.bin") == b"content"
    assert store.read("a/c.bin") is None
    assert store.sizes("a") == {"a/b.bin": 7}
    assert store.children("") == []
    store.remove("a/b.bin")
    store.remove("a/b.bin")
    assert store.sizes() == {}


@pytest.mark.parametrize(
    "url",
    [
        "http://host/runs",
        "s3://",
        "s3://key:secret@bucket/runs",
        "s3://bucket/runs?access_key=k",
        "abfss://container/runs",  # of no account
        "abfss://container:secret@account.dfs.core.windows.net/runs",
        "abfss://secret@elsewhere.example.org/runs",
    ],
)
def test_what_is_no_plain_url_of_a_store_is_refused_and_keys_in_it_are_not_said(url):
    with pytest.raises(ConfigError, match="UAD-446") as refused:
        opened(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("below", "root"), [("/runs", "container/runs"), ("/", "container"), ("", "container")])
def test_a_container_of_azure_is_opened_in_its_account_with_no_network(below, root):
    url = f"abfss://container@account.dfs.core.windows.net{below}"
    assert remote.URL.fullmatch(url)
    system, found = remote._opened(url)
    assert (system.type_name, found) == ("abfs", root)
    assert Objects(url)._path("studies/a") == f"{root}/studies/a"


class Away:
    """A file system that does not answer so many times."""

    def __init__(self, failures, system):
        self.left, self.system = failures, system

    def __getattr__(self, name):
        if self.left:
            self.left -= 1
            raise OSError("connection refused")
        return getattr(self.system, name)


def away(monkeypatch, store, failures):
    system, root = remote._opened(store.url)
    waited = []
    monkeypatch.setattr(remote, "_opened", lambda url, kept=Away(failures, system): (kept, root))
    monkeypatch.setattr(remote.time, "sleep", waited.append)
    return waited


def test_a_store_in_which_nothing_may_be_written_is_refused_at_once(monkeypatch, store):
    waited = away(monkeypatch, store, 99)
    with pytest.raises(ConfigError, match=r"UAD-447 .*connection refused"):
        writable(store)
    assert waited == []


def test_a_store_that_lets_one_write_and_not_delete_is_refused_at_once_by_that_cause(monkeypatch, store):
    class Kept:
        """A file system that keeps what it has."""

        def __getattr__(self, name):
            if name == "delete_file":
                raise OSError("AccessDenied: s3:DeleteObject")
            return getattr(system, name)

    system, root = remote._opened(store.url)
    waited = []
    monkeypatch.setattr(remote, "_opened", lambda url: (Kept(), root))
    monkeypatch.setattr(remote.time, "sleep", waited.append)
    with pytest.raises(ConfigError, match=r"UAD-447 .*must let one delete; got AccessDenied") as refused:
        writable(store)
    assert waited == []
    (left,) = store.sizes()
    assert left in str(refused.value)


@pytest.mark.parametrize("name", ["study.json", "openings.jsonl"])
def test_json_that_is_empty_while_it_is_replaced_is_read_when_it_is_whole(monkeypatch, store, name):
    """As Azure shows it."""
    store.write(name, b"")
    monkeypatch.setattr(remote.time, "sleep", lambda wait_s: store.write(name, b"{}") if wait_s == 2 else None)
    assert store.read(name) == b"{}"


def test_json_that_stays_empty_is_named_with_what_to_do(monkeypatch, store):
    waited = []
    monkeypatch.setattr(remote.time, "sleep", waited.append)
    store.write("studies/a/study.json", b"")
    with pytest.raises(CutShort, match=r"UAD-456 .*/studies/a/study.json: .* got none in 83 s\. Remove it"):
        store.read("studies/a/study.json")
    assert sum(waited) == 83


def test_what_is_no_json_may_be_empty(store):
    store.write("log.txt", b"")
    assert store.read("log.txt") == b""


def test_a_store_that_is_away_is_asked_again_after_growing_waits(monkeypatch, store, caplog):
    store.write("a", b"1")
    waited = away(monkeypatch, store, 3)
    assert store.read("a") == b"1"
    assert waited == [1.0, 2.0, 5.0]
    assert caplog.text.count("does not answer, again in") == 3


def test_a_store_whose_region_cannot_be_asked_for_is_asked_again(monkeypatch, store):
    """Opening s3:// looks the bucket up over the network, in each process anew."""
    waited, opened_at_last, failing = [], remote._opened(store.url), [OSError("no route"), OSError("no route")]
    store.write("a", b"1")

    def opening(url):
        if failing:
            raise failing.pop()
        return opened_at_last

    monkeypatch.setattr(remote, "_opened", opening)
    monkeypatch.setattr(remote.time, "sleep", waited.append)
    assert store.sizes() == {"a": 1}
    failing += [OSError("no route")]
    assert store.children("") == ["a"]
    assert waited == [1.0, 2.0, 1.0]


def test_a_store_that_stays_away_ends_what_is_asked_with_a_code(monkeypatch, store):
    waited = away(monkeypatch, store, 99)
    with pytest.raises(StoreAway, match=r"UAD-448 .*connection refused.* the same command goes on"):
        store.read("a")
    assert sum(waited) == 83


def test_a_store_that_fails_without_a_word_is_refused_by_the_kind_of_its_failure(monkeypatch, store):
    def silent(url):
        raise TimeoutError

    monkeypatch.setattr(remote, "_opened", silent)
    with pytest.raises(ConfigError, match=r"UAD-447 .*got TimeoutError"):
        opened(store.url)


def test_every_url_has_a_cache_of_its_own_which_the_environment_may_place(monkeypatch, tmp_path):
    monkeypatch.setenv("UADRAY_SCRATCH", str(tmp_path))
    assert cache("s3://bucket/a") == cache("s3://bucket/a/") != cache("s3://bucket/b")
    assert cache("s3://bucket/a").is_relative_to(tmp_path)
