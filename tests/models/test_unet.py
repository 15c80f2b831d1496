"""The U-Net has the levels it says, and says which sizes it can have."""

import pytest
import torch
from torch import nn

from uadray.errors import ConfigError
from uadray.models.unet import UNetConfig


def test_a_level_is_twice_as_wide_as_the_one_above_and_half_its_size():
    unet = UNetConfig(base_width=4, depth=3).build()
    sizes = []
    for level in (unet.stem, *unet.down, *unet.up):
        level.register_forward_hook(lambda _, __, features: sizes.append(tuple(features.shape[1:])))
    unet(torch.rand(1, 1, 32, 32))
    assert sizes == [(4, 32, 32), (8, 16, 16), (16, 8, 8), (8, 16, 16), (4, 32, 32)]


@pytest.mark.parametrize(("size", "most"), [(36, 3), (33, 1), (40, 4)])
def test_a_size_that_does_not_halve_often_enough_is_refused_with_the_depth_that_fits(size, most):
    UNetConfig(depth=most).check(size)
    with pytest.raises(ConfigError, match=rf"UAD-211.*at most {most} levels"):
        UNetConfig(depth=most + 1).check(size)


def test_fine_detail_reaches_the_output_by_the_skips():
    torch.manual_seed(0)
    unet = UNetConfig(base_width=4, depth=3).build()
    x = torch.rand(1, 1, 32, 32)
    whole = unet(x)
    for level in unet.down:
        level.register_forward_hook(lambda _, __, features: torch.zeros_like(features))
    assert (unet(x) - whole).abs().max() > 0
    assert unet(x).std() > 0


def test_a_condition_changes_the_output_of_its_own_slice_only():
    torch.manual_seed(0)
    unet = UNetConfig(base_width=4, depth=2).build(condition=3)
    x, condition = torch.rand(2, 1, 16, 16), torch.rand(2, 3)
    before = unet(x, condition)
    after = unet(x, condition + torch.tensor([[1.0], [0.0]]))
    assert (after[0] - before[0]).abs().max() > 1e-3
    torch.testing.assert_close(after[1], before[1])


def test_without_a_condition_there_are_only_convolutions_and_norms():
    assert not any(isinstance(module, nn.Linear) for module in UNetConfig(base_width=4).build().modules())
