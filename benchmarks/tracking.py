"""What logging costs a study: with a server that is away from start to end, against SQLite in the workspace.

    python benchmarks/tracking.py [--rounds 3] [--trials 4] [--epochs 8]

Whole studies on the demo cohort, search, choice, test and end, in turns in one process with one Ray; the slices are
there, nothing trained is found again, and a first study is not counted. `away` is a port where nobody listens;
`silent` takes connections and never answers. Printed are the medians of seconds and of CPU seconds of the driver, their
ratios to SQLite, and the seconds that the driver spent in the tracker: handing trials over and waiting in the end.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from uadray import conduct
from uadray.console import OUT
from uadray.study.checking import check
from uadray.tracking.tracker import Tracker
from uadray.yaml_file import parse

SPACE = """\
study: {study}
cohort: {{kind: phantom, healthy: 12, lesion: 4, spacing_mm: 4}}
prepare: {{slices: {{kind: middle, count: 10}}, canvas: {{kind: resample, size: 64}}}}
budget: {{trials: {trials}, concurrent_trials: 2}}
sampler: {{kind: random}}
run:
  model: {{kind: vae_gan, latent: {{kind: dense, dim: {{choice: [64, 256]}}}}}}
  train: {{epochs: {epochs}, seed: {{integer: [0, 1000000]}}}}
"""


class Stopwatch:
    """The driver's seconds in a Tracker's methods."""

    def __init__(self) -> None:
        self.seconds = 0.0
        for name in ("__enter__", "__exit__", "trial", "ending"):
            setattr(Tracker, name, self._timed(getattr(Tracker, name)))

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            start = time.perf_counter()
            try:
                return method(*arguments)
            finally:
                self.seconds += time.perf_counter() - start

        return timed


def study(name: str, workspace: Path, options: argparse.Namespace, uri: str, watch: Stopwatch) -> dict[str, float]:
    """The seconds of one study."""
    plan = check(parse(SPACE.format(study=name, trials=options.trials, epochs=options.epochs), "space"))
    shutil.rmtree(workspace / "trainings", ignore_errors=True)
    os.environ["MLFLOW_TRACKING_URI"] = uri
    watch.seconds = 0.0
    start, cpu = time.perf_counter(), time.process_time()
    with conduct.opened(plan, workspace) as opened:
        opened.conclude(opened.search())
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    return {"s": wall, "CPU s of the driver": used, "s in the tracker": watch.seconds}


@contextmanager
def port(listens: bool) -> Any:
    """A port of this machine on which nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        if not listens:
            server.close()
        yield f"http://127.0.0.1:{number}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=8)
    options = parser.parse_args()
    OUT.quiet, watch = True, Stopwatch()
    with tempfile.TemporaryDirectory() as name, port(False) as away, port(True) as silent:
        workspace = Path(name)
        places = {"SQLite": "", "away": away, "silent": silent}
        found: dict[str, list[dict[str, float]]] = {place: [] for place in places}
        began = time.perf_counter()
        study("first", workspace, options, "", watch)
        for number in range(options.rounds):
            order = list(places)[number % 3 :] + list(places)[: number % 3]
            for place in order:
                found[place].append(study(f"{place.lower()}{number}", workspace, options, places[place], watch))
    medians = {
        place: {key: statistics.median(row[key] for row in rows) for key in rows[0]} for place, rows in found.items()
    }
    for place, row in medians.items():
        print(f"{place:8}", *(f"{value:8.3f} {key}" for key, value in row.items()))
    bare = {place: row["s"] - row["s in the tracker"] for place, row in medians.items()}
    for place in ("away", "silent"):
        print(
            f"{place:8} {medians[place]['s'] / medians['SQLite']['s']:.3f} x SQLite; in the tracker"
            f" {100 * medians[place]['s in the tracker'] / bare[place]:.2f} % of the rest"
        )
    print(json.dumps({"rounds": options.rounds, "trials": options.trials, "took_s": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
