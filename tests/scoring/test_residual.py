import torch

from uadray.scoring.residual import AbsoluteResidual, PositiveResidual

X, X_HAT = torch.tensor([0.9, 0.2]), torch.tensor([[0.5, 0.5]])


def test_the_positive_residual_keeps_only_what_is_brighter_than_expected():
    torch.testing.assert_close(PositiveResidual()(X, X_HAT), torch.tensor([0.4, 0.0]))


def test_the_absolute_residual_keeps_both_signs():
    torch.testing.assert_close(AbsoluteResidual()(X, X_HAT), torch.tensor([0.4, 0.3]))
