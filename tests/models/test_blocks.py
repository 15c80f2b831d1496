"""The two presets are the networks that their sources describe."""

import pytest
import torch
from torch import nn

from uadray.config import RunConfig
from uadray.models.blocks import PRESETS
from uadray.models.layers import GroupNorm, InstanceNorm, NoNorm


def widths(module, kind=nn.Conv2d):
    return [layer.out_channels for layer in module.modules() if isinstance(layer, kind)]


def test_larsen2018_has_the_widths_of_larsens_code_and_mirrors_them():
    backbone = PRESETS["larsen2018"]
    assert widths(backbone.encoder(4)) == [64, 128, 256, 256]
    assert widths(backbone.decoder(4), nn.ConvTranspose2d) == [256, 128, 64, 64]
    assert not any(isinstance(layer, nn.LeakyReLU) for layer in backbone.encoder(4).modules())


def test_baur2021_has_the_widths_of_the_unified_architecture():
    backbone = PRESETS["baur2021"]
    assert widths(backbone.encoder(4)) == [32, 64, 128, 128]
    assert widths(backbone.decoder(4), nn.ConvTranspose2d) == [128, 64, 32, 32]


def test_larsens_discriminator_begins_at_full_size_without_normalisation_and_ends_in_a_dense_layer():
    discriminator = PRESETS["larsen2018"].discriminator(64)
    first = discriminator.features[0]
    assert (first[0].out_channels, first[0].stride) == (32, (1, 1))
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in first.modules())
    assert [layer.out_features for layer in discriminator.logit.modules() if isinstance(layer, nn.Linear)] == [512, 1]


@pytest.mark.parametrize("preset", PRESETS)
def test_decoders_undo_encoders_in_shape_and_discriminators_give_one_logit(preset):
    x = torch.rand(2, 1, 64, 64)
    backbone = PRESETS[preset]
    assert backbone.decoder(3)(backbone.encoder(3)(x)).shape == x.shape
    assert backbone.discriminator(64)(x).shape == (2, 1)


def test_larsens_head_stays_between_0_and_1():
    x_hat = PRESETS["larsen2018"].decoder(2)(100 * torch.randn(2, 128, 8, 8))
    assert 0 <= x_hat.min() <= x_hat.max() <= 1


@pytest.mark.parametrize("norm", [GroupNorm(groups=8), InstanceNorm(), NoNorm()])
def test_without_batch_normalisation_nothing_depends_on_the_batch_even_in_training(norm):
    encoder = PRESETS["baur2021"].model_copy(update={"norm": norm}).encoder(2)
    x = torch.rand(3, 1, 32, 32)
    torch.testing.assert_close(encoder(x)[:1], encoder(x[:1]))


@pytest.mark.parametrize("row", ["vae_gan"])
def test_a_preset_is_chosen_by_its_name(row):
    run = RunConfig.parse({"model": {"kind": row, "backbone": "larsen2018"}})
    assert run.model.backbone == PRESETS["larsen2018"]


def test_an_unknown_preset_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"baur2021, larsen2018"):
        RunConfig.parse({"model": {"kind": "vae_gan", "backbone": "vgg"}})
