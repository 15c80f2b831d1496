"""The search finds codes; each slice's is its own."""

from typing import ClassVar

import pytest
import torch
from torch import nn

from uadray.models.latent_search import LatentSearchConfig
from uadray.models.networks import latent_search
from uadray.models.networks.latent_search import LatentSearch

START = torch.zeros(1, 4, 1, 1)


class Linear(nn.Module):
    """A generator of 8 x 8 images, as linear as one can be."""

    def __init__(self):
        super().__init__()
        self.pattern = nn.Parameter(torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0)))

    def forward(self, z):
        return torch.einsum("ncij,cdhw->ndhw", z, self.pattern)


class Counted(nn.Flatten):
    """Features that are the image itself, and how many images they were asked for: first x, then each x_hat."""

    seen: ClassVar[list[int]] = []

    def forward(self, x):
        Counted.seen.append(len(x))
        return super().forward(x)


@pytest.fixture(autouse=True)
def exact(monkeypatch):
    """In fp32."""
    monkeypatch.setattr(latent_search, "shortest", lambda device: torch.float32)


def made(*codes):
    """The images of codes, and a little that the generator cannot make."""
    with torch.no_grad():
        images = Linear()(torch.tensor(codes)[:, :, None, None])
    return images + 0.02 * torch.randn(images.shape[1:], generator=torch.Generator().manual_seed(2))


def search(x, steps, features=None, **config):
    Counted.seen = []
    return LatentSearch(Linear(), features or Counted(), LatentSearchConfig(**config))(x, START, steps)[:, :, 0, 0]


def test_the_code_of_a_made_slice_is_found():
    code = [0.5, -1.0, 0.25, 2.0]
    found = search(made(code), 400, patience=400, step_size=0.02)
    torch.testing.assert_close(found[0], torch.tensor(code), rtol=0, atol=0.05)


def test_a_slice_whose_loss_has_stopped_falling_leaves_the_batch():
    search(made([0.0] * 4, [3.0] * 4), 30, tolerance=0.01, patience=5)
    of_x, *of_x_hat = Counted.seen
    assert of_x == 2
    assert (of_x_hat[0], of_x_hat[-1]) == (2, 1)
    assert of_x_hat == sorted(of_x_hat, reverse=True)


def test_the_search_ends_when_all_slices_have_left():
    search(made([0.0] * 4), 100, patience=5)
    assert len(Counted.seen) < 30


def test_a_patience_of_all_steps_makes_every_step_for_every_slice():
    search(made([0.0] * 4, [3.0] * 4), 20, patience=20)
    assert Counted.seen == [2] * 21


def test_a_slice_that_leaves_changes_nothing_for_those_that_stay():
    easy, hard = made([0.0] * 4), made([3.0, 1.0, -2.0, 0.5])
    together = search(torch.cat([easy, hard, easy]), 40, patience=5)
    for number, alone in enumerate((easy, hard, easy)):
        torch.testing.assert_close(together[number], search(alone, 40, patience=5)[0], rtol=0, atol=1e-5)


def test_how_many_are_searched_together_changes_no_code():
    x = made([1.0] * 4, [2.0] * 4, [-1.0] * 4)
    few = search(x, 30, batch_pixels=64)
    assert set(Counted.seen) == {1}
    torch.testing.assert_close(few, search(x, 30, batch_pixels=10_000), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("weight", "differ"), [(0.0, False), (0.5, True)])
def test_lambda_is_how_much_the_discriminators_features_count(weight, differ):
    x = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    one, other = (search(x, 20, nn.Conv2d(1, 3, 8), feature_weight=weight) for _ in range(2))
    assert torch.equal(one, other) != differ


def test_the_search_works_where_gradients_are_off_and_leaves_none_behind():
    generator = Linear()
    with torch.no_grad():
        found = LatentSearch(generator, nn.Flatten(), LatentSearchConfig())(made([1.0] * 4), START, 10)
    assert not torch.equal(found, START)
    assert not found.requires_grad
    assert generator.pattern.grad is None
