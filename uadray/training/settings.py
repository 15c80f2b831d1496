"""How a model is trained."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from uadray.section import Section


class TrainConfig(Section):
    """How long and how a model is trained. Defaults from Baur et al. 2018 where it speaks."""

    epochs: int = Field(150, ge=1)
    """Passes over the healthy training slices. Baur et al. 2018: 150."""

    stop_after: int | None = Field(None, ge=1)
    """Epoch to end with although more are planned, which phases are shares of; none: all are made."""

    batch_size: int = Field(8, ge=2)
    """Slices a step, over all workers together. Baur et al. 2018: 8."""

    adam_beta1: float = Field(0.5, ge=0, lt=1)
    """First-moment decay of Adam. Paper silent, optimiser included; default from Baur et al. 2021."""

    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Of the training; "auto" takes bf16 where the device has it in hardware. Scores are always computed in fp32."""

    seed: int = Field(0, ge=0, lt=2**31)
    """Of the weights, the order of slices and the noise."""

    @property
    def last_epoch(self) -> int:
        """The epoch that a training ends with unless it is stopped."""
        return min(self.epochs, self.stop_after or self.epochs)
