import socket
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from uadray.diagnosis.finding import State
from uadray.diagnosis.secrecy import asks_for_token, ports, telemetry, token

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def table(path, *sockets):
    rows = (f"   0: {address}:{port:04X} 00000000:0000 {state} 00000000:00000000\n" for address, port, state in sockets)
    path.write_text(HEAD + "".join(rows))
    return [path]


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / ".ray" / "auth_token"
    path.parent.mkdir()
    path.write_text("7" * 64)
    path.chmod(0o600)
    return path


def test_a_token_of_its_owner_alone_is_fit(kept, tmp_path):
    assert token({}, tmp_path).state is State.OK
    assert "7777" not in str(token({}, tmp_path))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_token_that_others_can_read_or_change_is_a_problem(kept, tmp_path, mode):
    kept.chmod(mode)
    finding = token({}, tmp_path)
    assert finding.state is State.PROBLEM
    assert finding.do == f"chmod 600 {kept}"


def test_the_environment_says_where_the_token_is(kept, tmp_path):
    assert token({"RAY_AUTH_TOKEN_PATH": str(kept)}, tmp_path / "elsewhere").state is State.OK
    assert token({"RAY_AUTH_TOKEN": "secret"}, tmp_path / "elsewhere").said == "from RAY_AUTH_TOKEN"
    none = token({}, tmp_path / "elsewhere")
    assert none.state is State.WARNING
    assert "`ray start` starts asks for none" in none.said


def test_authentication_that_is_switched_off_is_a_problem(kept, tmp_path):
    assert token({"RAY_AUTH_MODE": "disabled"}, tmp_path).state is State.PROBLEM
    assert token({"RAY_AUTH_MODE": "token"}, tmp_path).state is State.OK


@contextmanager
def dashboard(status):
    """A server that answers every question with a status; where it is, and what it was asked."""
    asked = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers.get("Authorization")))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "state"),
    [(401, State.OK), (403, State.OK), (200, State.PROBLEM), (404, State.PROBLEM), (500, State.PROBLEM)],
)
def test_a_cluster_that_lets_in_who_has_no_token_is_a_problem(monkeypatch, status, state):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with dashboard(status) as (where, asked):
        found = asks_for_token(where)
    assert asked == [("/api/jobs/", None)]
    assert found.state is state
    assert str(status) in found.said
    assert ("RAY_AUTH_MODE=token" in found.do) == (state is State.PROBLEM)


def test_a_cluster_whose_dashboard_cannot_be_asked_is_not_called_fit():
    for none in ("", None):
        assert asks_for_token(none).state is State.WARNING
        assert "no dashboard" in asks_for_token(none).said
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        found = asks_for_token(f"127.0.0.1:{silent.getsockname()[1]}")
    assert (found.state, "does not answer" in found.said) == (State.WARNING, True)


def test_ports_on_loopback_are_fit_and_others_are_told(tmp_path):
    assert ports(table(tmp_path / "tcp")).said == "none of MLflow's and Ray's usual ones is open"
    here = ports(table(tmp_path / "tcp", ("0100007F", 5000, "0A"), ("0100007F", 8265, "0A")))
    assert (here.state, here.said) == (State.OK, "on loopback alone: 5000 (MLflow), 8265 (Ray's dashboard)")
    open_to_all = ports(table(tmp_path / "tcp", ("00000000", 5000, "0A"), ("0" * 32, 6379, "0A")))
    assert open_to_all.state is State.WARNING
    assert "5000 (MLflow), 6379 (Ray)" in open_to_all.said


def test_a_connection_to_such_a_port_elsewhere_is_no_open_port(tmp_path):
    assert ports(table(tmp_path / "tcp", ("0200000A", 5000, "01"))).state is State.OK
    assert ports([tmp_path / "absent"]).state is State.OK


def test_telemetry_that_is_on_is_told_with_the_way_to_switch_it_off():
    off = {"RAY_USAGE_STATS_ENABLED": "0", "MLFLOW_DISABLE_TELEMETRY": "True"}
    assert [finding.said for finding in telemetry(off)] == ["off", "off"]
    ray, mlflow = telemetry({"RAY_USAGE_STATS_ENABLED": "1"})
    assert (ray.state, mlflow.state) == (State.WARNING, State.OK)
    assert ray.do == "export RAY_USAGE_STATS_ENABLED=0"
    assert mlflow.said.endswith("what you start yourself sends unless MLFLOW_DISABLE_TELEMETRY=true")
