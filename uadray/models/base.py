"""What a model is: a set of named updates, `reconstruct` and `anomaly_map`.

The trainer, the detector and the study know nothing else of a model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

Terms = Mapping[str, Tensor]  # weighted loss terms; their sum is minimised


class Residual(Protocol):
    """How far slices are from their reconstructions, pixel by pixel."""

    @property
    def draws(self) -> int:
        """Reconstructions of each slice that it compares; 1 is the model's own, more are drawn."""

    def __call__(self, x: Tensor, x_hats: Tensor) -> Tensor:
        """Anomaly scores, (N, 1, H, W), of x (N, 1, H, W) and x_hats (draws, N, 1, H, W)."""


@dataclass(frozen=True)
class Update:
    """One optimiser step: whose parameters move, and the loss that moves them."""

    module: nn.Module
    loss: Callable[[Tensor], Terms]
    learning_rate: float
    every: int = 1  # batches
    phase: tuple[float, float] = (0.0, 1.0)  # it is made from this share of the epochs on, up to that share
    watched: Callable[[], Mapping[str, Tensor]] = dict  # of the loss's last call: what is logged beside its terms


class Model(nn.Module, ABC):
    """An unsupervised model of healthy slices, (N, 1, H, W) in [0, 1].

    Guaranteed by every model, and tested on every row of the zoo: shapes are kept; an update moves its own module
    and nothing else; every parameter is in exactly one update; in evaluation mode `reconstruct` leaves the model as it
    was and a slice's result does not depend on its batch-mates.
    """

    @abstractmethod
    def updates(self) -> Mapping[str, Update]:
        """The updates made for every batch, in this order; {} for a model without training."""

    @abstractmethod
    def reconstruct(self, images: Tensor) -> Tensor:
        """The healthy image the model sees behind each image; (N, 1, H, W) -> (N, 1, H, W)."""

    def variant(self, images: Tensor, number: int) -> Tensor:
        """Another healthy image that could be behind each image: the draw of this number, the same at every call.

        A model whose reconstruction has no chance in it gives the reconstruction.
        """
        return self.reconstruct(images)

    def draft(self, images: Tensor) -> Tensor:
        """A reconstruction that is quick to have, for the validation loss after each epoch."""
        return self.reconstruct(images)

    def samples(self, count: int) -> Tensor:
        """So many images drawn from the model alone, (count, 1, H, W); none, (0, ...), if it is not generative."""
        return torch.empty(0)

    def anomaly_map(self, images: Tensor, residual: Residual) -> Tensor:
        """How abnormal each pixel is; higher is more so. A baseline without reconstruction overrides it."""
        if residual.draws == 1:
            return residual(images, self.reconstruct(images)[None])
        return residual(images, torch.stack([self.variant(images, number) for number in range(residual.draws)]))

    def forward(self, images: Tensor, update: str) -> Terms:
        """The loss terms of one update: the one forward that DistributedDataParallel sees for each backward."""
        return self.updates()[update].loss(images)


@contextmanager
def moving_only(model: nn.Module, module: nn.Module) -> Iterator[None]:
    """Inside, only `module` can move: the rest of `model` gets no gradient and keeps its normalisation statistics.

    Batch normalisation outside `module` still normalises by the batch, as in training; it just does not remember it.
    """
    own_parameters, own_modules = set(module.parameters()), set(module.modules())
    parameters = [p for p in model.parameters() if p not in own_parameters and p.requires_grad]
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm) and m not in own_modules and m.track_running_stats]
    for parameter in parameters:
        parameter.requires_grad_(False)
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)
        for norm in norms:
            norm.track_running_stats = True
