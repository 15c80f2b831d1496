"""What ends a training, and what does not."""

import pytest

from uadray.training.health import Diverged, check


def epochs(*spreads):
    return [{"generator/fooling": 0.7, "discriminator/spread": spread} for spread in spreads]


def test_a_loss_that_is_not_finite_ends_the_training_with_a_reason():
    with pytest.raises(Diverged, match=r"UAD-310 epoch 2.*reconstruction nan"):
        check([{"reconstruction": 0.3}, {"reconstruction": float("nan")}])


def test_a_generator_that_makes_one_image_for_three_epochs_ends_the_training():
    with pytest.raises(Diverged, match=r"UAD-311 epoch 4.*spread.*0.001"):
        check(epochs(0.5, 0.01, 0.0, 0.001))


def test_a_generator_that_recovers_goes_on():
    check(epochs(0.0, 0.0, 0.5))
    check(epochs(0.0, 0.0))


def test_a_model_without_a_generator_is_never_collapsed():
    check([{"autoencoder/reconstruction": 0.0}] * 5)
