"""What a node has before a trial begins on it: it may have joined the cluster when the study was running already."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

from uadray.cluster.versions import installed
from uadray.errors import Problem, StudyHalted
from uadray.files import LOCK, alone, write_bytes
from uadray.layout import PLAN, TRIALS, study_id, study_id_at
from uadray.training.loop import Rank
from uadray.training.task import Task


class Astray(StudyHalted):
    """A trial came to a node that cannot do its part."""


def arrive(task: Task, rank: Rank) -> None:
    """Have on this node what is known of the trial, and nothing of a former study of the same name.

    The first rank alone needs it. Raises Astray where this node would compute otherwise than the process that runs the
    study (UAD-444, every rank), or has not got the study (UAD-445).
    """
    own = installed()
    if task.libraries not in ("", own):
        must, do = f"a node must have the libraries of the driver ({task.libraries})", "Install the same, or one image."
        raise Astray(Problem("UAD-444", f"node {platform.node()}", must, own, do))
    if rank.index == 0:
        _have_study(task)
        with alone(Path(task.folder) / LOCK):
            if not task.mirror.has(task.record):  # of a former study, or never sent
                _empty(Path(task.folder))
            task.mirror.bring(Path(task.folder))


def _have_study(task: Task) -> None:
    plan = task.study / PLAN
    there = task.mirror.content(plan)
    if there is None:
        must, do = "every node of the cluster must have the study", "Give it the workspace; the same command goes on."
        raise Astray(Problem("UAD-445", f"node {platform.node()}", must, f"no {task.study}", do))
    with alone(task.study / ".arrival"):
        if study_id_at(plan) != study_id(there):
            _empty(task.study / TRIALS)
            write_bytes(plan, there)


def _empty(folder: Path) -> None:
    """Remove what is in a folder, but for locks and drafts."""
    for path in folder.glob("[!.]*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
