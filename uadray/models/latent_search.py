"""How the code of a slice is searched in a generator that has no encoder (Schlegl et al. 2017, IPMI)."""

from __future__ import annotations

from pydantic import Field

from uadray.section import Section


class LatentSearchConfig(Section):
    """How long and by what steps z is searched."""

    steps: int = Field(100, ge=1)
    """At most, for each slice. Baur et al. 2018: 100; Schlegl et al. 2017: 500."""

    draft_steps: int = Field(10, ge=1)
    """Of the quick search after each epoch. Ours."""

    step_size: float = Field(0.2, gt=0)
    """Adam's learning rate on z, which lies around N(0, I). Papers silent; ours, where the loss after 100 steps is
    least on real slices: 0.1 and 0.4 end within 1 % of it, 0.05 within 4 %."""

    feature_weight: float = Field(0.1, ge=0, le=1)
    """lambda, the share of the feature loss. Schlegl et al. 2017, and so Baur et al. 2018: 0.1."""

    tolerance: float = Field(0.01, ge=0, lt=1)
    """A slice whose loss has not fallen by this share of itself within `patience` steps is done. Ours; the papers make
    every step."""

    patience: int = Field(10, ge=1)
    """Steps; as many as `steps` make every step, as the papers do. Ours."""

    batch_pixels: int = Field(2**17, ge=1)
    """Of the slices searched together: 32 of 64 x 64, 2 of 256 x 256. Changes the time, and no result. Ours: at 256 x
    256, a slice took 2.3 s alone and 2.7 s among eight, which are too many for the cache."""

    def hyperparameters(self) -> dict[str, float | str]:
        """As a part of a model's flat row."""
        return {
            "search_steps": self.steps,
            "search_step_size": self.step_size,
            "search_tolerance": self.tolerance,
            "search_patience": self.patience,
            "feature_weight": self.feature_weight,
        }
