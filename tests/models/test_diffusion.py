"""Diffusion noises a slice to its level and comes back by few steps, with nothing left to chance."""

import pytest
import torch

from uadray.errors import ConfigError
from uadray.models.brightness import LearntBrightness
from uadray.models.diffusion import DiffusionConfig
from uadray.models.noise import pattern, unit
from uadray.models.unet import UNetConfig


@pytest.fixture
def slices():
    return torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(1))


def build(**config):
    torch.manual_seed(0)
    return DiffusionConfig(unet=UNetConfig(base_width=4, depth=2), **config).build(16).eval()


def knowing(model, x_0):
    """The model with a denoiser that is right: it tells the noise that was put on x_0."""

    def epsilon(x_t, t):
        abar = model.abar[t][:, None, None, None]
        return (x_t - abar.sqrt() * (2 * x_0 - 1)) / (1 - abar).sqrt()

    model.denoiser.forward = epsilon
    return model


def called_with(model):
    """The steps t at which the denoiser is asked."""
    steps = []
    model.denoiser.register_forward_pre_hook(lambda _, inputs: steps.append(int(inputs[1][0])))
    return steps


def test_a_denoiser_that_knows_the_noise_gives_the_slice_back(slices):
    model = knowing(build(steps=5), slices)
    torch.testing.assert_close(model.reconstruct(slices), slices, atol=1e-5, rtol=0)
    torch.testing.assert_close(model.draft(slices), slices, atol=1e-5, rtol=0)


def test_what_the_denoiser_believes_in_replaces_what_the_slice_shows(slices):
    healthy = slices.flip(0)
    model = knowing(build(brightness=LearntBrightness()), healthy)
    torch.testing.assert_close(model.reconstruct(slices), healthy, atol=1e-5, rtol=0)


def test_reconstructing_takes_the_steps_it_says_and_a_draft_takes_one(slices):
    model = build(noise_level=200, steps=4)
    steps = called_with(model)
    with torch.no_grad():
        model.reconstruct(slices)
        model.draft(slices)
    assert steps == [200, 150, 100, 50, 200]


def test_more_steps_than_levels_are_as_many_as_there_are_levels(slices):
    model = build(noise_level=3, steps=10)
    steps = called_with(model)
    with torch.no_grad():
        model.reconstruct(slices)
    assert steps == [3, 2, 1]


def test_the_denoiser_sees_the_slice_and_the_noise_in_the_shares_of_the_level(slices):
    model = build(noise_level=400)
    seen = []
    model.denoiser.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        model.draft(slices)
    abar = model.abar[400]
    noise = unit(pattern(model.config.noise, slices, 0))
    torch.testing.assert_close(seen[0], abar.sqrt() * (2 * slices - 1) + (1 - abar).sqrt() * noise)


def test_the_loss_is_the_mean_square_of_unit_noise_for_a_denoiser_that_sees_none(slices):
    model = build()
    model.denoiser.forward = lambda x_t, t: torch.zeros_like(x_t)
    assert float(model(slices, "denoiser")["noise"].detach()) == pytest.approx(1, rel=1e-4)


def test_training_lowers_the_loss():
    model, slices = build(learning_rate=1e-2).train(), torch.full((4, 1, 16, 16), 0.5)
    update = model.updates()["denoiser"]
    optimiser = torch.optim.Adam(update.module.parameters(), lr=update.learning_rate)
    losses = []
    for _ in range(60):
        optimiser.zero_grad()
        loss = update.loss(slices)["noise"]
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])


def test_variants_differ_by_their_number_and_not_by_the_call(slices):
    model = build(steps=2)
    with torch.no_grad():
        assert torch.equal(model.variant(slices, 1), model.variant(slices, 1))
        assert not torch.equal(model.variant(slices, 1), model.variant(slices, 2))
        torch.testing.assert_close(model.variant(slices, 1)[:1], model.variant(slices[:1], 1), rtol=0, atol=1e-6)


def test_samples_differ_and_the_first_ones_stay_the_same_when_more_are_drawn():
    model = build(sample_steps=3)
    with torch.no_grad():
        two, three = model.samples(2), model.samples(3)
    assert two.shape == (2, 1, 16, 16)
    torch.testing.assert_close(two, three[:2], rtol=0, atol=1e-6)
    assert not torch.allclose(two[0], two[1])
    assert float(two.min()) >= 0
    assert float(two.max()) <= 1


def test_a_size_that_the_unet_cannot_halve_is_refused():
    with pytest.raises(ConfigError, match=r"UAD-211 model\.unet\.depth"):
        DiffusionConfig().build(36)
