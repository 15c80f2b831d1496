import pytest
import torch

from uadray.models.networks.intensity import Intensity
from uadray.scoring.residual import PositiveResidual


def scores(image):
    return Intensity().anomaly_map(torch.tensor([[image]]), PositiveResidual()).flatten().tolist()


def test_the_map_orders_pixels_as_their_intensities_and_is_zero_outside_the_brain():
    assert scores([[0.0, 0.2], [0.9, 0.5]]) == pytest.approx([0, 1 / 3, 1, 2 / 3])


def test_equal_intensities_get_equal_scores():
    assert scores([[0.5, 0.5], [0.5, 0.1]]) == [1, 1, 1, 0.25]


def test_an_empty_slice_has_nothing_abnormal():
    assert scores([[0.0, 0.0]]) == [0, 0]
