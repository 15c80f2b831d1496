"""The bar every model must clear: on FLAIR, lesions are bright, so brightness alone finds many of them.

Meissen et al. 2021 (Challenging current semi-supervised anomaly segmentation methods for brain MRI, BrainLes 2021)
threshold the histogram-equalised image and beat autoencoders of that time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from uadray.models.model_section import ModelSection

if TYPE_CHECKING:
    from uadray.models.networks.intensity import Intensity


class IntensityConfig(ModelSection):
    """The untrained intensity baseline."""

    kind: Literal["intensity"] = "intensity"

    @property
    def varies(self) -> bool:
        """Whether the variants of a reconstruction differ."""
        return False

    @property
    def obstacle(self) -> str:
        return "no network"

    def check(self, size: int) -> None:
        """Every image size will do."""

    def build(self, size: int) -> Intensity:
        from uadray.models.networks.intensity import Intensity

        return Intensity()

    def hyperparameters(self) -> dict[str, float | str]:
        """No code and no loss."""
        return {"model": "intensity"}
