"""What a study starts reports nothing home and lets nobody in, as the kernel sees it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
START = """
import json, os, sys
from pathlib import Path
from uadray import conduct  # whose imports set what MLflow reads
from uadray.study.machine import Own
from uadray.study.quiet import log_to
from studies import made_plan

log_to(Path("log.txt"))
Own().start(made_plan())
import ray
from uadray.diagnosis.secrecy import TELEMETRY

ours = str(ray._private.worker.global_worker.node.get_session_dir_path()).encode()
seen = {}
for entry in Path("/proc").glob("[0-9]*"):
    try:
        if ours in (entry / "cmdline").read_bytes():
            environment = dict(v.split("=", 1) for v in (entry / "environ").read_text().split(chr(0)) if "=" in v)
            names = [name for _, name, _ in TELEMETRY] + ["RAY_AUTH_MODE"]
            seen[(entry / "comm").read_text().strip()] = {name: environment.get(name) for name in names}
    except OSError:
        pass
print(json.dumps(seen))
ray.shutdown()
"""


@pytest.mark.slow
def test_every_process_of_ray_has_telemetry_off_and_asks_for_the_token(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "MLFLOW_"))}
    env = {**kept, "HOME": str(tmp_path), "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "RAY_USAGE_STATS_ENABLED": "1"}
    done = subprocess.run(
        [sys.executable, "-c", START], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert {"gcs_server", "raylet"} <= set(seen)
    for environment in seen.values():
        assert environment == {
            "RAY_USAGE_STATS_ENABLED": "0",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "RAY_AUTH_MODE": "token",
        }
