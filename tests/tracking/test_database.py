"""The workspace's own database, made whole or not at all."""

import sqlite3
import subprocess
import sys

from uadray.tracking.server import Server, tracking_uri

MAKE = """
import sys
from pathlib import Path
from uadray.tracking.server import Server, tracking_uri
folder = Path(sys.argv[1])
Server(tracking_uri(folder), folder).client
"""


def test_a_database_that_a_kill_left_half_made_is_made_anew(tmp_path):
    making = subprocess.Popen([sys.executable, "-c", MAKE, str(tmp_path)])
    while (
        making.poll() is None
        and not any(path.stat().st_size for path in tmp_path.glob("*.db*"))
        and not any(path.stat().st_size for path in tmp_path.glob(".*-draft"))
    ):
        pass
    making.kill()
    making.wait()
    assert Server(tracking_uri(tmp_path), tmp_path).answers()
    database = sqlite3.connect(tmp_path / "mlflow.db")
    assert database.execute("select count(*) from experiments").fetchone() == (1,)
    assert not list(tmp_path.glob(".*-draft*"))
