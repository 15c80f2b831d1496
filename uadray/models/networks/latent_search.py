"""The search for the code of a slice in a generator that has no encoder (Schlegl et al. 2017, IPMI, Eqs. 2-5).

    L(z) = (1 - lambda) sum |x - G(z)| + lambda sum |f(x) - f(G(z))|, z_1 given, z_2 ... by the gradient of L

f is an intermediate layer of the discriminator. It costs a hundred passes through both networks, forwards and
backwards, so it takes private copies of them that have nothing else to do: no gradient of weights, batch normalisation
folded, bfloat16 where that is fast, many slices at a time. A slice's loss, step and end are its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from uadray.models.folding import folded, shortest
from uadray.models.latent_search import LatentSearchConfig

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # of Adam, as in its paper


class LatentSearch:
    """The search in one generator, (N, dim, 1, 1) -> (N, 1, H, W), with the features f of one discriminator.

    It copies both as they are now, and leaves them alone.
    """

    def __init__(self, generator: nn.Module, features: nn.Module, config: LatentSearchConfig) -> None:
        dtype = shortest(next(generator.parameters()).device)
        self.config = config
        layers = folded(generator, dtype)
        self._project, self._decode = layers[:1], layers[1:]
        self._features = folded(features, dtype)
        self._dtype = dtype

    def __call__(self, x: Tensor, start: Tensor, steps: int) -> Tensor:
        """z of every slice, (N, dim, 1, 1), from the same start, (1, dim, 1, 1), for all x, (N, 1, H, W)."""
        together = max(1, self.config.batch_pixels // x[0].numel())
        with _one_thread():
            return torch.cat([self._batch(part, start, steps) for part in x.split(together)])

    def _batch(self, x: Tensor, start: Tensor, steps: int) -> Tensor:
        z = start.repeat(len(x), 1, 1, 1)
        found, rows = z.clone(), torch.arange(len(x), device=x.device)
        of_x = self._features(x.to(self._dtype))
        mean, square = torch.zeros_like(z), torch.zeros_like(z)  # Adam's moments (Kingma and Ba 2015)
        best, stale = torch.full_like(x[:, 0, 0, 0], torch.inf), torch.zeros_like(rows)
        for step in range(1, steps + 1):
            loss, gradient = self._loss(z, x, of_x)
            mean = BETA_1 * mean + (1 - BETA_1) * gradient
            square = BETA_2 * square + (1 - BETA_2) * gradient.square()
            deviation = (square / (1 - BETA_2**step)).sqrt() + EPSILON
            z = z - self.config.step_size * mean / (1 - BETA_1**step) / deviation
            found[rows] = z
            fell = loss < (1 - self.config.tolerance) * best
            best, stale = torch.where(fell, loss, best), torch.where(fell, 0, stale + 1)
            going = stale < self.config.patience
            if not going.all():
                state = (rows, x, of_x, z, mean, square, best, stale)
                rows, x, of_x, z, mean, square, best, stale = (value[going] for value in state)
                if len(rows) == 0:
                    break
        return found

    @torch.enable_grad()
    def _loss(self, z: Tensor, x: Tensor, of_x: Tensor) -> tuple[Tensor, Tensor]:
        """L of each slice, (N,), and its gradient, like z."""
        z = z.detach().requires_grad_(True)
        # One row more than slices: a single one would take another kernel, whose sums are rounded otherwise.
        x_hat = self._decode(self._project(torch.cat([z, z[:1]]).to(self._dtype))[:-1])
        residual = (x - x_hat.float()).abs().flatten(1).sum(dim=1)
        discrimination = (of_x - self._features(x_hat)).float().abs().flatten(1).sum(dim=1)
        loss = (1 - self.config.feature_weight) * residual + self.config.feature_weight * discrimination
        (gradient,) = torch.autograd.grad(loss.sum(), z)
        return loss.detach(), gradient


@contextmanager
def _one_thread() -> Iterator[None]:
    """Inside, one thread on a CPU: more share out a convolution by the size of its batch, and round otherwise.

    A hundred steps make that visible. With two threads and a trained generator, a slice alone and the same slice among
    others differed by 0.006 a pixel, 0.19 at most; with one they are equal to the bit.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
