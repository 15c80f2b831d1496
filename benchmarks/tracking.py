"""What logging costs a study: with a server that is away from start to end, against SQLite in the workspace.

    python benchmarks/tracking.py [--seconds 100] [--trials 2] [--epochs 2]

Studies on the demo cohort, one trial after the other in this process, which shares its interpreter with the thread that
logs: training, scoring, choice, test and end. They take turns until the time is over, after a first one that is not
counted. `away` is a port where nobody listens; `silent` takes connections and never answers. Printed are medians of the
seconds of a study and of its CPU seconds, the seconds that the study itself spent in the tracker, to hand trials over
and to wait in the end, and the ratios of the first two to SQLite.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server
from typing import Any

import torch

from uadray.data.preparation import prepare
from uadray.data.store import Store
from uadray.files import write_json
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Ledger
from uadray.study.reading.checking import check
from uadray.study.result.selection import select
from uadray.study.result.verdict import judge
from uadray.tracking.server import Server, tracking_uri
from uadray.tracking.tracker import Tracker
from uadray.training.loop import Rank
from uadray.training.task import Place, Task
from uadray.training.worker import work
from uadray.yaml_file import parse

SPACE = """\
study: {study}
cohort: {{kind: phantom, healthy: 12, lesion: 4, spacing_mm: 4}}
prepare: {{slices: {{kind: middle, count: 10}}, canvas: {{kind: resample, size: 64}}}}
budget: {{trials: {trials}, concurrent_trials: 1}}
run:
  model: {{kind: vae_gan, latent: {{kind: dense, dim: 64}}}}
  train: {{epochs: {epochs}, precision: fp32}}
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


def study(plan: StudyConfig, workspace: Path, store: Store, uri: str, watch: Stopwatch) -> dict[str, float]:
    """The seconds of one study."""
    folder = workspace / "studies" / plan.study
    ledger = Ledger(folder)
    write_json(folder / "study.json", {"id": plan.study, **plan.plain(), "store": store.key})
    splits = {"train": ("train", "healthy"), "val_healthy": ("val", "healthy"), "val_lesion": ("val", "lesion")}
    slices = {name: store.read(*split) for name, split in splits.items()}  # type: ignore[arg-type]
    place = Place(torch.device("cpu"), Rank(), lambda module: module, slices.__getitem__, lambda row: None)
    watch.seconds = 0.0
    start, cpu = time.perf_counter(), time.process_time()
    with Tracker(folder, Server(uri, workspace)) as tracker:
        for index in range(plan.trainings):
            run = {**plan.run, "train": {**plan.run["train"], "seed": index}}
            task = Task(index, run, store.size, str(ledger.trial(index)), {}, str(folder / "trainings"), store.key, {})
            work(task, place)
            tracker.trial(index)
        judge(plan, ledger, store, select(plan, ledger, store, "all trials are done"))
        tracker.ending()
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    return {"s": wall, "CPU s": used, "s in the tracker": watch.seconds}


@contextmanager
def port(listens: bool) -> Iterator[str]:
    """A port of this machine on which nobody answers."""
    with create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        if not listens:
            server.close()
        yield f"http://127.0.0.1:{number}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=100.0)
    parser.add_argument("--trials", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable()
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as name, port(False) as away, port(True) as silent:
        workspace = Path(name)
        places = {"SQLite": tracking_uri(workspace), "away": away, "silent": silent}
        found: dict[str, list[dict[str, float]]] = {place: [] for place in places}

        def planned(study: str) -> StudyConfig:
            return check(parse(SPACE.format(study=study, trials=options.trials, epochs=options.epochs), "space"))

        plan = planned("first")
        store = prepare(plan.cohort.subjects(workspace), plan.prepare, workspace / "stores", lambda *_: None)
        study(plan, workspace, store, places["SQLite"], watch)
        began, number = time.perf_counter(), 0
        while time.perf_counter() - began < options.seconds:
            place = list(places)[number % len(places)]
            found[place].append(study(planned(f"s{number}"), workspace, store, places[place], watch))
            number += 1
    medians = {
        place: {key: statistics.median(row[key] for row in rows) for key in rows[0]} for place, rows in found.items()
    }
    for place, row in medians.items():
        ratios = " ".join(f"{row[key] / medians['SQLite'][key]:.3f} x {key}" for key in ("s", "CPU s"))
        print(f"{place:7}", *(f"{value:8.4f} {key}" for key, value in row.items()), f"   {ratios}")
    print(json.dumps({"studies": number, "trials": options.trials, "epochs": options.epochs}))


if __name__ == "__main__":
    main()
