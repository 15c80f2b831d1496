"""The denoising autoencoder sees noise inside the brain only, and learns to take it away."""

import pytest
import torch

from uadray.errors import ConfigError
from uadray.models.denoising import DenoisingConfig
from uadray.models.unet import UNetConfig
from uadray.scoring.residual import PositiveResidual


@pytest.fixture
def slices():
    """Brains that are discs, each of its own grey, darker to the rim, in black."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, 32), torch.linspace(-1, 1, 32), indexing="ij")
    radius = (x.square() + y.square()).sqrt()
    grey = torch.linspace(0.4, 0.6, 8)[:, None, None, None]
    return (grey * (1.2 - 0.4 * radius)) * (radius < 0.8)


def build(**config):
    torch.manual_seed(0)
    return DenoisingConfig(unet=UNetConfig(base_width=8, depth=3), **config).build(32)


def trained(slices, epochs=60):
    model = build(learning_rate=3e-3)
    update = model.updates()["autoencoder"]
    optimiser = torch.optim.Adam(update.module.parameters(), lr=update.learning_rate)
    for _ in range(epochs):
        optimiser.zero_grad()
        update.loss(slices)["reconstruction"].backward()
        optimiser.step()
    return model.eval()


def seen_by(model):
    """What goes into the U-Net, call by call."""
    seen = []
    model.unet.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    return seen


def test_noise_is_added_inside_the_brain_only(slices):
    model = build()
    seen = seen_by(model)
    model(slices, "autoencoder")
    noise = seen[0] - slices
    assert float(noise[slices == 0].abs().max()) == 0
    assert float(noise[slices > 0].std()) == pytest.approx(0.2 * 2 / 3, abs=0.03)  # bilinear: 2/3 of that at the nodes


def test_the_loss_looks_inside_the_brain_only(slices):
    model = build()
    before = float(model(slices, "autoencoder")["reconstruction"].detach())
    with torch.no_grad():
        model.unet.head.weight.zero_()
        model.unet.head.bias.fill_(0.5)
    expected = float((slices[slices > 0] - 0.5).square().mean())
    assert float(model(slices, "autoencoder")["reconstruction"].detach()) == pytest.approx(expected, rel=1e-5)
    assert before != pytest.approx(expected, rel=1e-5)


def test_a_slice_without_brain_has_a_loss_of_0():
    assert float(build()(torch.zeros(2, 1, 32, 32), "autoencoder")["reconstruction"].detach()) == 0


def test_reconstructing_adds_no_noise_and_leaves_the_background_black(slices):
    model = build().eval()
    seen = seen_by(model)
    with torch.no_grad():
        x_hat = model.reconstruct(slices)
    assert torch.equal(seen[0], slices)
    assert float(x_hat[slices == 0].abs().max()) == 0


def test_variants_differ_by_their_number_and_not_by_the_call(slices):
    model = build().eval()
    with torch.no_grad():
        assert torch.equal(model.variant(slices, 1), model.variant(slices, 1))
        assert not torch.equal(model.variant(slices, 1), model.variant(slices, 2))
        torch.testing.assert_close(model.variant(slices, 1)[:1], model.variant(slices[:1], 1), rtol=0, atol=1e-6)


def test_a_bright_spot_is_taken_for_noise_after_training(slices):
    model = trained(slices)
    patient = slices.clone()
    patient[:, :, 10:14, 14:18] += 0.35
    with torch.no_grad():
        scores = model.anomaly_map(patient, PositiveResidual())
    spot = scores[:, :, 10:14, 14:18]
    assert float(spot.mean()) > 5 * float(scores[slices > 0].mean())


def test_a_slice_without_brain_is_reconstructed_as_one():
    assert float(build().eval().reconstruct(torch.zeros(1, 1, 32, 32)).detach().abs().max()) == 0


def test_a_size_that_the_unet_cannot_halve_is_refused():
    with pytest.raises(ConfigError, match=r"UAD-211 model\.unet\.depth"):
        DenoisingConfig().build(36)
