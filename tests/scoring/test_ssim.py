import numpy as np
import pytest
import torch
from scipy import ndimage

from uadray.scoring.ssim import C1, C2, SsimResidual, ssim


@pytest.fixture
def x():
    return torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def x_hat(x):
    return (x + 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(1))).clamp(0, 1)


def test_it_is_the_formula_of_wang_with_another_gaussian_filter(x, x_hat):
    a, b = x[0, 0].double().numpy(), x_hat[0, 0].double().numpy()

    def mean(image):
        return ndimage.gaussian_filter(image, 1.5, truncate=3.5)

    mu_a, mu_b = mean(a), mean(b)
    covariance, variances = mean(a * b) - mu_a * mu_b, mean(a * a) - mu_a**2 + mean(b * b) - mu_b**2
    expected = (2 * mu_a * mu_b + C1) * (2 * covariance + C2) / ((mu_a**2 + mu_b**2 + C1) * (variances + C2))
    inside = np.s_[5:-5, 5:-5]  # the borders differ
    np.testing.assert_allclose(ssim(x, x_hat)[0, 0].numpy()[inside], expected[inside], atol=1e-6)


def test_equal_images_have_no_residual_and_different_ones_never_less(x, x_hat):
    assert SsimResidual()(x, x[None]).max() < 1e-6
    scores = SsimResidual(l1_weight=0.16)(x, x_hat[None])
    assert scores.min() >= 0
    assert scores.mean() > 0.05


def test_the_weight_mixes_ssim_and_l1(x, x_hat):
    expected = 0.84 * (1 - ssim(x, x_hat)) + 0.16 * (x - x_hat).abs()
    torch.testing.assert_close(SsimResidual(l1_weight=0.16)(x, x_hat[None]), expected)


def test_lost_texture_is_seen_though_the_brightness_is_right():
    texture = torch.zeros(1, 1, 32, 32)
    texture[..., ::2] = 0.1
    flat = torch.full_like(texture, 0.05)
    assert (1 - ssim(texture, flat)).min() > 0.5
    assert (texture - flat).abs().max() < 0.051


def test_a_slice_does_not_depend_on_its_batch_mates(x, x_hat):
    together = ssim(x, x_hat)
    alone = torch.cat([ssim(x[n : n + 1], x_hat[n : n + 1]) for n in range(len(x))])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-6)
