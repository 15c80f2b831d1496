"""AnoGAN: what it learns from, what it makes, and what it sees in a slice."""

import pytest
import torch

from uadray.errors import ConfigError
from uadray.models.anogan import AnoGanConfig
from uadray.models.latent_search import LatentSearchConfig
from uadray.models.networks import latent_search
from uadray.models.networks.latent_search import LatentSearch

SIZE = 32


@pytest.fixture
def model():
    torch.manual_seed(0)
    return AnoGanConfig(dim=6, search=LatentSearchConfig(steps=20, draft_steps=2)).build(SIZE)


@pytest.fixture
def slices():
    return torch.rand(4, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(1))


def test_the_discriminator_moves_before_the_generator(model):
    assert list(model.updates()) == ["discriminator", "generator"]


def test_the_generator_learns_nothing_from_the_slices_but_through_the_discriminator(model, slices):
    losses = []
    for x in (slices, 1 - slices):
        torch.manual_seed(0)
        losses.append(float(model(x, "generator")["adversarial"].detach()))
    assert losses[0] == losses[1]


def test_accuracy_and_spread_are_watched(model, slices):
    model(slices, "discriminator")
    watched = model.updates()["discriminator"].watched()
    assert 0 <= watched["accuracy"] <= 1
    assert watched["spread"] > 0


def test_a_generator_that_makes_one_image_has_no_spread(model, slices):
    torch.nn.init.zeros_(model.generator[0].weight)
    model(slices, "discriminator")
    assert model.updates()["discriminator"].watched()["spread"] < 1e-3


def test_a_longer_search_comes_closer_to_a_slice_that_the_generator_made(model):
    model.eval()
    x = model.samples(3)
    residuals = [(x - x_hat).abs().mean() for x_hat in (model.draft(x), model.reconstruct(x))]
    assert residuals[1] < 0.8 * residuals[0]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_search_of_many_steps_does_not_drift_from_the_one_of_the_slice_alone(slices, threads, monkeypatch):
    monkeypatch.setattr(latent_search, "shortest", lambda device: torch.float32)  # rounds finely enough to drift
    torch.manual_seed(0)
    model = AnoGanConfig(search=LatentSearchConfig(steps=50, patience=50)).build(SIZE)
    before = torch.get_num_threads()
    with torch.no_grad():
        for _ in range(30):
            model.generator(torch.randn(32, 64, 1, 1))
        model.eval()
        torch.set_num_threads(threads)
        found = LatentSearch(model.generator, model.discriminator.features, model.config.search)
        start = torch.randn(1, 64, 1, 1)
        alone = torch.cat([found(image[None], start, 50) for image in slices])
        together = found(slices, start, 50)
        assert torch.get_num_threads() == threads
        torch.set_num_threads(before)
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-7)


def test_a_generator_that_is_flat_at_the_mean_of_its_codes_is_searched_all_the_same(model, slices):
    norm = model.generator[1][0]
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0  # takes the statistics of one batch
    with torch.no_grad():
        model.generator(torch.randn(256, 6, 1, 1))
    torch.nn.init.constant_(norm.bias, -0.5)  # of its first ReLU: off at z = 0
    model.eval()
    z = torch.zeros(1, 6, 1, 1, requires_grad=True)
    model.generator(z).sum().backward()
    assert not z.grad.any()
    model.zero_grad()
    assert (model.draft(slices) - model.reconstruct(slices)).abs().max() > 1e-3


def test_samples_are_the_same_at_every_call_and_differ_from_each_other(model):
    samples = model.samples(3)
    assert samples.shape == (3, 1, SIZE, SIZE)
    assert torch.equal(samples, model.samples(3))
    assert not torch.equal(samples[0], samples[1])


def test_variants_begin_elsewhere_each_at_its_own_place(model, slices):
    model.eval()
    first, second = (model.variant(slices, number) for number in (0, 1))
    assert not torch.equal(first, second)
    assert torch.equal(first, model.variant(slices, 0))


def test_looking_at_slices_in_the_midst_of_training_moves_no_statistics(model, slices):
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.reconstruct(slices), model.samples(2)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.training


def test_what_is_found_is_fp32_whatever_the_search_computes_in(model, slices):
    assert model.reconstruct(slices).dtype == torch.float32


@pytest.mark.parametrize("feature_size", [5, 32, 64])
def test_a_feature_map_that_no_doubling_makes_the_image_is_refused(feature_size):
    with pytest.raises(ConfigError, match="UAD-211"):
        AnoGanConfig(feature_size=feature_size).check(SIZE)


def test_the_row_of_table_1_has_the_papers_numbers():
    row = AnoGanConfig().hyperparameters()
    assert (row["latent"], row["search_steps"], row["feature_weight"]) == ("64", 100, 0.1)
