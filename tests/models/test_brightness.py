"""A slice that is brighter as a whole is nothing abnormal once brightness is matched; a bright spot is."""

import pytest
import torch

from uadray.models.brightness import LearntBrightness, MatchedBrightness


@pytest.fixture
def x():
    x = torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(0)) + 0.1
    x[:, :, :4] = 0  # outside the brain
    return x


def inside(x, image):
    return image[x > 0]


def test_a_shift_of_each_whole_slice_is_taken_back(x):
    x_hat = x - torch.tensor([0.2, -0.1, 0.0])[:, None, None, None]
    torch.testing.assert_close(inside(x, MatchedBrightness()(x, x_hat)), inside(x, x))


def test_a_bright_spot_in_a_third_of_the_brain_stays_in_the_residual(x):
    patient = x.clone()
    patient[:, :, 4:8] += 0.3
    residual = patient - MatchedBrightness()(patient, x - 0.1)
    torch.testing.assert_close(residual[:, :, 4:8], torch.full_like(residual[:, :, 4:8], 0.3))
    torch.testing.assert_close(residual[:, :, 8:], torch.zeros_like(residual[:, :, 8:]), atol=1e-6, rtol=0)


def test_what_is_outside_the_brain_does_not_count(x):
    x_hat = torch.where(x > 0, x, 5.0)
    torch.testing.assert_close(inside(x, MatchedBrightness()(x, x_hat)), inside(x, x))


def test_without_brain_or_as_learnt_a_reconstruction_stays_as_it_is(x):
    x_hat = x.flip(0)
    assert torch.equal(MatchedBrightness()(torch.zeros_like(x), x_hat), x_hat)
    assert torch.equal(LearntBrightness()(x, x_hat), x_hat)
