"""How a study scales, measured on one machine: each promise a line with what was got beside it, and all of it as JSON.

    python benchmarks/scale.py ddp        a training of two workers on one node and on two, against one worker
    python benchmarks/scale.py trials     the driver's time and memory a trial, early and late in 500 cheap trials
    python benchmarks/scale.py draws      what drawing configuration n takes, up to n = 2000; no trial is run
    python benchmarks/scale.py reports    the driver's time for an epoch that a trial reports
    python benchmarks/scale.py nodes      the same trials, which mostly wait, on 1, 2 and 4 nodes
    python benchmarks/scale.py all        all of these, each in a process of its own

Nodes are raylets of this machine: what they share, cores and memory, does not grow with them, and no network is
between them. Ratios are of one run, on a machine that should do nothing else. It ends with 1 where a promise does not
hold. docs/scale.md works the figures out for large clusters.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import ray
import typer
from driving import Driver, Holding, mean_step
from ray.cluster_utils import Cluster
from searching import MODEL, TOY, TOY_MODEL, plan_of, tell, workspace

from uadray.conduct import opened
from uadray.data.store import Store
from uadray.files import write_json
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Ledger, Record
from uadray.study.search.searcher import SettledSearch
from uadray.study.space.search_space import Values

PARTS = (("ddp",), ("trials",), ("trials", "--sampler", "tpe"), ("draws",), ("reports",), ("nodes",))
FIRST = 10  # trials that are not counted: they start processes and open databases
SPACE = {  # of the values that latent.yaml searches
    "model": {
        "kind": "vae_gan",
        "latent": {
            "choice": [
                {"kind": "dense", "dim": {"choice": [16, 64, 128, 512]}},
                {"kind": "spatial", "size": {"choice": [4, 8, 16]}, "channels": {"choice": [4, 16, 64]}},
            ]
        },
        "posterior": {
            "choice": [{"kind": "deterministic"}, {"kind": "gaussian", "kl_weight": {"loguniform": [1e-3, 1.0]}}]
        },
    },
    "scoring": {"threshold": {"kind": "healthy_percentile", "percentile": {"uniform": [90.0, 99.9]}}},
}
app = typer.Typer(pretty_exceptions_enable=False, add_completion=False, help=(__doc__ or "").splitlines()[0])
Sampler = Literal["random", "tpe"]
Results = dict[str, Any]


@contextmanager
def nodes(*cores: int) -> Iterator[str]:
    """The address of a cluster of nodes with so many cores each; its head has none for trials."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        for each in cores:
            cluster.add_node(num_cpus=each)
        yield cluster.address
    finally:
        ray.shutdown()
        cluster.shutdown()


@dataclass(frozen=True)
class Searched:
    """A study that was searched, and what its driver saw."""

    driver: Driver
    records: tuple[Record, ...]


def search(plan: StudyConfig, place: Path, address: str | None = None, hold_s: float = 0.0) -> Searched:
    """Search the plan's space on a cluster, or on a Ray of this machine without an address; nothing is reused."""
    shutil.rmtree(place / "trainings", ignore_errors=True)
    with opened(plan, place, address=address) as study:
        folder = study.ledger.folder
        driver = Holding(plan, folder, hold_s) if hold_s else Driver(plan, folder)
        replace(study, progress=driver).search()
        return Searched(driver, tuple(study.ledger.records()))


@app.command()
def ddp(epochs: int = 12) -> None:
    """Two workers on one node, on two, and one worker: slices a second while it trains."""
    placed = {"one": (1, [2]), "two, one node": (2, [2]), "two, two nodes": (2, [1, 1])}
    run = {"model": {**MODEL, "adversary": {"kind": "image"}}, "train": {"epochs": epochs, "precision": "fp32"}}
    speed, start = {}, {}
    with workspace() as place:
        for name, (workers, cores) in placed.items():
            plan = plan_of(name.replace(", ", "-").replace(" ", "-"), run, 1, resources={"workers": workers})
            with nodes(*cores) as address:
                searched = search(plan, place, address)
            seconds = [row["seconds"] for row in searched.records[0].curve]
            speed[name] = slices_of(place) / float(np.median(seconds[1:]))
            start[name] = searched.driver.ended[0] - searched.driver.began[0] - sum(seconds)
    across, both = speed["two, two nodes"] / speed["two, one node"], speed["two, one node"] / speed["one"]
    said = [f"{name}: {found:.1f} slices a second, {start[name]:.0f} s besides" for name, found in speed.items()]
    tell(
        "ddp",
        "two workers on two nodes train at least 0.9 x as fast as on one node",
        across >= 0.9,
        f"{across:.2f} x; two workers against one {both:.2f} x; {', '.join(said)}",
        across=across,
        two_against_one=both,
        slices_per_s=speed,
        besides_s=start,
        epochs=epochs,
    )


