"""Noise has the width it says, another pattern for each image, and the same pattern for each number."""

import pytest
import torch

from uadray.models.noise import CoarseNoise, GaussianNoise, OctaveNoise, pattern, patterns, unit

KINDS = [GaussianNoise(), CoarseNoise(resolution=8), OctaveNoise()]


def neighbours_agree(noise):
    """Correlation of a pixel with the one on its right."""
    drawn = noise.draw(64, (32, 32), torch.Generator().manual_seed(0))
    pairs = torch.stack([drawn[..., :-1].flatten(), drawn[..., 1:].flatten()])
    return float(torch.corrcoef(pairs)[0, 1])


@pytest.mark.parametrize("noise", KINDS)
def test_noise_has_mean_0_and_a_pattern_for_each_image(noise):
    drawn = noise.draw(256, (24, 32), torch.Generator().manual_seed(0))
    assert drawn.shape == (256, 1, 24, 32)
    assert abs(float(drawn.mean())) < 0.05
    assert len({float(one.sum()) for one in drawn}) == 256


def test_the_coarser_the_grid_the_more_neighbours_agree():
    assert abs(neighbours_agree(GaussianNoise())) < 0.02
    assert 0.6 < neighbours_agree(CoarseNoise(resolution=16)) < neighbours_agree(CoarseNoise(resolution=4)) - 0.1


def test_coarse_noise_has_standard_deviation_1_at_the_nodes_of_its_grid():
    drawn = CoarseNoise(resolution=8).draw(2000, (8, 8), torch.Generator().manual_seed(0))
    assert float(drawn.std()) == pytest.approx(1, abs=0.02)


def test_octaves_add_what_is_finer():
    one, six = (neighbours_agree(OctaveNoise(octaves=octaves)) for octaves in (1, 6))
    assert 0.2 < six < one - 0.1


def test_coarse_noise_is_rolled_so_that_no_pixel_is_always_a_node():
    drawn = CoarseNoise(resolution=4).draw(2000, (32, 32), torch.Generator().manual_seed(0))
    of_pixels = drawn.std(dim=0)
    assert float(of_pixels.max() / of_pixels.min()) < 1.25


@pytest.mark.parametrize("noise", KINDS)
def test_a_number_is_one_pattern_for_all_images_whatever_was_drawn_before(noise):
    images = torch.rand(3, 1, 32, 32)
    first = pattern(noise, images, 5)
    patterns(noise, images)
    assert first.shape == (1, 1, 32, 32)
    assert torch.equal(first, pattern(noise, images[:1], 5))
    assert not torch.equal(first, pattern(noise, images, 6))


@pytest.mark.parametrize("noise", KINDS)
def test_unit_noise_has_a_mean_square_of_1_in_each_pattern(noise):
    squares = unit(noise.draw(4, (32, 32))).square().mean(dim=(1, 2, 3))
    torch.testing.assert_close(squares, torch.ones(4))
