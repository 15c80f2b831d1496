"""When a trial is not worth its remaining epochs: limits on the healthy validation loss, known before it starts.

Ray's asynchronous ASHA compares a trial with whatever has been reported by then, so two launches of one study stop
different trials; and it hung over trials of several workers. Here a trial is compared with the trials that were settled
when it was drawn. Its limits are data it carries, and stopping needs no message: it works alike on one process, on many
and after a resume, and the same study gives the same table.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from uadray.section import Section

Limits = dict[int, float]  # epoch -> the highest healthy validation l1 with which a trial goes on


class NeverConfig(Section):
    """Every trial trains to its end."""

    kind: Literal["none"] = "none"

    def limits(self, curves: Sequence[Sequence[float]], epochs: int) -> Limits:
        return {}


class AshaConfig(Section):
    """Successive halving without waiting (Li et al. 2020, ASHA), over settled trials."""

    kind: Literal["asha"] = "asha"

    metric: Literal["val/l1"] = "val/l1"
    """Mean |x - x_hat| on healthy validation slices: no label stops a trial."""

    mode: Literal["min"] = "min"
    """Smaller is better."""

    grace_epochs: int = Field(2, ge=1)
    """Epochs every trial may train."""

    reduction_factor: int = Field(3, ge=2)
    """At epochs grace, grace * factor, ... the best 1 / factor of the trials goes on."""

    def limits(self, curves: Sequence[Sequence[float]], epochs: int) -> Limits:
        """Limits from the settled trials' curves (healthy validation l1 by epoch) for a trial of so many epochs.

        A rung has a limit once at least `reduction_factor` settled trials reached it.

        >>> AshaConfig(grace_epochs=1, reduction_factor=2).limits([[0.3], [0.1], [0.2], [0.4]], epochs=3)
        {1: 0.2}
        """
        limits = {}
        for rung in self._rungs(epochs):
            reached = sorted(curve[rung - 1] for curve in curves if len(curve) >= rung)
            if len(reached) >= self.reduction_factor:
                limits[rung] = reached[math.ceil(len(reached) / self.reduction_factor) - 1]
        return limits

    def _rungs(self, epochs: int) -> Iterator[int]:
        rung = self.grace_epochs
        while rung < epochs:
            yield rung
            rung *= self.reduction_factor


SchedulerConfig = Annotated[NeverConfig | AshaConfig, Field(discriminator="kind")]
