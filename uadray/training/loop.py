"""Training a model on slices, one epoch at a time: torch only.

The order of slices and every random draw follow from (seed, epoch), so a training that is interrupted between epochs
and continued equals one that was not. The order of Baur et al. 2018: for every batch first the discriminator, then
encoder and decoder, which is the order of `Model.updates`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from uadray.models.base import Model, Update, moving_only
from uadray.training.precision import autocast, chosen
from uadray.training.settings import TrainConfig

Wrap = Callable[[nn.Module], nn.Module]
T = TypeVar("T")


@dataclass(frozen=True)
class Rank:
    """Which share of every batch this process takes."""

    index: int = 0
    world: int = 1

    def mean(self, values: Tensor) -> Tensor:
        """The mean over all ranks, the same on each."""
        if self.world > 1:
            torch.distributed.all_reduce(values)
        return values / self.world

    def first(self, value: T) -> T:
        """The first rank's value, on every rank: decisions are taken together."""
        if self.world == 1:
            return value
        shared = [value]
        torch.distributed.broadcast_object_list(shared, src=0)
        return shared[0]


class Training:
    """A model, its optimisers, and the epochs done so far."""

    def __init__(
        self,
        model: Model,
        config: TrainConfig,
        device: torch.device,
        wrap: Wrap = lambda module: module,
        rank: Rank = Rank(),
    ) -> None:
        self.model = model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.config = config
        self.device = device
        self.rank = rank
        self.precision = chosen(config.precision, device)
        self.epoch = 0
        self._updates = self.model.updates()
        self._wrapped: dict[str, nn.Module] = {}
        for name, update in self._updates.items():
            with moving_only(self.model, update.module):  # DistributedDataParallel looks for what can move now
                self._wrapped[name] = wrap(self.model)
        self.optimisers = {
            name: torch.optim.Adam(
                update.module.parameters(),
                lr=update.learning_rate,
                betas=(config.adam_beta1, 0.999),
                fused=True,
            )
            for name, update in self._updates.items()
        }

    def run_epoch(self, slices: Tensor) -> dict[str, float]:
        """One pass over slices, (N, 1, H, W) in [0, 1]; returns the mean of every loss term, the same on every rank."""
        torch.manual_seed(_mixed(self.config.seed, self.epoch, self.rank.index))
        self.model.train()
        sums: dict[str, Tensor] = {}
        counts: Counter[str] = Counter()
        for step, batch in enumerate(self._batches(len(slices))):
            images = slices[batch].to(self.device, non_blocking=True).contiguous(memory_format=torch.channels_last)
            for name, update in self._updates.items():
                if step % update.every == 0 and self._is_phase_of(update):
                    for term, value in self._step(name, images).items():
                        key = f"{name}/{term}"
                        sums[key] = sums.get(key, torch.zeros(())) + value
                        counts[key] += 1
        totals = self.rank.mean(torch.stack(list(sums.values())).double())
        means = {key: total / counts[key] for key, total in zip(sums, totals.tolist(), strict=True)}
        self.epoch += 1
        return means

    def _step(self, name: str, images: Tensor) -> dict[str, Tensor]:
        optimiser = self.optimisers[name]
        with moving_only(self.model, self._updates[name].module):
            optimiser.zero_grad()
            with autocast(self.precision, self.device):
                terms = self._wrapped[name](images, name)
                loss = torch.stack([value.float() for value in terms.values()]).sum()
            loss.backward()
            optimiser.step()
        seen = {**terms, **self._updates[name].watched()}
        return {term: value.detach().float().cpu() for term, value in seen.items()}

    def _is_phase_of(self, update: Update) -> bool:
        first, last = update.phase
        return first <= self.epoch / self.config.epochs and (last == 1 or self.epoch / self.config.epochs < last)

    def _batches(self, count: int) -> Iterator[Tensor]:
        """Seeded permutation of row numbers, cut into this rank's share of whole batches."""
        order = torch.randperm(count, generator=torch.Generator().manual_seed(_mixed(self.config.seed, self.epoch)))
        size = min(self.config.batch_size, count)
        for start in range(0, count - size + 1, size):
            yield order[start : start + size][self.rank.index :: self.rank.world]


@torch.no_grad()
def mean_residual(model: Model, slices: Tensor, brain: Tensor, device: torch.device, batch_size: int = 32) -> float:
    """Mean |x - x_hat| over brain voxels of healthy slices: the validation loss that needs no label.

    slices (N, 1, H, W) in [0, 1], brain (N, 1, H, W) bool. Computed in fp32, in evaluation mode.
    """
    model.eval()
    total = 0.0
    for images, mask in zip(slices.split(batch_size), brain.split(batch_size), strict=True):
        x = images.to(device).contiguous(memory_format=torch.channels_last)
        total += float((x - model.draft(x)).abs().cpu()[mask].double().sum())
    return total / int(brain.sum())


def _mixed(*numbers: int) -> int:
    """One seed from several numbers, so that neighbours share no stream."""
    seed = 0
    for number in numbers:
        seed = (seed * 1_000_003 + number + 1) % 2**63
    return seed
