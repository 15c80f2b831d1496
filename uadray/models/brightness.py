"""How bright a reconstruction is as a whole: scanners and patients differ in it, and that is no lesion."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from uadray.section import Section

if TYPE_CHECKING:
    from torch import Tensor


class LearntBrightness(Section):
    """x_hat as it comes (Kascenas et al. 2022)."""

    kind: Literal["learnt"] = "learnt"

    def __call__(self, x: Tensor, x_hat: Tensor) -> Tensor:
        return x_hat


class MatchedBrightness(Section):
    """x_hat moved by the median of x - x_hat in each slice's brain, which a lesion of less than half of it cannot move.

    Coarse noise makes a slice brighter or darker as a whole, too, and a network takes a scan's own brightness for it.
    """

    kind: Literal["matched"] = "matched"

    def __call__(self, x: Tensor, x_hat: Tensor) -> Tensor:
        inside = (x - x_hat).masked_fill(x <= 0, math.nan).flatten(start_dim=1)
        shift = inside.nanmedian(dim=1).values.nan_to_num()
        return x_hat + shift[:, None, None, None]


Brightness = Annotated[LearntBrightness | MatchedBrightness, Field(discriminator="kind")]
