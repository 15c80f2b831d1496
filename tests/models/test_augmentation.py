"""An augmented slice is a slice, its sides exchanged or not, brighter or darker as a whole."""

import torch

from uadray.models.augmentation import FlipAndGain, NoAugmentation


def test_every_slice_is_itself_or_its_mirror_image_times_its_own_gain():
    torch.manual_seed(0)
    x = torch.rand(64, 1, 8, 8)
    x[:, :, 0] = 0
    made = FlipAndGain(gain=0.25)(x)
    gains, mirrored = (made.sum(dim=(1, 2, 3)) / x.sum(dim=(1, 2, 3)))[:, None, None, None], 0
    for own, other, gain in zip(x, made, gains, strict=True):
        straight = torch.allclose(other, own * gain, atol=1e-5)
        assert straight or torch.allclose(other, own.flip(-1) * gain, atol=1e-5)
        mirrored += not straight
    assert 16 < mirrored < 48
    assert 0.74 < float(gains.min()) < 0.85
    assert 1.15 < float(gains.max()) < 1.26
    assert float(made[:, :, 0].abs().max()) == 0


def test_without_augmentation_slices_stay_as_they_are():
    x = torch.rand(2, 1, 4, 4)
    assert NoAugmentation()(x) is x
