"""What the study engine promises, measured: each promise a line with what was got beside it, and all of them as JSON.

    python benchmarks/study.py overhead       8 trials of some 5 s against a plain loop of the same trainings
    python benchmarks/study.py long           4 trials of some 2 minutes likewise; takes a quarter of an hour
    python benchmarks/study.py percentile     another threshold for a trained configuration, against its training
    python benchmarks/study.py concurrency    two trials at a time against one
    python benchmarks/study.py failures       100 trials, 20 of which are made to fail
    python benchmarks/study.py memory         what the driver's memory gains a trial
    python benchmarks/study.py all            all but `long`, each in a process of its own

Each is a whole study on the embedded demo cohort, with its ledger, its Optuna storage and its MLflow runs, one torch
thread a trial. Ratios are of one run of this script, on a machine that should do nothing else. It ends with 1 where a
promise does not hold.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import ray
import typer
from lost_trials import PLANTS, Assassin, disagreements, planted
from searching import MODEL, TOY, TOY_MODEL, loop_seconds, plan_of, search, seeded, tell, workspace

PARTS = ("overhead", "percentile", "concurrency", "failures", "memory")
app = typer.Typer(pretty_exceptions_enable=False, add_completion=False, help=(__doc__ or "").splitlines()[0])


def against_loop(part: str, trials: int, epochs: int, most: float) -> None:
    with workspace() as place:
        searched = search(plan_of(part, seeded(trials, epochs), trials), place)
        ray.shutdown()
        loop = loop_seconds(searched, place)
    ratio, bare = searched.seconds / loop, searched.watch.seconds / loop
    said = f"{ratio:.2f} x with all start-up, {bare:.2f} x without ({searched.seconds:.1f} s, loop {loop:.1f} s)"
    numbers = {"study_s": searched.seconds, "trials_s": searched.watch.seconds, "loop_s": loop, "trials": trials}
    promise = f"{trials} trials of {loop / trials:.0f} s cost at most {most:g} x a plain loop"
    tell(part, promise, ratio <= most, said, ratio=ratio, ratio_without_start=bare, **numbers)


@app.command()
def overhead(trials: int = 8, epochs: int = 4) -> None:
    """Short trials against a plain loop."""
    against_loop("overhead", trials, epochs, 1.5)


@app.command()
def long(trials: int = 4, epochs: int = 96) -> None:
    """Trials of minutes against a plain loop."""
    against_loop("long", trials, epochs, 1.05)


@app.command()
def percentile(epochs: int = 64) -> None:
    """One more percentile on a trained configuration."""
    threshold = {"kind": "healthy_percentile", "percentile": {"choice": [98.0, 97.0, 96.0, 95.0]}}
    run = {"model": MODEL, "train": {"epochs": epochs}, "scoring": {"threshold": threshold}}
    with workspace() as place:
        searched = search(plan_of("percentile", run, 4), place)
        folders = [searched.study.ledger.trial(index) for index in range(4)]
        inside = [(own / "trial.json").stat().st_mtime - (own / ".lock").stat().st_mtime for own in folders]
    ended = [searched.watch.ended[index] for index in range(4)]
    training = searched.records[0].seconds
    driver = float(np.median(np.diff(ended)))
    own = float(np.median(inside[1:]))
    used = float(np.median(np.diff(searched.watch.used)))
    said = f"{driver / training:.2%} seen from the driver ({driver:.2f} s), {own / training:.2%} in its process"
    tell(
        "percentile",
        f"another percentile costs at most 1 % of its training of {training:.0f} s",
        driver <= 0.01 * training,
        f"{said} ({own:.2f} s); {used:.2f} CPU seconds, driver and Ray's own included",
        training_s=training,
        driver_s=driver,
        process_s=own,
        cpu_s=used,
        scoring_of_first_s=inside[0] - training,
    )


@app.command()
def concurrency(trials: int = 8, epochs: int = 8) -> None:
    """Two trials at a time against one."""
    with workspace() as place:
        seconds = {}
        for at_once in (1, 2):
            budget = {"concurrent_trials": at_once}
            searched = search(plan_of(f"at-once-{at_once}", seeded(trials, epochs), trials, budget=budget), place)
            ray.shutdown()
            seconds[at_once] = searched.watch.seconds
    ratio = seconds[1] / seconds[2]
    said = f"{ratio:.2f} x ({seconds[1]:.1f} s one at a time, {seconds[2]:.1f} s two at a time)"
    numbers = {"one_s": seconds[1], "two_s": seconds[2], "trials": trials}
    promise = "two trials at a time on two cores have at least 1.8 x the throughput"
    tell("concurrency", promise, ratio >= 1.8, said, ratio=ratio, **numbers)


@app.command()
def failures(
    trials: int = 100,
    lost: Annotated[int, typer.Option(help="Of them, made to fail, in each of four ways alike.")] = 20,
    keep: Annotated[Path | None, typer.Option(help="Workspace to leave the study in.")] = None,
) -> None:
    """Trials that are made to fail: no one is forgotten, and every record of the study says the same."""
    ways = planted(trials, lost)
    lives = [{**TOY_MODEL, "learning_rate": 1e-3 * (1 + index / trials)} for index in range(trials)]
    models = [{**live, **(PLANTS[ways[index]].model if index in ways else {})} for index, live in enumerate(lives)]
    run = {"model": {"choice": models}, "train": {"epochs": 2}}
    budget = {"concurrent_trials": 2, "max_failed_trials": trials}
    with workspace() as place:
        plan = plan_of("failures", run, trials, budget=budget, **TOY)
        folder = place / "studies" / plan.study / "trials"
        for index in (index for index, way in ways.items() if way == "exception"):
            (folder / f"{index:04d}" / "panels.png" / "in the way").mkdir(parents=True)
        with Assassin([folder / f"{index:04d}" for index, way in ways.items() if way == "killed"]) as assassin:
            searched = search(plan, place)
        wrong = disagreements(searched.study, ways)
        if keep is not None:
            shutil.copytree(place, keep)
    for line in wrong:
        print(line)
    told = {way: sum(each == way for each in ways.values()) for way in PLANTS}
    said = f"{trials - len(ways)} scored and {', '.join(f'{count} {way}' for way, count in told.items())}"
    tell(
        "failures",
        f"{trials} trials, {lost} of them lost, stand alike in ledger, Optuna, Tune and MLflow",
        not wrong,
        f"{said}, {len(wrong)} disagreements, {len(assassin.killed)} kills, {searched.seconds:.0f} s",
        lost=told,
        kills=len(assassin.killed),
        disagreements=len(wrong),
        study_s=searched.seconds,
    )


@app.command()
def memory(trials: int = 200, after: int = 50) -> None:
    """The driver's resident memory over many short trials."""
    run = {"model": TOY_MODEL, "train": {"epochs": 1, "seed": {"integer": [0, trials - 1]}}}
    with workspace() as place:
        searched = search(plan_of("memory", run, trials, budget={"concurrent_trials": 2}, **TOY), place)
    resident = searched.watch.resident
    gain = float(np.polyfit(np.arange(after, trials), resident[after:], 1)[0]) * 1000
    said = f"{gain:.0f} KB a trial from trial {after} to {trials} ({resident[after]:.0f} to {resident[-1]:.0f} MB)"
    numbers = {"kb_per_trial": gain, "first_mb": resident[after], "last_mb": resident[-1], "study_s": searched.seconds}
    promise = "the driver's memory is flat, under 100 KB a trial"
    tell("memory", promise, gain < 100, said, trials=trials, **numbers)


@app.command()
def all() -> None:
    """Every part but `long`."""
    ended = [subprocess.run([sys.executable, __file__, part]).returncode for part in PARTS]
    raise typer.Exit(max(ended))


if __name__ == "__main__":
    app()
