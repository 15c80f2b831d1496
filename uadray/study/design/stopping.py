"""When a trial is not worth its remaining epochs: limits on the healthy validation loss, known before it starts.

Ray's asynchronous ASHA compares a trial with whatever has been reported by then, so two launches of one study stop
different trials; and it hung over trials of several workers. Here a trial is compared with the trials that were settled
when it was drawn. Its limits are data it carries, and stopping needs no message: it works alike on one process, on many
and after a resume, and the same study gives the same table. Population-based training is left out: an architecture
cannot be perturbed in mid-training, and what a trial copies from its neighbours would depend on who was quick.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from uadray.section import Section

Limits = dict[int, float]  # epoch -> the highest healthy validation l1 with which a trial goes on
Losses = Mapping[int, float]  # epoch -> healthy validation l1, where it says something of the reconstruction
Settled = tuple[int, Losses]  # a configuration's number, and what one of its trainings went through


class NeverConfig(Section):
    """Every trial trains to its end."""

    kind: Literal["none"] = "none"

    def limits(self, number: int, settled: Sequence[Settled], epochs: int) -> Limits:
        """None."""
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

    def limits(self, number: int, settled: Sequence[Settled], epochs: int) -> Limits:
        """Limits from the settled trials' losses for a trial of so many epochs.

        A rung has a limit once at least `reduction_factor` settled trials reached it.

        >>> losses = [0.3, 0.1, 0.2, 0.4]
        >>> settled = [(number, {1: loss}) for number, loss in enumerate(losses)]
        >>> AshaConfig(grace_epochs=1, reduction_factor=2).limits(4, settled, epochs=3)
        {1: 0.2}
        """
        limits = {}
        for rung in self._rungs(epochs):
            reached = sorted(losses[rung] for _, losses in settled if rung in losses)
            if len(reached) >= self.reduction_factor:
                limits[rung] = reached[math.ceil(len(reached) / self.reduction_factor) - 1]
        return limits

    def _rungs(self, epochs: int) -> Iterator[int]:
        rung = self.grace_epochs
        while rung < epochs:
            yield rung
            rung *= self.reduction_factor


class HyperbandConfig(Section):
    """Hyperband (Li et al. 2018): some trials are halved early and often, others late or never.

    Bracket b of B = `brackets` is ASHA with grace_epochs * reduction_factor^b of grace, among its own trials. A trial's
    bracket is decided by its number; each has the share of trials that Li et al. give it, ceil(B / (s + 1) *
    reduction_factor^s) with s = B - 1 - b, and they take turns.
    """

    kind: Literal["hyperband"] = "hyperband"

    grace_epochs: int = Field(1, ge=1)
    """Epochs every trial may train."""

    reduction_factor: int = Field(3, ge=2)
    """At each rung of a bracket the best 1 / factor of its trials goes on. Li et al. 2018, eta: 3."""

    brackets: int = Field(3, ge=1, le=8)
    """Degrees of haste. Li et al. 2018: 1 + floor(log_factor(epochs / grace)), which is 3 for 10 epochs."""

    def limits(self, number: int, settled: Sequence[Settled], epochs: int) -> Limits:
        """Limits from the losses of the settled trials in the trial's own bracket.

        >>> settled = [(number, {1: 0.1, 2: 0.1}) for number in range(6)]
        >>> both = HyperbandConfig(reduction_factor=2, brackets=2)
        >>> both.limits(6, settled, epochs=4), both.limits(7, settled, epochs=4)
        ({1: 0.1, 2: 0.1}, {2: 0.1})
        """
        bracket = self.bracket(number)
        own = [(other, losses) for other, losses in settled if self.bracket(other) == bracket]
        grace = self.grace_epochs * self.reduction_factor**bracket
        return AshaConfig(grace_epochs=grace, reduction_factor=self.reduction_factor).limits(number, own, epochs)

    def bracket(self, number: int) -> int:
        """Of a trial: the one that is furthest behind its share, 0 being the hastiest."""
        shares = [
            math.ceil(self.brackets / (last + 1) * self.reduction_factor**last)
            for last in reversed(range(self.brackets))
        ]
        taken = [0] * self.brackets
        for turn in range(number % sum(shares) + 1):
            behind = [share * (turn + 1) / sum(shares) - has for share, has in zip(shares, taken, strict=True)]
            chosen = behind.index(max(behind))
            taken[chosen] += 1
        return chosen


class MedianRuleConfig(Section):
    """The median rule (Golovin et al. 2017, Google Vizier): a trial that is worse than the middle of them stops."""

    kind: Literal["median"] = "median"

    startup_trials: int = Field(5, ge=1)
    """Settled trials that must have reached an epoch before it has a limit. Default from Optuna's median pruner."""

    grace_epochs: int = Field(2, ge=1)
    """Epochs every trial may train."""

    def limits(self, number: int, settled: Sequence[Settled], epochs: int) -> Limits:
        """At each epoch, the median of the settled trials' mean losses up to there.

        Golovin et al. hold a trial's best loss so far against it; here it is the last one.

        >>> settled = [(0, {1: 0.9, 2: 0.5}), (1, {1: 0.4, 2: 0.2}), (2, {1: 0.6})]
        >>> MedianRuleConfig(startup_trials=2, grace_epochs=1).limits(3, settled, epochs=3)
        {1: 0.6, 2: 0.5}
        """
        limits = {}
        for epoch in range(self.grace_epochs, epochs):
            averages = [
                statistics.fmean(loss for then, loss in losses.items() if then <= epoch)
                for _, losses in settled
                if epoch in losses
            ]
            if len(averages) >= self.startup_trials:
                limits[epoch] = statistics.median(averages)
        return limits


SchedulerConfig = Annotated[NeverConfig | AshaConfig | HyperbandConfig | MedianRuleConfig, Field(discriminator="kind")]
