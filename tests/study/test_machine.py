"""A study's Ray: what is said where it cannot be had."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from ray.exceptions import AuthenticationError

from uadray.errors import ConfigError
from uadray.study import machine
from uadray.study.machine import Cluster

ROOT = Path(__file__).parents[2]


def test_a_token_that_is_not_there_is_told_with_what_to_do(monkeypatch):
    def begin(*_, **__):
        raise AuthenticationError("Token authentication is enabled but no authentication token was found")

    monkeypatch.setattr(machine, "_knock", lambda address: None)
    monkeypatch.setattr(machine, "_begin", begin)
    with pytest.raises(ConfigError, match=r"UAD-442 --address 10\.0\.0\.2:6379: .*no authentication token") as refused:
        Cluster("10.0.0.2:6379", list).start(plan=None)
    assert "~/.ray/auth_token" in refused.value.problems[0].do


@pytest.mark.slow
def test_ray_itself_refuses_who_has_no_token_in_a_way_that_is_known(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        program = (
            "import sys; from types import SimpleNamespace as N; from uadray.errors import ConfigError\n"
            "from uadray.study.machine import Cluster\n"
            f"where = Cluster('127.0.0.1:{listening.getsockname()[1]}', list)\n"
            "try: where.start(N(resources=N(cpus_per_worker=1)))\n"
            "except ConfigError as error: print(error)"
        )
        kept = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "token"}
        done = subprocess.run([sys.executable, "-c", program], env=kept, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("UAD-442 --address 127.0.0.1:"), done.stderr
    assert "oken" in done.stdout
