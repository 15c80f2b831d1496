import json
import os
import signal
import time

import pytest

from uadray.errors import ConfigError
from uadray.remote import lease, objects
from uadray.remote.lease import Lost, holder, leased
from uadray.remote.objects import Objects, StoreAway


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "SETTLED_S", 0.0)
    monkeypatch.setattr(lease, "RENEWED_S", 0.01)
    former = signal.signal(signal.SIGINT, signal.default_int_handler)  # as a study has it
    yield Objects(tmp_path.as_uri())
    signal.signal(signal.SIGINT, former)


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


def left(store, host, pid, ago_s, machine="another"):
    """A lease of a process that did not end it."""
    renewed = time.time() - ago_s
    former = {"owner": "x", "machine": machine, "host": host, "pid": pid, "since": "then", "renewed": renewed}
    store.write("lease.json", json.dumps(former).encode())


def test_that_of_a_dead_process_of_this_machine_and_a_stale_one_are_nobodys(store):
    left(store, lease.platform.node(), 2**22 + 1, 1, lease.machine())
    assert holder(store, "lease.json") is None
    left(store, "elsewhere", 1, lease.FRESH_S + 1)
    assert holder(store, "lease.json") is None
    left(store, "elsewhere", 1, lease.FRESH_S - 5)
    assert holder(store, "lease.json")["host"] == "elsewhere"


def test_one_whose_writer_was_killed_in_the_midst_of_it_is_nobodys(store, monkeypatch):
    monkeypatch.setattr(objects, "WAITS_S", (0.0,))
    store.write("lease.json", b"")
    assert holder(store, "lease.json") is None
    with leased(store, "lease.json"):
        assert holder(store, "lease.json")["pid"] == os.getpid()


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


def test_one_on_another_machine_of_this_name_is_not_taken_for_dead(store):
    left(store, lease.platform.node(), 2**22 + 1, 1, machine="named alike, with processes of its own")
    assert holder(store, "lease.json") is not None


def test_a_machine_that_tells_nothing_of_its_processes_is_known_by_its_name(monkeypatch):
    def unreadable(*_):
        raise FileNotFoundError

    monkeypatch.setattr(lease.Path, "read_text", unreadable)
    assert lease.machine.__wrapped__() == lease.platform.node()


def sleep_through(what_another_does):
    """Let another process do something, and wait to be interrupted."""
    what_another_does()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_holder_that_slept_too_long_is_interrupted_and_leaves_the_lease_to_who_has_it(store):
    with pytest.raises(Lost, match=r"UAD-302 .*process 1 on elsewhere since then"), leased(store, "lease.json"):
        sleep_through(lambda: left(store, "elsewhere", 1, 0))
    assert holder(store, "lease.json")["host"] == "elsewhere"


def test_a_holder_whose_lease_another_took_and_ended_does_not_take_it_back(store):
    with pytest.raises(Lost, match=r"UAD-302 .*has run it since"), leased(store, "lease.json"):
        sleep_through(lambda: store.remove("lease.json"))
    assert store.sizes() == {}


def test_a_person_who_interrupts_is_not_told_of_another_process(store):
    with pytest.raises(KeyboardInterrupt), leased(store, "lease.json"):
        raise KeyboardInterrupt


@pytest.mark.parametrize("error", [OSError("disk full"), StoreAway([])])
def test_it_is_renewed_also_after_what_is_done_meanwhile_went_wrong(store, error):
    done = []

    def meanwhile():
        done.append(1)
        raise error

    with leased(store, "lease.json", meanwhile):
        deadline = time.monotonic() + 5
        while len(done) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert len(done) >= 3
