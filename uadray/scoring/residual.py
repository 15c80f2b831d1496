"""How far a slice is from its reconstruction, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from uadray.scoring.mahalanobis import MahalanobisResidual, PositiveMahalanobisResidual
from uadray.scoring.ssim import SsimResidual
from uadray.section import Section

if TYPE_CHECKING:
    from torch import Tensor


class PositiveResidual(Section):
    """max(x - x_hat, 0): only what is brighter than expected, as FLAIR lesions are (Baur et al. 2021)."""

    kind: Literal["positive"] = "positive"

    @property
    def draws(self) -> int:
        return 1

    def __call__(self, x: Tensor, x_hats: Tensor) -> Tensor:
        return (x - x_hats[0]).clamp(min=0)


class AbsoluteResidual(Section):
    """|x - x_hat|, the "pixelwise l1-distance" of Baur et al. 2018."""

    kind: Literal["absolute"] = "absolute"

    @property
    def draws(self) -> int:
        return 1

    def __call__(self, x: Tensor, x_hats: Tensor) -> Tensor:
        return (x - x_hats[0]).abs()


ResidualConfig = Annotated[
    PositiveResidual | AbsoluteResidual | SsimResidual | MahalanobisResidual | PositiveMahalanobisResidual,
    Field(discriminator="kind"),
]
