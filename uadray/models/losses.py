"""The terms of Baur et al. 2018, Eqs. 2 and 3, with the paper's symbols.

The paper is silent on sums and means. Here L1 is the mean over pixels and the KL term the sum over latent values
divided by the number of pixels, so that lambda_1 : lambda_2 weighs them as the per-image sums of Baur et al. 2021
(Med. Image Anal. 69:101952) do, at every image size. The adversarial terms are means over the batch, one logit an
image.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus


def l1(x: Tensor, x_hat: Tensor) -> Tensor:
    """|x - x_hat|_1 per pixel, the first term of Eq. 2."""
    return (x - x_hat).abs().mean()


def kl_to_standard_normal(mu: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mu, sigma^2) || N(0, I)) summed over the latent values, one value an image: (N, ...) -> (N,).

    >>> import torch
    >>> kl_to_standard_normal(torch.zeros(2, 3), torch.zeros(2, 3))
    tensor([0., 0.])
    """
    kl = 0.5 * (mu.square() + log_variance.exp() - log_variance - 1)
    return kl.flatten(start_dim=1).sum(dim=1)


def fooling(logit_of_x_hat: Tensor) -> Tensor:
    """-log Dis(x_hat), the last term of Eq. 2, with Dis the sigmoid of a logit."""
    return softplus(-logit_of_x_hat).mean()


def discrimination(logit_of_x: Tensor, logit_of_x_hat: Tensor) -> tuple[Tensor, Tensor]:
    """-log Dis(x) and -log(1 - Dis(x_hat)), the two terms of Eq. 3."""
    return softplus(-logit_of_x).mean(), softplus(logit_of_x_hat).mean()


def accuracy(logit_of_x: Tensor, logit_of_x_hat: Tensor) -> Tensor:
    """Share of images that a discriminator judges rightly, in [0, 1]; 0.5 is guessing."""
    right = torch.cat([logit_of_x > 0, logit_of_x_hat < 0])
    return right.float().mean()


def spread(x: Tensor, x_hat: Tensor) -> Tensor:
    """How much made images differ from each other, against real ones: near 0 where they are all the same.

    >>> import torch
    >>> spread(torch.rand(4, 1, 8, 8), torch.zeros(4, 1, 8, 8))
    tensor(0.)
    """
    if len(x) < 2:  # one slice does not differ from others
        return torch.ones(())
    return x_hat.detach().float().std(dim=0).mean() / x.float().std(dim=0).mean().clamp(min=1e-6)
