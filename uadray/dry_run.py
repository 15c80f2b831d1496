"""What a study would do and take: nothing is trained, no scan is read, no folder of a study is made."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path

from rich.syntax import Syntax

from uadray.console import OUT
from uadray.data.preparation import content_key
from uadray.data.splits import assign
from uadray.data.store import Store
from uadray.data.subject import Part
from uadray.errors import DataError
from uadray.layout import STORES
from uadray.study.design.plan import StudyConfig
from uadray.study.quiet import silence
from uadray.study.screen.forecast import USUAL, forecast, shown
from uadray.study.screen.probe import probe
from uadray.yaml_file import dump


def dry_run(plan: StudyConfig, workspace: Path) -> None:
    """Print the resolved plan, every default written out, and what it would take by a short probe of its models."""
    silence()
    OUT.print(Syntax(dump(plan.plain(), OUT.width), "yaml", background_color="default", word_wrap=True))
    slices, counted = _slices(plan, workspace)
    size, threads, device = plan.prepare.canvas.size, plan.resources.cpus_per_worker, plan.resources.device_here
    with OUT.status("probing the architectures"):
        found = forecast(plan, slices, counted, lambda run: probe(run, size, device, threads), device.type)
    OUT.print(shown(found))


def _slices(plan: StudyConfig, workspace: Path) -> tuple[dict[Part, int], bool]:
    """Slices by part, and whether they were counted in a store that is there; the listing is checked on the way."""
    subjects = plan.cohort.subjects(workspace / "cohorts")
    parts = assign(subjects, plan.prepare.split, plan.prepare.train_on)
    with contextlib.suppress(DataError):
        members = Store.open(workspace / STORES / content_key(subjects, plan.prepare)).manifest.subjects.values()
        counted: Counter[Part] = Counter()
        for member in members:
            counted[Part(member.split, member.group)] += member.slices
        return dict(sorted(counted.items())), True
    scans = Counter(parts.values())
    return {part: count * USUAL for part, count in sorted(scans.items())}, False
