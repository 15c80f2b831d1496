"""How to get the same again: commands, the study and its best configuration in full, versions, keys and seeds."""

from __future__ import annotations

import platform
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import yaml

from uadray import __version__
from uadray.reporting.gathering import Found
from uadray.reporting.privacy import anonymous, kind_of, shareable
from uadray.reporting.words import Row, Table, listed
from uadray.study.design.warm_start import WarmStartConfig
from uadray.yaml_file import dump

PACKAGES = ("torch", "ray", "optuna", "numpy", "scipy")
PLACE = "# Where the scans are is left out of `cohort`: put your own there.\n"


def study_file(found: Found) -> str:
    """The study as a search-space file, every default written out, but for where the scans are."""
    tree = {**shareable(found.plan), "cohort": kind_of(found.plan.cohort)}
    if isinstance(found.plan.warm_start, WarmStartConfig):
        tree["warm_start"]["study"] = found.plan.warm_start.study.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return PLACE + dump(tree, width=100)


def best_file(found: Found) -> str:
    """best.yaml in full, but for where the scans are; "" where there is none."""
    path = found.ledger.folder / "best.yaml"
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8")
    tree = yaml.safe_load(text)
    shown = shareable(found.plan)
    tree |= {"cohort": kind_of(found.plan.cohort), "prepare": shown["prepare"]}
    head = "".join(f"{line}\n" for line in text.splitlines() if line.startswith("#"))
    return anonymous(head + PLACE + dump(tree, width=100))


def facts(found: Found) -> Table:
    """What two runs must share to give the same numbers."""
    seeds = sorted({record.run.train.seed for record in found.records})
    precisions = Counter(record.precision for record in found.records if record.precision)
    sampler: dict[str, Any] = found.plan.sampler.plain()
    rows = {
        "store of slices": found.store_key,
        "id of the study": found.ledger.study_id,
        "seed of the splits": str(found.plan.prepare.split.seed),
        "seed of the search": str(sampler.get("seed", "none: nothing is drawn")),
        "seeds of the trainings": listed([str(seed) for seed in seeds]),
        "precision of the trainings": listed([f"{name} ({count})" for name, count in sorted(precisions.items())]),
        "precision of the scores": "fp32",
        "trained weights of the winner": found.winner.training if found.winner else "none",
        "resources of a trial": _resources(found),
        "versions, when this page was made": ", ".join(_versions()),
    }
    return Table(("what*", "which*"), [Row(row) for row in rows.items()])


def _resources(found: Found) -> str:
    r = found.plan.resources
    return f"{r.workers} worker(s), each with {r.cpus_per_worker} CPU(s) and {r.gpus_per_worker:g} GPU(s)"


def _versions() -> list[str]:
    found = [f"uadray {__version__}", f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return found
