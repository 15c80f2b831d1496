import json
import os
import time

import pytest

from uadray.errors import ConfigError
from uadray.remote import lease
from uadray.remote.lease import holder, leased
from uadray.remote.objects import Objects


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "SETTLED_S", 0.0)
    monkeypatch.setattr(lease, "RENEWED_S", 0.01)
    return Objects(tmp_path.as_uri())


def test_while_one_has_it_another_hears_who_and_afterwards_may(store):
    with leased(store, "lease.json"):
        with (
            pytest.raises(ConfigError, match=rf"UAD-302 .*process {os.getpid()} on ") as refused,
            leased(store, "lease.json"),
        ):
            pass
        assert "since" in str(refused.value)
    assert store.sizes() == {}
    with leased(store, "lease.json"):
        pass


def left(store, host, pid, ago_s):
    """A lease of a process that did not end it."""
    former = {"owner": "x", "host": host, "pid": pid, "since": "then", "renewed": time.time() - ago_s}
    store.write("lease.json", json.dumps(former).encode())


def test_that_of_a_dead_process_of_this_machine_and_a_stale_one_are_nobodys(store):
    left(store, lease.platform.node(), 2**22 + 1, 1)
    assert holder(store, "lease.json") is None
    left(store, "elsewhere", 1, lease.FRESH_S + 1)
    assert holder(store, "lease.json") is None
    left(store, "elsewhere", 1, lease.FRESH_S - 5)
    assert holder(store, "lease.json")["host"] == "elsewhere"


def test_it_is_renewed_while_it_is_held_and_something_done_meanwhile(store):
    done = []
    with leased(store, "lease.json", lambda: done.append(1)):
        first = json.loads(store.read("lease.json"))["renewed"]
        deadline = time.monotonic() + 5
        while json.loads(store.read("lease.json"))["renewed"] == first and time.monotonic() < deadline:
            time.sleep(0.01)
        assert json.loads(store.read("lease.json"))["renewed"] > first
    assert done


def test_of_two_that_take_it_at_once_the_later_writer_has_it(store, monkeypatch):
    monkeypatch.setattr(lease.time, "sleep", lambda _: left(store, "elsewhere", 1, 0))
    with pytest.raises(ConfigError, match="UAD-302"), leased(store, "lease.json"):
        pass
