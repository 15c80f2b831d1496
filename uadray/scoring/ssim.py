"""Where x and x_hat differ in structure, not only in brightness.

Wang et al. 2004 (Image quality assessment: from error visibility to structural similarity, IEEE TIP), Eq. 13, as an
anomaly map: Bergmann et al. 2019 (Improving unsupervised defect segmentation by applying structural similarity to
autoencoders, VISAPP).

    SSIM = (2 mu_x mu_y + C1) (2 sigma_xy + C2) / ((mu_x^2 + mu_y^2 + C1) (sigma_x^2 + sigma_y^2 + C2))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from uadray.section import Section

if TYPE_CHECKING:
    import torch
    from torch import Tensor

C1, C2 = 0.01**2, 0.03**2  # Wang et al. 2004: (K L)^2 for images in [0, L = 1]


class SsimResidual(Section):
    """(1 - w) (1 - SSIM) + w |x - x_hat|, in [0, 2]; both signs, since SSIM has none."""

    kind: Literal["ssim"] = "ssim"

    sigma: float = Field(1.5, gt=0, le=8)
    """Standard deviation of the Gaussian window, in pixels. Wang et al. 2004: 1.5, cut to 11 x 11."""

    l1_weight: float = Field(0.0, ge=0, lt=1)
    """w. Bergmann et al. 2019: SSIM alone, 0. Pan et al. 2024 (an image quality assessment perspective,
    arXiv 2408.08228) take 0.84 SSIM and 0.16 l1."""

    @property
    def draws(self) -> int:
        return 1

    def __call__(self, x: Tensor, x_hats: Tensor) -> Tensor:
        x_hat = x_hats[0]
        return (1 - self.l1_weight) * (1 - ssim(x, x_hat, self.sigma)) + self.l1_weight * (x - x_hat).abs()


def ssim(x: Tensor, y: Tensor, sigma: float = 1.5) -> Tensor:
    """Structural similarity around each pixel, in [-1, 1]; x and y are (N, 1, H, W) in [0, 1].

    At the border, the window is what lies in the image. In double precision: where both images are flat, C2 is all
    there is to divide by, and fp32's rounding of the variances would be seen.

    >>> import torch
    >>> ssim(torch.zeros(1, 1, 16, 16), torch.zeros(1, 1, 16, 16)).min()
    tensor(1.)
    """
    a, b = x.double(), y.double()
    rows, columns = (_window(pixels, sigma, x.device) for pixels in x.shape[2:])
    mu_x, mu_y, xx, yy, xy = (rows @ (moment @ columns.T) for moment in (a, b, a * a, b * b, a * b))
    variances = (xx - mu_x**2).clamp(min=0) + (yy - mu_y**2).clamp(min=0)
    covariance = xy - mu_x * mu_y
    luminance = (2 * mu_x * mu_y + C1) / (mu_x**2 + mu_y**2 + C1)
    structure = (2 * covariance + C2) / (variances + C2)
    return (luminance * structure).clamp(-1, 1).to(x.dtype)


def _window(pixels: int, sigma: float, device: torch.device) -> Tensor:
    """The Gaussian means along one axis as a matrix, (pixels, pixels), whose rows sum to 1."""
    import torch

    reach = int(3.5 * sigma + 0.5)  # 11 taps for sigma 1.5
    places = torch.arange(pixels, dtype=torch.double, device=device)
    offsets = places[:, None] - places
    window = torch.exp(-0.5 * (offsets / sigma) ** 2) * (offsets.abs() <= reach)
    return window / window.sum(dim=1, keepdim=True)
