"""A head of Ray on this machine, as the cluster files start one: who has no token gets nothing."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import pytest

DASHBOARD = ("aiohttp-cors", "colorful", "opencensus", "prometheus-client", "smart-open")  # of ray[default]
INSTALLED = {(found.metadata["Name"] or "").lower().replace("_", "-") for found in distributions()}
WITHOUT = [name for name in DASHBOARD if name not in INSTALLED]
RAY = Path(sys.executable).with_name("ray")
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Head:
    """A running head: where it is, and the environment of one who may use it."""

    gcs: str
    dashboard: int
    environment: dict[str, str]

    def submit(self, headers):
        """The status that the Jobs API answers a job with."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.dashboard}/api/jobs/",
            data=json.dumps({"entrypoint": "echo hello"}).encode(),
            headers={"Content-Type": "application/json", **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def connect(self, **environment):
        """What a program gets that asks this head how many nodes it has."""
        program = f"import ray; ray.init({self.gcs!r}, log_to_driver=False); print('nodes', len(ray.nodes()))"
        everything = {**self.environment, **environment}
        return subprocess.run(
            [sys.executable, "-c", program], env=everything, capture_output=True, text=True, timeout=90
        )


def free_port():
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def of_folder(folder):
    """The processes that were started with this folder, and no other Ray on the machine."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if folder in (entry / "cmdline").read_text() and int(entry.name) != os.getpid():
                yield int(entry.name)
        except OSError:
            pass


@pytest.fixture(scope="module")
def head():
    folder = tempfile.mkdtemp(prefix="uad-", dir="/tmp")  # short: names of sockets have about 100 characters
    token = Path(folder) / "auth_token"
    token.touch(mode=0o600)
    token.write_text("7" * 64)
    environment = {
        **os.environ,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    gcs, dashboard = free_port(), free_port()
    start = [RAY, "start", "--head", f"--port={gcs}", "--node-ip-address=127.0.0.1", "--num-cpus=1", "--num-gpus=0"]
    start += ["--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}", f"--temp-dir={folder}/ray"]
    try:
        subprocess.run(list(map(str, start)), env=environment, capture_output=True, check=True, timeout=120)
        yield Head(f"127.0.0.1:{gcs}", dashboard, environment)
    finally:
        for _ in range(50):
            left = list(of_folder(folder))
            for process in left:
                os.kill(process, signal.SIGKILL)
            if not left:
                break
            time.sleep(0.1)
        shutil.rmtree(folder, ignore_errors=True)


def test_a_program_without_the_token_cannot_connect_and_one_with_it_can(head):
    may = head.connect()
    assert "nodes 1" in may.stdout, may.stderr
    tokens = ({"RAY_AUTH_TOKEN": "8" * 64}, {"RAY_AUTH_MODE": "disabled"})
    with ThreadPoolExecutor() as both:  # each is tried for a while
        refused = list(both.map(lambda token: head.connect(**token), tokens))
    assert all(program.returncode != 0 for program in refused)
    assert not any("nodes" in program.stdout for program in refused)


@pytest.mark.skipif(bool(WITHOUT), reason=f"the Jobs API needs ray[default]: {', '.join(WITHOUT)} missing")
def test_the_jobs_api_answers_401_without_token_403_with_another_and_takes_a_job_with_it(head):
    until = time.monotonic() + 60
    while True:
        try:
            assert head.submit({}) == 401
            break
        except urllib.error.URLError:  # it listens a moment after `ray start` has returned
            assert time.monotonic() < until
            time.sleep(0.5)
    assert head.submit({"Authorization": f"Bearer {'8' * 64}"}) == 403
    deadline = time.monotonic() + 180
    while (status := head.submit({"Authorization": f"Bearer {'7' * 64}"})) >= 500 and time.monotonic() < deadline:
        time.sleep(1)  # its agents may still be starting
    assert status == 200


@pytest.mark.skipif(bool(WITHOUT), reason=f"the dashboard needs ray[default]: {', '.join(WITHOUT)} missing")
def test_the_dashboard_listens_on_loopback_alone(head):
    listening = {
        tuple(line.split()[1].split(":"))
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    }
    assert {address for address, port in listening if int(port, 16) == head.dashboard} == {"0100007F"}
