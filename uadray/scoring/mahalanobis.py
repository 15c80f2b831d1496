"""How unlikely a pixel is among several reconstructions of its slice.

Behrendt et al. 2024 (Leveraging the Mahalanobis distance to enhance unsupervised brain MRI anomaly detection, MICCAI):
a model that draws gives K images x_hat_1 .. x_hat_K that a slice might have, were it healthy. Where they differ from
each other, a difference from x means less.

Simplified: theirs weighs d = x - mean by inv(Sigma + r I) with the covariance Sigma of all pixels of a slice; here
Sigma is its diagonal, so each pixel is judged by its own variance alone. (On draws of a dense VAE of real FLAIR slices
the whole Sigma found less: AUPRC 0.30 against 0.36.) They draw from a conditioned diffusion model; here whatever a
model's `variant` draws will do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from uadray.section import Section

if TYPE_CHECKING:
    from torch import Tensor


class MahalanobisResidual(Section):
    """|x - mean| / sqrt(variance + epsilon), mean and variance over the draws."""

    kind: Literal["mahalanobis"] = "mahalanobis"

    draws: int = Field(8, ge=2, le=256)
    """K, the reconstructions of each slice; the time of a map grows with it."""

    epsilon: float = Field(1e-3, gt=0)
    """Least variance, of intensities in [0, 1], where all draws agree. The r of Behrendt et al. 2024's code is 1e-2."""

    def __call__(self, x: Tensor, x_hats: Tensor) -> Tensor:
        return signed_distance(x, x_hats, self.epsilon).abs()


class PositiveMahalanobisResidual(Section):
    """max(x - mean, 0) / sqrt(variance + epsilon): only what is brighter than expected, as FLAIR lesions are."""

    kind: Literal["positive_mahalanobis"] = "positive_mahalanobis"

    draws: int = Field(8, ge=2, le=256)
    """K, the reconstructions of each slice; the time of a map grows with it."""

    epsilon: float = Field(1e-3, gt=0)
    """Least variance, of intensities in [0, 1], where all draws agree. The r of Behrendt et al. 2024's code is 1e-2."""

    def __call__(self, x: Tensor, x_hats: Tensor) -> Tensor:
        return signed_distance(x, x_hats, self.epsilon).clamp(min=0)


def signed_distance(x: Tensor, x_hats: Tensor, epsilon: float) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon); x is (N, 1, H, W), x_hats (K, N, 1, H, W) with K > 1.

    >>> import torch
    >>> signed_distance(torch.tensor(5.0), torch.tensor([1.0, 3.0]), 2.0)
    tensor(1.5000)
    """
    variance: Tensor = x_hats.var(dim=0)
    return (x - x_hats.mean(dim=0)) / (variance + epsilon).sqrt()