def slices_of(place: Path) -> int:
    """Of an epoch: those that the one store in the workspace has to train on."""
    (path,) = (place / "stores").glob("*/manifest.json")
    return sum(member.slices for member in Store.open(path.parent).subjects("train", "healthy").values())


@app.command()
def trials(trials: int = 500, sampler: Sampler = "random") -> None:
    """The driver's time and memory a trial, in the first hundred and in the last hundred."""
    threshold = {"kind": "healthy_percentile", "percentile": {"uniform": [90.0, 99.9]}}
    run = {"model": "intensity", "scoring": {"median_filter": {"choice": [1, 3, 5]}, "threshold": threshold}}
    more = {"budget": {"concurrent_trials": 2}, "sampler": {"kind": sampler}, **TOY}
    with workspace() as place:
        driver = search(plan_of(f"trials-{sampler}", run, trials, **more), place).driver
    window = min(100, (trials - FIRST) // 2)
    early, late = slice(FIRST, FIRST + window), slice(trials - window, trials)
    cpu, wall = ([mean_step(values[part]) for part in (early, late)] for values in (driver.used, driver.ended))
    resident = [driver.resident[early][0], driver.resident[-1]]
    gain = float(np.polyfit(np.arange(trials - FIRST), driver.resident[FIRST:], 1)[0]) * 1000
    ratio = cpu[1] / cpu[0]
    tell(
        "trials",
        f"the driver's CPU time a trial is flat over {trials} trials ({sampler}), at most 1.3 x",
        ratio <= 1.3,
        f"{ratio:.2f} x, {1000 * cpu[0]:.0f} to {1000 * cpu[1]:.0f} ms of CPU in {1000 * wall[0]:.0f} to "
        f"{1000 * wall[1]:.0f} ms a trial (of {window}); {resident[0]:.0f} to {resident[1]:.0f} MB, {gain:.0f} KB each",
        sampler=sampler,
        trials=trials,
        ratio=ratio,
        cpu_s=cpu,
        wall_s=wall,
        resident_mb=resident,
        kb_per_trial=gain,
    )


class Timed(SettledSearch):
    """A searcher that knows how long Optuna took to draw."""

    drawing = 0.0

    def _drawn(self, *arguments: Any) -> Values:
        started = time.process_time()
        try:
            return super()._drawn(*arguments)
        finally:
            self.drawing += time.process_time() - started


@app.command()
def draws(
    trials: int = 2000,
    sampler: Sampler = "tpe",
    scheduler: Annotated[str, typer.Option(help="Its kind.")] = "asha",
    epochs: int = 16,
) -> None:
    """CPU time of drawing configuration n, Optuna's own and the rest; trials are records that are written at once."""
    run = {**SPACE, "train": {"epochs": epochs}}
    more = {
        "objectives": {"val/synthetic_dice": "max"},
        "budget": {"concurrent_trials": 4},
        "sampler": {"kind": sampler},
        "scheduler": {"kind": scheduler},
    }
    at = [n for n in (50, 100, 200, 500, 1000, 2000, 5000, 10_000) if n <= trials]
    own, optuna = [], []
    with workspace() as place:
        searcher = Timed(plan_of("draws", run, trials, **more), Ledger(place), place / "optuna.db")
        for number in range(max(at)):
            began, drawn = time.process_time(), searcher.drawing
            suggestion = searcher.suggest(f"trial {number}")
            took = time.process_time() - began
            assert isinstance(suggestion, dict)
            optuna.append(searcher.drawing - drawn)
            own.append(took - optuna[-1])
            finish(searcher.ledger, suggestion, epochs)
    rows = [{"n": n, "optuna_ms": 1000 * median(optuna, n), "rest_ms": 1000 * median(own, n)} for n in at]
    for row in rows:
        print(f"{'':20} n = {row['n']:5}: {row['optuna_ms']:6.1f} ms in Optuna's draw, {row['rest_ms']:.1f} ms besides")
    gain = (rows[-1]["rest_ms"] - rows[1]["rest_ms"]) / (at[-1] - at[1])
    tell(
        "draws",
        "what a draw costs besides Optuna's own grows by at most 10 ms in 1000 configurations",
        1000 * gain <= 10,
        f"{1000 * gain:.1f} ms, {sampler} and {scheduler}",
        sampler=sampler,
        scheduler=scheduler,
        rows=rows,
    )


def median(values: Sequence[float], n: int, window: int = 25) -> float:
    """Of those up to the nth."""
    return float(np.median(values[n - window : n]))


def finish(ledger: Ledger, suggestion: Results, epochs: int) -> None:
    """Write a record as a trial leaves it: a curve, and scores that depend on the percentile."""
    percentile = suggestion["run"]["scoring"]["threshold"]["percentile"]
    curve = [{"val/l1": 1 / (percentile - 80 + epoch), "seconds": 1.0} for epoch in range(epochs)]
    synthetic = {"dice_mean": 0.5 - abs(percentile - 95) / 20, "auprc": 0.5}
    record = {"curve": curve, "synthetic": synthetic, "seconds": float(epochs), "timing": {"model": 0.01}}
    content = {"index": suggestion["index"], "run": suggestion["run"], "status": "completed", **record}
    write_json(ledger.trial(suggestion["index"]) / "trial.json", content)


@app.command()
def reports(epochs: int = 300) -> None:
    """The driver's time for a reported epoch: two trials of epochs that take next to nothing."""
    run = {"model": TOY_MODEL, "train": {"epochs": epochs, "seed": {"choice": [0, 1]}}}
    with workspace() as place:
        driver = search(plan_of("reports", run, 2, budget={"concurrent_trials": 2}, **TOY), place).driver
    ms = 1000 * mean_step(driver.reports[FIRST:])
    tell(
        "reports",
        "an epoch costs the driver at most 20 ms",
        ms <= 20,
        f"{ms:.1f} ms of CPU, {1000 / ms:.0f} reports a second at the most",
        cpu_ms=ms,
        epochs=epochs,
    )


@app.command(name="nodes")
def on_nodes(trials: int = 48, wait_s: float = 5.0, at_once: int = 4) -> None:
    """Trials a second on 1, 2 and 4 nodes that together take as many trials at once."""
    threshold = {"kind": "healthy_percentile", "percentile": {"uniform": [90.0, 99.9]}}
    run = {"model": "intensity", "scoring": {"threshold": threshold}}
    more = {"budget": {"concurrent_trials": at_once}, "sampler": {"kind": "random"}, **TOY}
    besides, cpu = {}, {}
    with workspace() as place:
        for count in (1, 2, 4):
            with nodes(*[at_once // count] * count) as address:
                driver = search(plan_of(f"nodes-{count}", run, trials, **more), place, address, wait_s).driver
            warm = 2 * at_once - 1  # the last of the second wave
            besides[count] = mean_step(driver.ended[warm:]) * at_once - wait_s
            cpu[count] = mean_step(driver.used[warm:])
    rate = {count: at_once / (wait_s + seconds) for count, seconds in besides.items()}
    said = [f"{n} nodes {rate[n]:.2f} trials a second, {s:.2f} s a trial besides waiting" for n, s in besides.items()]
    tell(
        "nodes",
        "on four nodes at least 0.9 x the trials a second of one node with as many places",
        rate[4] >= 0.9 * rate[1],
        f"{rate[4] / rate[1]:.2f} x; {', '.join(said)}; {1000 * cpu[4]:.0f} ms of the driver's CPU each",
        trials=trials,
        wait_s=wait_s,
        at_once=at_once,
        trials_per_s=rate,
        besides_s=besides,
        driver_cpu_s=cpu,
    )


@app.command()
def all() -> None:
    """Every part."""
    ended = [subprocess.run([sys.executable, __file__, *part]).returncode for part in PARTS]
    raise typer.Exit(max(ended))


if __name__ == "__main__":
    app()
