"""What was asked of a study: its objectives, its search space and its budget, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from uadray.reporting.words import DIRECTION, MEANING, listed, short
from uadray.study.design.plan import StudyConfig
from uadray.study.space.branches import below, labels, word_of

ALIKE = {
    "uniform": "every number alike",
    "loguniform": "every order of magnitude alike",
    "integer": "whole numbers",
    "loginteger": "whole numbers, every order of magnitude alike",
}
SAMPLERS = {
    "tpe": "a tree-structured Parzen estimator (TPE), which learns from the trials before",
    "gp": "a Gaussian process, which learns from the trials before",
    "nsga2": "NSGA-II, an evolutionary search",
    "qmc": "a scrambled Sobol sequence",
    "random": "chance",
    "grid": "every combination in turn",
}
SCHEDULERS = {
    "none": "Every trial was trained to its end.",
    "asha": "Trials with a high loss on healthy validation slices were stopped early (ASHA).",
    "hyperband": "Trials with a high loss on healthy validation slices were stopped early (Hyperband).",
    "median": "Trials with a loss above the median on healthy validation slices were stopped early.",
}


class Drawn(NamedTuple):
    """A setting that was searched; `depth` is in how many branches it lies, `where` the last of them."""

    depth: int
    where: str
    name: str
    values: str


def objectives(plan: StudyConfig) -> list[str]:
    """Each objective as a phrase, the one that picks the winner first."""
    return [f"{MEANING[metric]} ({metric}; {DIRECTION[mode]})" for metric, mode in plan.objectives.items()]


def constraints(plan: StudyConfig) -> list[str]:
    """Each constraint as a phrase."""
    return [f"{MEANING[metric]} ({metric}) {bound}" for metric, bound in plan.constraints.items()]


def budget(plan: StudyConfig) -> str:
    """What might be spent."""
    budget = plan.budget
    gpu = f", {budget.gpu_hours:g} GPU hours" if budget.gpu_hours is not None else ""
    times = f", each trained {plan.repeats} times with other seeds" if plan.repeats > 1 else ""
    return (
        f"{budget.trials} configurations{times}, {budget.hours:g} h{gpu}, {budget.concurrent_trials} at the same time,"
        f" at most {budget.max_failed_trials} failed"
    )


def search_space(tree: Any) -> list[Drawn]:
    """Every value that was drawn, in the order of the study's file.

    >>> latent = {"choice": [{"kind": "dense", "dim": {"integer": [2, 8]}}, 3]}
    >>> [line.values for line in search_space({"latent": latent})]
    ['dense or 3', 'from 2 to 8, whole numbers']
    """
    return list(_drawn(tree, "", 0, ""))


def _drawn(tree: Any, name: str, depth: int, where: str) -> Iterator[Drawn]:
    word = word_of(tree)
    if word == "choice":
        options = tree["choice"]
        names = [str(label) for label in labels(options)]
        yield Drawn(depth, where, name or "the run", listed(names, "or"))
        for label, option in zip(names, options, strict=True):
            yield from _drawn(option, name, depth + 1, f"{name.rpartition('.')[2]} {label}".strip())
    elif word is not None:
        low, high = tree[word]
        step = f", in steps of {tree['step']:g}" if "step" in tree else ""
        yield Drawn(depth, where, name, f"from {short(low)} to {short(high)}, {ALIKE[word]}{step}")
    elif isinstance(tree, dict):
        for key, child in tree.items():
            yield from _drawn(child, below(name, key), depth, where)
