"""Is a training still one? A loss that is no number, and a generator that makes one image for all, end it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from uadray.errors import Problem, StudyError

PATIENCE = 3  # epochs in a row
LEAST_SPREAD = 0.02  # of made images against real ones; trained ones have 0.5 and more, also of blurred slices


class Diverged(StudyError):
    """A training that has come to nothing."""


def check(curve: Sequence[Mapping[str, float]]) -> None:
    """Raise Diverged for a training whose epochs so far are these: UAD-310 for a loss, UAD-311 for a collapse.

    >>> check([{"autoencoder/reconstruction": 0.2, "discriminator/spread": 0.6}])
    """
    where, last = f"epoch {len(curve)}", curve[-1]
    if not all(map(math.isfinite, last.values())):
        got = ", ".join(f"{name} {value:g}" for name, value in last.items())
        do = "Lower the learning rates or the adversary's weight."
        raise Diverged(Problem("UAD-310", where, "every loss must be a finite number", got, do))
    for name in (name for name in last if name.endswith("/spread")):
        spreads = [row.get(name, 1.0) for row in curve[-PATIENCE:]]
        if len(spreads) == PATIENCE and max(spreads) < LEAST_SPREAD:
            must = f"made images must differ: {name} at least {LEAST_SPREAD:g} once in {PATIENCE} epochs"
            do = "The generator has collapsed: lower the discriminator's learning rate, or its weight."
            raise Diverged(Problem("UAD-311", where, must, f"{spreads[-1]:.2g}", do))
