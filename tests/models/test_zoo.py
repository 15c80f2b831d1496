"""The rows of Table 1 are those of the paper."""

import pytest

from uadray.config import RunConfig
from uadray.errors import ConfigError
from uadray.models.latent import DenseLatentConfig, SpatialLatentConfig
from uadray.models.vae_gan import VaeGanConfig
from uadray.models.zoo import ZOO, hyperparameters

TABLE_1 = {  # row: z, lambda_2 > 0, lambda_3 > 0
    "dAE": ("512", False, False),
    "sAE1": ("8x8x64", False, False),
    "sAE3": ("16x16x64", False, False),
    "sAE-GAN": ("16x16x64", False, True),
    "dVAE": ("512", True, False),
    "sVAE": ("16x16x64", True, False),
    "sVAE-GAN": ("16x16x64", True, True),
}


@pytest.mark.parametrize("name", TABLE_1)
def test_a_row_has_the_latent_shape_and_the_losses_of_the_paper(name):
    z, variational, adversarial = TABLE_1[name]
    row = ZOO[name].hyperparameters()
    assert (row["latent"], row["lambda_2"] > 0, row["lambda_3"] > 0) == (z, variational, adversarial)
    assert row["learning_rate"] == 1e-3
    assert row["adversary_learning_rate"] == (1e-4 if adversarial else 0)


@pytest.mark.parametrize("name", ZOO)
def test_a_row_can_be_built_at_the_size_of_the_paper(name):
    model = ZOO[name].build(256)
    assert set(model.updates()) <= {"discriminator", "autoencoder", "critic", "generator", "encoder", "denoiser"}


def test_the_discriminator_moves_before_encoder_and_decoder():
    assert list(ZOO["sVAE-GAN"].build(64).updates()) == ["discriminator", "autoencoder"]


def test_a_name_stands_for_its_configuration():
    assert RunConfig.parse({"model": "sVAE"}).model == ZOO["sVAE"]


def test_all_models_have_the_same_columns_to_compare_by():
    columns = {name: tuple(hyperparameters(config)) for name, config in ZOO.items()}
    assert len(set(columns.values())) == 1


@pytest.mark.parametrize(
    "latent", [SpatialLatentConfig(size=24), SpatialLatentConfig(size=64), DenseLatentConfig(feature_size=7)]
)
def test_a_code_that_no_halving_reaches_is_refused_with_the_sizes_that_are(latent):
    with pytest.raises(ConfigError, match=r"UAD-211.*32, 16, 8, 4, 2, 1"):
        VaeGanConfig(latent=latent).check(64)
