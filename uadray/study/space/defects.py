"""What is wrong with the distributions of a search space themselves, before anything is drawn from them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from uadray.study.space.branches import Steps, distribution_of, word_of
from uadray.study.space.distributions import STEPPED, Integer, UniformSteps, as_written
from uadray.yaml_document import shown

MOST_STEPS = 10_000


@dataclass(frozen=True)
class Defect:
    """A distribution that makes no sense."""

    around: Steps
    """Where the distribution stands."""

    steps: Steps
    """Where in it the fault is."""

    must: str
    got: str
    do: str


def defects(tree: Any, steps: Steps = ()) -> Iterator[Defect]:
    """All of them, also of branches."""
    word = word_of(tree)
    if word is not None:
        fault = _fault(tree, word)
        if fault is not None:
            yield Defect(steps, (*steps, *fault[0]), *fault[1:])
        elif word == "choice":
            yield from defects(tree[word], (*steps, word))
    elif isinstance(tree, dict):
        for key, child in tree.items():
            yield from defects(child, (*steps, key))
    elif isinstance(tree, list):
        for number, child in enumerate(tree):
            yield from defects(child, (*steps, number))


Fault = tuple[Steps, str, str, str]  # where in the distribution, what must hold, what was got, what to do


def _fault(tree: dict[str, Any], word: str) -> Fault | None:
    others = [key for key in tree if key != word]
    if others == ["step"] and word not in STEPPED:
        do = "Remove `step`, or write uniform or integer."
        return ("step",), "only uniform and integer have a `step`", f"`{word}`", do
    if others not in ([], ["step"]):
        do = "Remove the others, or put them into the options." if word == "choice" else "Remove the others."
        return (), f"`{word}` must stand alone", f"also {', '.join(others)}", do
    if word == "choice":
        return _fault_of_choice(tree[word])
    return _fault_of_range(tree, word, tree[word]) or (_fault_of_step(tree, word) if others else None)


def _fault_of_choice(options: Any) -> Fault | None:
    if not isinstance(options, list) or not options:
        return ("choice",), "must be a list of options", shown(options), "Write choice: [one, another]."
    first: dict[str, int] = {}
    for number, option in enumerate(options):
        earlier = first.setdefault(json.dumps(option, sort_keys=True), number)
        if earlier != number:
            return ("choice", number), "options must differ", f"the one at {earlier} again", "Remove it."
    return None


def _fault_of_range(tree: dict[str, Any], word: str, bounds: Any) -> Fault | None:
    whole = word in ("integer", "loginteger")
    example = f"Write {word}: {'[1, 9]' if whole else '[0.1, 0.9]'}."
    if not isinstance(bounds, list) or len(bounds) != 2 or not all(type(bound) in (int, float) for bound in bounds):
        return (word,), "must be two numbers [low, high]", shown(bounds), example
    low, high = bounds
    if whole and not all(type(bound) is int for bound in bounds):
        return (word,), "both bounds must be whole numbers", shown(bounds), "Round them, or write uniform."
    if not low < high:
        do = "Exchange them." if low > high else f"Write {low} alone, without {word}."
        return (word,), "low must be below high", shown(bounds), do
    if word.startswith("log") and low <= 0:
        return (word, 0), "low must be above 0 on a log scale", shown(low), "Begin above 0."
    if math.isinf(high - low):
        return (word,), "a range must have a finite width", shown(bounds), "Write smaller bounds."
    return None


def _fault_of_step(tree: dict[str, Any], word: str) -> Fault | None:
    step = tree["step"]
    if type(step) not in (int, float) or step <= 0:
        return ("step",), "must be a number above 0", shown(step), "Write step: 0.1, for instance."
    if word == "integer" and type(step) is not int:
        return ("step",), "must be a whole number", shown(step), "Round it, or write uniform."
    distribution = distribution_of(tree)
    assert isinstance(distribution, (Integer, UniformSteps))
    steps = distribution.steps
    if steps > MOST_STEPS:
        return ("step",), f"must be at most {MOST_STEPS} steps from low to high", shown(step), "Write a larger step."
    if steps.denominator != 1:
        whole = as_written(distribution.low) + math.floor(steps) * as_written(step)
        do = f"Let the range end at {float(whole):g}, or change the step." if steps > 1 else "Write a smaller step."
        return ("step",), "a whole number of steps must lead from low to high", f"{float(steps):.6g}", do
    return None
