import numpy as np
import pytest
import torch
from pydantic import ValidationError

from uadray.config import RunConfig
from uadray.models.latent import DenseLatentConfig
from uadray.models.posterior import GaussianConfig
from uadray.models.vae_gan import VaeGanConfig
from uadray.models.zoo import ZOO
from uadray.scoring.detector import Detector
from uadray.scoring.mahalanobis import MahalanobisResidual, PositiveMahalanobisResidual
from uadray.scoring.residual import AbsoluteResidual
from uadray.scoring.settings import ScoringConfig


@pytest.fixture
def x_hats():
    """Sixteen draws whose left half varies much and whose right half hardly does; mean 0.5."""
    noise = torch.randn(16, 1, 1, 4, 8, generator=torch.Generator().manual_seed(0))
    noise = (noise - noise.mean(dim=0)) / noise.std(dim=0)
    return 0.5 + noise * torch.tensor([0.2] * 4 + [0.001] * 4)


def test_a_difference_counts_less_where_the_draws_differ(x_hats):
    scores = MahalanobisResidual(draws=16, epsilon=1e-8)(torch.full((1, 1, 4, 8), 0.7), x_hats)
    torch.testing.assert_close(scores[..., :4], torch.full((1, 1, 4, 4), 1.0))
    assert scores[..., 4:].min() > 100


def test_where_all_draws_agree_epsilon_is_the_variance():
    x, x_hats = torch.full((1, 1, 2, 2), 0.6), torch.full((3, 1, 1, 2, 2), 0.5)
    scores = MahalanobisResidual(draws=3, epsilon=0.01)(x, x_hats)
    torch.testing.assert_close(scores, torch.full((1, 1, 2, 2), 1.0))


def test_the_positive_distance_keeps_only_what_is_brighter_than_expected(x_hats):
    x = torch.rand(1, 1, 4, 8, generator=torch.Generator().manual_seed(1))
    both, positive = MahalanobisResidual(draws=16)(x, x_hats), PositiveMahalanobisResidual(draws=16)(x, x_hats)
    brighter = x > 0.5
    assert torch.equal(positive[brighter], both[brighter])
    assert positive[~brighter].max() == 0


def test_a_vae_is_scored_by_its_draws_and_the_same_each_time(patients):
    torch.manual_seed(0)
    model = VaeGanConfig(latent=DenseLatentConfig(dim=4), posterior=GaussianConfig()).build(32)
    scoring = ScoringConfig(residual=MahalanobisResidual(draws=3), median_filter=1)
    maps = Detector(model, scoring).anomaly_maps(patients)
    assert np.array_equal(maps, Detector(model, scoring).anomaly_maps(patients))
    ones = Detector(model, ScoringConfig(residual=AbsoluteResidual(), median_filter=1)).anomaly_maps(patients)
    brain = patients.brain[:, 0]
    assert np.corrcoef(maps[brain], ones[brain])[0, 1] > 0.5
    assert (maps[brain] > ones[brain]).all()


@pytest.mark.parametrize("name", ["dAE", "sAE-GAN", "intensity"])
def test_draws_from_a_model_that_does_not_vary_are_refused_before_anything_is_computed(name):
    tree = {"model": name, "scoring": {"residual": {"kind": "mahalanobis"}}}
    with pytest.raises(ValidationError, match=r"scoring\n.*mahalanobis compares 8") as caught:
        RunConfig.parse(tree)
    assert caught.value.errors()[0]["loc"] == ("scoring",)
    assert RunConfig.parse({**tree, "model": "dVAE"}).hyperparameters()["draws"] == 8


@pytest.mark.parametrize("name", ["dAE", "dVAE", "sVAE-GAN", "intensity"])
def test_a_model_says_that_it_varies_where_its_variants_differ(name):
    torch.manual_seed(0)
    model = ZOO[name].build(32).eval()
    images = torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        first, second, again = (model.variant(images, number) for number in (0, 1, 0))
        samples = model.samples(3)
    assert torch.equal(first, again)
    assert ZOO[name].varies == (not torch.equal(first, second))
    assert len(samples) == (3 if ZOO[name].varies else 0)


def test_a_slice_does_not_depend_on_its_batch_mates():
    torch.manual_seed(0)
    model = VaeGanConfig(latent=DenseLatentConfig(dim=4), posterior=GaussianConfig()).build(32).eval()
    images, residual = torch.rand(4, 1, 32, 32), MahalanobisResidual(draws=3)
    with torch.no_grad():
        together = model.anomaly_map(images, residual)
        alone = torch.cat([model.anomaly_map(image[None], residual) for image in images])
    torch.testing.assert_close(together, alone, rtol=0, atol=3e-5)  # 1e-6 over the root of epsilon
