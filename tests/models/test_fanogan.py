"""Critic and generator first, then the encoder; the critic's slope is held near one."""

import pytest
import torch
from pydantic import ValidationError

from uadray.errors import ConfigError
from uadray.models.base import moving_only
from uadray.models.blocks import BackboneConfig
from uadray.models.fanogan import FAnoGanConfig
from uadray.models.latent import DenseLatentConfig
from uadray.training.loop import Training
from uadray.training.settings import TrainConfig

SMALL = FAnoGanConfig(
    latent=DenseLatentConfig(dim=6, feature_size=8), backbone=BackboneConfig(base_width=8, kernel_size=3)
)


def built(**changes):
    torch.manual_seed(0)
    return SMALL.model_copy(update=changes).build(32)


@pytest.fixture
def slices():
    return torch.rand(8, 1, 32, 32, generator=torch.Generator().manual_seed(1))


def trained(config, slices, epochs):
    torch.manual_seed(0)
    plan = TrainConfig(epochs=epochs, batch_size=4, precision="fp32")
    training = Training(config.build(32), plan, torch.device("cpu"))
    return training, [training.run_epoch(slices) for _ in range(epochs)]


def moved(rows):
    return [{name.split("/")[0] for name in row} for row in rows]


def test_critic_and_generator_have_the_first_epochs_and_the_encoder_the_rest(slices):
    _, rows = trained(SMALL.model_copy(update={"gan_share": 0.75}), slices, epochs=4)
    assert moved(rows) == [{"critic", "generator"}] * 3 + [{"encoder"}]


def test_the_encoder_finds_the_codes_of_the_generators_own_images():
    model = built().train()
    with torch.no_grad():
        made = model.eval().samples(8)
    model.train()
    optimiser, losses = torch.optim.Adam(model.encoder.parameters(), lr=3e-3), []
    for _ in range(60):
        optimiser.zero_grad()
        with moving_only(model, model.encoder):
            terms = model(made, "encoder")
            sum(terms.values()).backward()
        optimiser.step()
        losses.append(float(terms["image"].detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_the_critic_moves_as_often_as_it_is_told_for_each_step_of_the_generator(slices):
    updates = built(critic_updates=3).updates()
    assert (updates["critic"].every, updates["generator"].every) == (1, 3)


def test_the_penalty_is_nothing_for_a_critic_of_slope_one_and_the_square_of_what_exceeds_it(slices):
    model = built(gradient_penalty=1.0)
    scale = 1 / (32 * 32) ** 0.5  # of a sum over all pixels, to have slope 1
    for slope, penalty in ((1.0, 0.0), (3.0, 4.0)):
        model.critic.forward = lambda x, slope=slope: slope * scale * x.sum(dim=(1, 2, 3))
        assert float(model._gradient_penalty(slices, torch.zeros_like(slices)).detach()) == pytest.approx(
            penalty, abs=1e-4
        )


def test_the_penalty_reaches_the_critics_weights(slices):
    model = built()
    model._gradient_penalty(slices, torch.zeros_like(slices)).backward()
    assert float(model.critic.features[0][0].weight.grad.abs().sum()) > 0


def test_the_penalty_is_the_same_with_and_without_bf16(slices):
    model, penalties = built(), []
    for enabled in (False, True):
        torch.manual_seed(5)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            penalties.append(float(model._gradient_penalty(slices, torch.zeros_like(slices)).detach()))
    assert penalties[0] == penalties[1]


def test_a_trained_critic_tells_slices_from_made_images_and_the_penalty_keeps_it_from_being_steep(slices):
    distances, penalties = zip(*(after_critic_steps(slices, weight) for weight in (10.0, 1e-6)), strict=True)
    assert distances[0] > 0.5
    assert penalties[0] < 0.1 * penalties[1]


def after_critic_steps(slices, weight):
    """Wasserstein distance and unweighted penalty of a critic that was trained with this weight."""
    model = built(gradient_penalty=weight).train()
    optimiser = torch.optim.Adam(model.critic.parameters(), lr=1e-3, betas=(0.5, 0.999))
    for _ in range(60):
        optimiser.zero_grad()
        with moving_only(model, model.critic):
            terms = model(slices, "critic")
            sum(terms.values()).backward()
        optimiser.step()
    return -float((terms["real"] + terms["fake"]).detach()), float(terms["penalty"].detach()) / weight


def test_the_critic_judges_a_slice_without_its_batch_mates(slices):
    critic = built().critic.train()
    torch.testing.assert_close(critic(slices)[:1], critic(slices[:1]), rtol=0, atol=1e-5)


def test_batch_normalisation_in_the_critic_is_refused():
    with pytest.raises(ValidationError, match="critic_norm"):
        FAnoGanConfig.parse({"critic_norm": {"kind": "batch"}})


def test_the_encoder_is_trained_on_the_generator_as_it_reconstructs(slices):
    """Batch normalisation by the running statistics, not by the batch: one slice's loss is the mean of its own."""
    model = built().train()
    with moving_only(model, model.encoder):
        model.encoder.eval()
        model.critic.eval()
        together = model(slices[:2], "encoder")["image"]
        alone = [model(image[None], "encoder")["image"] for image in slices[:2]]
    assert model.generator.training
    torch.testing.assert_close(together, torch.stack(alone).mean(), rtol=0, atol=1e-6)


def test_made_images_differ_and_their_spread_is_watched(slices):
    model = built().eval()
    with torch.no_grad():
        images = model.samples(3)
        assert images.shape == (3, 1, 32, 32)
        assert torch.equal(images, model.samples(3))
    assert not torch.allclose(images[0], images[1])
    model(slices, "critic")
    assert float(model.updates()["critic"].watched()["spread"]) > 0


def test_a_code_that_no_halving_reaches_is_refused():
    with pytest.raises(ConfigError, match="UAD-211"):
        SMALL.check(36)
