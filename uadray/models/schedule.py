"""How much of a slice is left after t of T steps of diffusion: abar_t, from 1 down to almost 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from uadray.section import Section

if TYPE_CHECKING:
    from torch import Tensor

T = 1000  # steps; Ho et al. 2020, Wyatt et al. 2022


class LinearSchedule(Section):
    """beta_t grows linearly (Ho et al. 2020): half of the slice's variance is gone after 250 steps."""

    kind: Literal["linear"] = "linear"

    first: float = Field(1e-4, gt=0, lt=1)
    """beta_1. Ho et al. 2020: 1e-4."""

    last: float = Field(2e-2, gt=0, lt=1)
    """beta_T. Ho et al. 2020: 0.02."""

    def abar(self) -> Tensor:
        """(T + 1,), abar_0 = 1."""
        import torch

        return _products(torch.linspace(self.first, self.last, T, dtype=torch.float64))


class CosineSchedule(Section):
    """abar_t is a squared cosine (Nichol and Dhariwal 2021): slower at first, 15 % of the variance after 250 steps."""

    kind: Literal["cosine"] = "cosine"

    offset: float = Field(0.008, ge=0)
    """s, so that beta is not too small near t = 0. Nichol and Dhariwal 2021: 0.008."""

    def abar(self) -> Tensor:
        """(T + 1,), abar_0 = 1; beta is at most 0.999, as in the paper."""
        import torch

        times = torch.linspace(0, 1, T + 1, dtype=torch.float64)
        f = torch.cos((times + self.offset) / (1 + self.offset) * math.pi / 2).square()
        return _products((1 - f[1:] / f[:-1]).clamp(max=0.999))


Schedule = Annotated[LinearSchedule | CosineSchedule, Field(discriminator="kind")]


def _products(beta: Tensor) -> Tensor:
    import torch

    return torch.cat([beta.new_ones(1), torch.cumprod(1 - beta, dim=0)]).float()
