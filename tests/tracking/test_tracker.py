import logging
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tracked import held

from uadray.tracking import tracker
from uadray.tracking.mirror import Mirror
from uadray.tracking.server import Server
from uadray.tracking.tracker import Tracker


@pytest.fixture
def study(workspace):
    return workspace / "studies" / "toy"


def logged(study, server):
    """Log the study as one that runs does; returns the tracker and the seconds that its driver waited."""
    start = time.monotonic()
    with Tracker(study, server) as tracked:
        for index in range(4):
            tracked.trial(index)
        tracked.ending()
    return tracked, time.monotonic() - start


def test_a_study_is_logged_as_its_folder_is(study, database, undisturbed):
    tracked, _ = logged(study, Server(f"sqlite:///{database}", database.parent))
    assert tracked.place() == f"make ui WORKSPACE={database.parent}, experiment uadray/toy"
    assert held(Server(f"sqlite:///{database}", database.parent).client) == undisturbed


class Silent:
    """A server that takes a connection and never answers."""

    def __enter__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        return self._socket.getsockname()[1]

    def __exit__(self, *_):
        self._socket.close()


class Answering:
    """A server that answers everything with one status."""

    def __init__(self, status):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self._server.server_port

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class Absent:
    """A port where nobody listens."""

    def __enter__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return free.getsockname()[1]

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize(
    "away",
    [Absent, Silent, lambda: Answering(500), lambda: Answering(503), lambda: Answering(401), lambda: Answering(200)],
    ids=["nobody listens", "never answers", "500", "503", "wrong credentials", "nonsense"],
)
def test_a_study_neither_fails_nor_waits_for_a_server_that_is_away(study, monkeypatch, caplog, away):
    monkeypatch.setattr(tracker, "AWAY_S", 1.0)
    with away() as port, caplog.at_level(logging.WARNING):
        server = Server(f"http://user:secret@127.0.0.1:{port}", study.parents[1])
        tracked, seconds = logged(study, server)
    assert seconds < 3
    said = tracked.place()
    assert said == f"http://127.0.0.1:{port} was away: python -m uadray.mlflow_sync {study} brings it up to date"
    assert "secret" not in caplog.text


def test_to_hand_over_a_trial_takes_no_time(study):
    with Silent() as port, Tracker(study, Server(f"http://127.0.0.1:{port}", study.parents[1])) as tracked:
        start = time.monotonic()
        for _ in range(1000):
            tracked.trial(0)
        assert time.monotonic() - start < 0.5
        tracked._patience = 0.0


def test_a_server_that_comes_back_gets_what_it_missed_in_order(study, database, undisturbed, monkeypatch):
    monkeypatch.setattr(tracker, "AGAIN_S", 0.0)
    asked, whole = [], Mirror.trial

    def failing_at_first(self, index):
        asked.append(index)
        if len(asked) < 3:
            raise ConnectionError
        whole(self, index)

    monkeypatch.setattr(Mirror, "trial", failing_at_first)
    tracked, _ = logged(study, Server(f"sqlite:///{database}", database.parent))
    assert asked == [0, 0, 0, 1, 2, 3]
    assert "was away" not in tracked.place()
    assert held(Server(f"sqlite:///{database}", database.parent).client) == undisturbed


def test_after_a_failure_a_server_is_left_alone_for_a_while_but_asked_once_more_in_the_end(study, monkeypatch):
    asked = []

    def failing(self, index):
        asked.append(index)
        raise ConnectionError

    monkeypatch.setattr(Mirror, "trial", failing)
    logged(study, Server("http://127.0.0.1:9", study.parents[1]))
    assert asked == [0, 0]


def test_an_error_of_the_study_ends_it_with_that_error(study):
    def fail():
        with Tracker(study, Server("http://127.0.0.1:9", study.parents[1])) as tracked:
            tracked.trial(0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
