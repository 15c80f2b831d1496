"""A folded network is the same function, faster, and nobody else's."""

import pytest
import torch
from torch import nn

from uadray.models.blocks import PRESETS
from uadray.models.folding import folded
from uadray.models.layers import GroupNorm


def trained(network):
    """The network with normalisation statistics and scales that are not those of a new one."""
    generator = torch.Generator().manual_seed(0)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for value in (layer.weight.data, layer.bias.data, layer.running_mean, layer.running_var):
                value.copy_(0.5 + torch.rand(value.shape, generator=generator))
    return network.eval()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_folded_decoder_and_folded_features_compute_what_the_networks_do_in_evaluation_mode(preset):
    torch.manual_seed(0)
    backbone = PRESETS[preset]
    decoder, features = trained(backbone.decoder(2)), trained(backbone.discriminator(32).features)
    h, x = torch.randn(2, backbone.width(2), 8, 8), torch.rand(2, 1, 32, 32)
    torch.testing.assert_close(folded(decoder)(h), decoder(h), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(folded(features)(x), features(x), rtol=1e-4, atol=1e-5)


def test_batch_normalisation_goes_into_the_convolution_before_it():
    decoder = PRESETS["baur2021"].decoder(2)
    left = [type(layer) for layer in folded(nn.Sequential(nn.ConvTranspose2d(4, 64, 8), decoder))]
    assert nn.BatchNorm2d in {type(layer) for layer in decoder.modules()}
    assert nn.BatchNorm2d not in left


def test_batch_normalisation_without_a_convolution_before_it_stays():
    network = trained(nn.Sequential(nn.BatchNorm2d(1), nn.ReLU(), nn.BatchNorm2d(1)))
    x = torch.randn(2, 1, 8, 8)
    torch.testing.assert_close(folded(network)(x), network(x))


def test_other_normalisations_and_whole_blocks_are_kept():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Conv2d(1, 4, 3, padding=1)

        def forward(self, x):
            return x + self.inner(x)

    network = nn.Sequential(Block(), GroupNorm(groups=2).build(4), nn.Identity())
    x = torch.randn(2, 1, 8, 8)
    torch.testing.assert_close(folded(network)(x), network(x))


def test_folding_leaves_the_network_as_it_was():
    network = PRESETS["baur2021"].decoder(2).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    folded(network, torch.bfloat16)(torch.randn(2, 64, 8, 8, dtype=torch.bfloat16))
    after = network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert network.training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in network.parameters())
