"""What a VAE can draw that an AE cannot."""

import pytest
import torch

from uadray.models.latent import DenseLatentConfig, SpatialLatentConfig
from uadray.models.posterior import DeterministicConfig, GaussianConfig
from uadray.models.vae_gan import VaeGanConfig

LATENTS = [DenseLatentConfig(dim=12, feature_size=8), SpatialLatentConfig(size=8, channels=6)]


def built(latent, posterior):
    torch.manual_seed(0)
    return VaeGanConfig(latent=latent, posterior=posterior).build(32).eval()


@pytest.fixture
def slices():
    return torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
@pytest.mark.parametrize("latent", LATENTS, ids=["dense", "spatial"])
def test_the_variants_of_a_vae_differ_by_their_number_and_are_the_same_at_every_call(latent, slices):
    model = built(latent, GaussianConfig())
    first, second = model.variant(slices, 0), model.variant(slices, 1)
    assert first.shape == slices.shape
    assert not torch.allclose(first, second)
    assert not torch.allclose(first, model.reconstruct(slices))
    assert torch.equal(first, model.variant(slices, 0))


@torch.no_grad()
@pytest.mark.parametrize("latent", LATENTS, ids=["dense", "spatial"])
def test_a_variant_does_not_depend_on_the_batch_mates_of_its_slice(latent, slices):
    model = built(latent, GaussianConfig())
    alone = torch.cat([model.variant(image[None], 2) for image in slices])
    torch.testing.assert_close(model.variant(slices, 2), alone, rtol=0, atol=1e-6)


@torch.no_grad()
def test_variants_scatter_about_the_reconstruction_as_far_as_the_posterior_is_wide(slices):
    model = built(LATENTS[0], GaussianConfig())
    parameters = torch.zeros(3, 24)
    parameters[:, 12:] = -4  # sigma = e^-2
    drawn = torch.stack([model.autoencoder.posterior.draw(parameters, n) for n in range(300)])
    assert drawn.std() == pytest.approx(torch.tensor(-2.0).exp().item(), rel=0.05)


@torch.no_grad()
@pytest.mark.parametrize("latent", LATENTS, ids=["dense", "spatial"])
def test_a_vae_makes_images_from_the_prior_alone_and_they_differ(latent):
    model = built(latent, GaussianConfig())
    images = model.samples(4)
    assert images.shape == (4, 1, 32, 32)
    assert torch.equal(images, model.samples(4))
    assert not torch.allclose(images[0], images[1])


@torch.no_grad()
@pytest.mark.parametrize("latent", LATENTS, ids=["dense", "spatial"])
def test_an_ae_has_no_chance_in_it(latent, slices):
    model = built(latent, DeterministicConfig())
    assert torch.equal(model.variant(slices, 5), model.reconstruct(slices))
    assert len(model.samples(4)) == 0
