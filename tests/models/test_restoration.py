"""An image is moved towards what the VAE finds healthy, and no further than the total variation lets it."""

import pytest
import torch

from uadray.errors import ConfigError
from uadray.models.blocks import BackboneConfig
from uadray.models.latent import DenseLatentConfig
from uadray.models.posterior import DeterministicConfig, GaussianConfig
from uadray.models.restoration import RestorationConfig
from uadray.models.vae_gan import VaeGanConfig

BACKBONE = BackboneConfig(base_width=8, max_width=32, kernel_size=3)
VAE = VaeGanConfig(latent=DenseLatentConfig(dim=8, feature_size=8), posterior=GaussianConfig(), backbone=BACKBONE)


def built(seed=0, **search):
    torch.manual_seed(seed)
    return RestorationConfig(vae=VAE, **{"steps": 8, **search}).build(32).eval()


def healthy(count, seed=1):
    """Discs of grey whose brightness varies a little."""
    rows, columns = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    disc = ((rows - 16) ** 2 + (columns - 16) ** 2 < 144).float()
    brightness = 0.4 + 0.1 * torch.rand(count, 1, 1, 1, generator=torch.Generator().manual_seed(seed))
    return brightness * disc


@pytest.fixture(scope="module")
def trained():
    """A VAE of discs, as a VaeGan."""
    torch.manual_seed(0)
    vae = VAE.build(32).train()
    optimiser = torch.optim.Adam(vae.parameters(), lr=5e-3)
    for _ in range(120):
        optimiser.zero_grad()
        sum(vae(healthy(16), "autoencoder").values()).backward()
        optimiser.step()
    return vae.eval()


@pytest.fixture
def lesioned():
    """A disc with a bright square in it, and where the square is."""
    image, lesion = healthy(1), torch.zeros(1, 1, 32, 32, dtype=torch.bool)
    lesion[..., 12:17, 12:17] = True
    return image.masked_fill(lesion, 1.0), lesion


def restoration_of(vae, **search):
    model = built(**search)
    model.vae.load_state_dict(vae.state_dict())
    return model


@torch.no_grad()
def test_a_trained_vae_goes_in_by_its_state_dict_and_decides_the_result(trained, lesioned):
    image, _ = lesioned
    model = built()
    untrained = model.reconstruct(image)
    model.load_state_dict({f"vae.{name}": value for name, value in trained.state_dict().items()})
    assert torch.equal(model.draft(image), trained.reconstruct(image))
    assert not torch.allclose(model.reconstruct(image), untrained)


@torch.no_grad()
def test_a_lesion_fades_and_the_rest_stays(trained, lesioned):
    image, lesion = lesioned
    moved = (image - restoration_of(trained, steps=60, step_size=4e-3).reconstruct(image)).abs()
    assert moved[lesion].mean() > 0.05
    assert moved[lesion].mean() > 3 * moved[~lesion].mean()


@torch.no_grad()
def test_more_total_variation_leaves_the_image_nearer_to_what_it_was(trained, lesioned):
    image, _ = lesioned
    distances = [
        float((image - restoration_of(trained, steps=40, tv_weight=weight).reconstruct(image)).abs().mean())
        for weight in (0.0, 0.5, 5.0)
    ]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 1.5 * distances[2]


@torch.no_grad()
def test_the_steps_lower_the_objective(trained, lesioned):
    image, _ = lesioned
    model = restoration_of(trained, steps=40)
    assert model._objective(model.reconstruct(image), image) < model._objective(image, image)


@torch.no_grad()
def test_the_images_handed_in_are_left_alone(trained, lesioned):
    image, _ = lesioned
    before = image.clone()
    restoration_of(trained).reconstruct(image)
    assert torch.equal(image, before)
    assert not image.requires_grad


@torch.no_grad()
def test_a_slice_is_restored_alike_in_any_company_with_all_the_steps(trained, lesioned):
    model = restoration_of(trained, steps=150)
    slices = torch.cat([lesioned[0], healthy(3, seed=2)])
    alone = torch.cat([model.reconstruct(image[None]) for image in slices])
    torch.testing.assert_close(model.reconstruct(slices), alone, rtol=0, atol=1e-6)


def test_the_updates_are_those_of_the_vae():
    model = built()
    assert list(model.updates()) == ["autoencoder"]
    assert set(model.updates()["autoencoder"].module.parameters()) == set(model.vae.parameters())


def test_a_deterministic_posterior_is_refused_because_it_has_no_elbo():
    config = RestorationConfig(vae=VAE.model_copy(update={"posterior": DeterministicConfig()}))
    with pytest.raises(ConfigError, match=r"UAD-215 model\.vae\.posterior: .* got deterministic"):
        config.build(32)


def test_a_code_that_no_halving_reaches_is_refused():
    with pytest.raises(ConfigError, match="UAD-211"):
        RestorationConfig(vae=VAE).check(36)
