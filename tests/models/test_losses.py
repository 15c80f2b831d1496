import math

import torch

from uadray.models.losses import discrimination, fooling, kl_to_standard_normal, l1


def test_l1_is_the_mean_absolute_difference_of_pixels():
    assert float(l1(torch.tensor([0.0, 1.0]), torch.tensor([0.5, 0.5]))) == 0.5


def test_kl_equals_that_of_torch_summed_over_the_code():
    mu, log_variance = torch.randn(3, 5), torch.randn(3, 5)
    posterior = torch.distributions.Normal(mu, (0.5 * log_variance).exp())
    prior = torch.distributions.Normal(torch.zeros(3, 5), torch.ones(3, 5))
    expected = torch.distributions.kl_divergence(posterior, prior).sum(dim=1)
    torch.testing.assert_close(kl_to_standard_normal(mu, log_variance), expected)


def test_the_adversarial_terms_are_those_of_equations_2_and_3():
    logits_x, logits_x_hat = torch.tensor([0.3, -1.0]), torch.tensor([2.0, 0.1])
    dis_x, dis_x_hat = torch.sigmoid(logits_x), torch.sigmoid(logits_x_hat)
    real, fake = discrimination(logits_x, logits_x_hat)
    torch.testing.assert_close(real, -dis_x.log().mean())
    torch.testing.assert_close(fake, -(1 - dis_x_hat).log().mean())
    torch.testing.assert_close(fooling(logits_x_hat), -dis_x_hat.log().mean())


def test_a_confident_discriminator_gives_finite_losses():
    real, fake = discrimination(torch.tensor([-200.0]), torch.tensor([200.0]))
    assert math.isfinite(real + fake + fooling(torch.tensor([-200.0])))
