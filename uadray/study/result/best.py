"""The selected run as a file that trains it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from uadray.files import write_text
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Record
from uadray.yaml_file import dump


def write_best(plan: StudyConfig, best: Record, path: Path) -> None:
    """Write the study's selected trial as a search space of one point: `python -m uadray.train best.yaml` makes it.

    A trial that was stopped early is trained as far as it was. Cohort, preparation and resources are the study's.
    """
    plain = plan.plain()
    tree = {
        "study": f"{plan.study[:59]}-best",
        **{name: plain[name] for name in ("cohort", "prepare", "objectives", "painting", "resources")},
        "budget": {"trials": 1, "concurrent_trials": 1},
        "run": as_trained(best),
    }
    head = f"# Trial {best.index} of the study {plan.study}:\n#   python -m uadray.train {path.name}\n"
    write_text(path, head + dump(tree))


def as_trained(record: Record) -> dict[str, Any]:
    """The trial's run, as far as it was trained, as plain values."""
    run = record.run.plain()
    if record.status == "stopped":
        run["train"]["stop_after"] = len(record.curve)
    return run
