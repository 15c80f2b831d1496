import copy

import pytest
import torch

from uadray.models.adversary import ImageAdversaryConfig
from uadray.models.base import moving_only
from uadray.models.latent import SpatialLatentConfig
from uadray.models.posterior import GaussianConfig
from uadray.models.vae_gan import VaeGanConfig
from uadray.training import checkpoint
from uadray.training.loop import Training, mean_residual
from uadray.training.settings import TrainConfig

CPU = torch.device("cpu")
MODEL = VaeGanConfig(
    latent=SpatialLatentConfig(size=8, channels=4), posterior=GaussianConfig(), adversary=ImageAdversaryConfig()
)


@pytest.fixture
def slices():
    """Blobs: something that can be learnt."""
    generator = torch.Generator().manual_seed(0)
    centre = torch.rand(32, 2, 1, 1, generator=generator) * 16 + 8
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    return torch.exp(-((y - centre[:, 0]) ** 2 + (x - centre[:, 1]) ** 2) / 30)[:, None]


def training(precision="fp32", epochs=3, seed=0):
    torch.manual_seed(seed)
    return Training(MODEL.build(32), TrainConfig(epochs=epochs, precision=precision, seed=seed), CPU)


def weights(run):
    return {name: value.clone() for name, value in run.model.state_dict().items()}


def test_training_lowers_the_residual_on_the_slices_it_sees(slices):
    run, brain = training(), torch.ones_like(slices, dtype=torch.bool)
    before = mean_residual(run.model, slices, brain, CPU)
    for _ in range(40):
        run.run_epoch(slices)
    assert mean_residual(run.model, slices, brain, CPU) < 0.6 * before


def test_an_epoch_reports_every_term_of_equations_2_and_3_and_the_discriminators_health(slices):
    terms = training().run_epoch(slices)
    assert set(terms) == {
        "discriminator/real",
        "discriminator/fake",
        "discriminator/accuracy",
        "discriminator/spread",
        "autoencoder/reconstruction",
        "autoencoder/kl",
        "autoencoder/adversarial",
    }


def test_the_same_seed_trains_the_same_weights_and_another_does_not(slices):
    runs = [training(seed=seed) for seed in (0, 0, 1)]
    for run in runs:
        torch.manual_seed(torch.seed())  # what happened before must not matter
        run.run_epoch(slices)
    first, same, other = map(weights, runs)
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_training_continued_from_its_checkpoint_equals_one_that_was_not_interrupted(slices, tmp_path, precision):
    undisturbed = training(precision)
    curve = [undisturbed.run_epoch(slices)]
    checkpoint.save(undisturbed, curve, tmp_path)
    interrupted = training(precision, seed=0)
    assert checkpoint.resume(interrupted, tmp_path) == curve
    assert interrupted.epoch == 1
    for run in (undisturbed, interrupted):
        run.run_epoch(slices)
        run.run_epoch(slices)
    first, second = weights(undisturbed), weights(interrupted)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_fused_step_equals_a_loop_step(slices):
    """torch 2.13's fused Adam goes wrong silently where a parameter and its gradient differ in memory layout."""
    fused = training()
    looped = copy.deepcopy(fused.model)
    name, update = "autoencoder", looped.updates()["autoencoder"]
    optimiser = torch.optim.Adam(update.module.parameters(), lr=update.learning_rate, betas=(0.5, 0.999), foreach=False)
    images = slices[:8].contiguous(memory_format=torch.channels_last)
    torch.manual_seed(5)
    fused._step(name, images)
    torch.manual_seed(5)
    looped.train()
    with moving_only(looped, update.module):
        torch.stack([*looped(images, name).values()]).sum().backward()
        optimiser.step()
    expected = dict(looped.named_parameters())
    for key, value in fused.model.named_parameters():
        torch.testing.assert_close(value, expected[key], rtol=1e-4, atol=1e-6)


def test_the_residual_counts_brain_voxels_only(slices):
    run, brain = training(), torch.zeros_like(slices, dtype=torch.bool)
    brain[:, :, 10:20, 10:20] = True
    with torch.no_grad():
        run.model.eval()
        expected = (slices - run.model.reconstruct(slices)).abs()[brain].mean()
    assert mean_residual(run.model, slices, brain, CPU) == pytest.approx(float(expected), rel=1e-5)
