"""How a code is drawn from the encoder's output: as it is (AE) or from a Gaussian (VAE)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from uadray.section import Section

if TYPE_CHECKING:
    from uadray.models.networks.posterior import Posterior


class DeterministicConfig(Section):
    """A plain autoencoder: lambda_2 = 0."""

    kind: Literal["deterministic"] = "deterministic"

    @property
    def kl_weight(self) -> float:
        return 0.0

    @property
    def varies(self) -> bool:
        """Whether two draws of a code differ."""
        return False

    def build(self) -> Posterior:
        from uadray.models.networks.posterior import Deterministic

        return Deterministic()


class GaussianConfig(Section):
    """A variational autoencoder."""

    kind: Literal["gaussian"] = "gaussian"

    kl_weight: float = Field(1.0, ge=0)
    """lambda_2 of Eq. 2. Paper silent; default from Baur et al. 2021: the KL term weighs as much as the L1 term, each
    summed over the image."""

    @property
    def varies(self) -> bool:
        """Whether two draws of a code differ."""
        return True

    def build(self) -> Posterior:
        from uadray.models.networks.posterior import Gaussian

        return Gaussian()


PosteriorConfig = Annotated[DeterministicConfig | GaussianConfig, Field(discriminator="kind")]
