"""The whole way of a study in a minute: few subjects, two epochs, two trials."""

from __future__ import annotations

from typing import Any

from uadray.data.few import FewSubjects
from uadray.study.design.plan import StudyConfig

EPOCHS = 2
TRIALS = 2


def smoke(plan: StudyConfig) -> StudyConfig:
    """A study of its own name that goes the way of `plan`, from scans to the test, as shortly as can be.

    What takes several trials to matter is left out: scheduler, constraints, repeats, earlier studies.
    """
    cohort = plan.cohort if isinstance(plan.cohort, FewSubjects) else FewSubjects(of=plan.cohort)
    return StudyConfig.parse(
        {
            **plan.plain(),
            "study": f"{plan.study[:58]}-smoke",
            "cohort": cohort.plain(),
            "budget": {"trials": TRIALS, "concurrent_trials": plan.budget.concurrent_trials},
            "sampler": {"kind": "random"},
            "scheduler": {"kind": "none"},
            "constraints": {},
            "repeats": 1,
            "enqueue": [],
            "warm_start": None,
            "run": _short(plan.run),
        }
    )


def _short(run: dict[str, Any]) -> dict[str, Any]:
    """The space with trainings of two epochs, also where a run or a training is a branch."""
    if "choice" in run:
        return {"choice": [_short(option) for option in run["choice"]]}
    return {**run, "train": _of_two_epochs(run.get("train", {}))}


def _of_two_epochs(train: dict[str, Any]) -> dict[str, Any]:
    if "choice" in train:
        return {"choice": [_of_two_epochs(option) for option in train["choice"]]}
    return {**train, "epochs": EPOCHS, "stop_after": None}
