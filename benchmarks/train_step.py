"""What bf16 and channels_last bring to a training step: ratios to the stock fp32 step of the same network.

    python benchmarks/train_step.py [--sizes 64 128 256] [--rounds 5]

Batches of 8, one thread, in one run of this script; stock, fp32 and bf16 take turns in every round, and the median over
rounds counts. Stock is the same updates in NCHW layout, fp32, without fused Adam.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from uadray.models.base import moving_only
from uadray.models.zoo import ZOO
from uadray.training.loop import Training
from uadray.training.settings import TrainConfig

ROWS = ("sAE3", "sVAE", "sVAE-GAN")
BATCH = 8


def stock_step(name: str, size: int) -> Callable[[torch.Tensor], None]:
    """A step as one would write it first."""
    model = ZOO[name].build(size)
    optimisers = {
        key: torch.optim.Adam(update.module.parameters(), lr=update.learning_rate, foreach=False)
        for key, update in model.updates().items()
    }

    def step(images: torch.Tensor) -> None:
        for key, update in model.updates().items():
            with moving_only(model, update.module):
                optimisers[key].zero_grad()
                torch.stack([*model(images, key).values()]).sum().backward()
                optimisers[key].step()

    return step


def own_step(name: str, size: int, precision: str) -> Callable[[torch.Tensor], object]:
    """One batch through the project's training."""
    config = TrainConfig.parse({"batch_size": BATCH, "precision": precision})
    return Training(ZOO[name].build(size), config, torch.device("cpu")).run_epoch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| row | size | stock ms | fp32 channels_last | bf16 channels_last |")
    print("| --- | --- | --- | --- | --- |")
    for size in options.sizes:
        images = torch.rand(BATCH, 1, size, size)
        for name in ROWS:
            steps = {
                "stock": stock_step(name, size),
                "fp32": own_step(name, size, "fp32"),
                "bf16": own_step(name, size, "bf16"),
            }
            seconds: dict[str, list[float]] = {key: [] for key in steps}
            for _ in range(options.rounds + 1):  # the first round warms up
                for key, step in steps.items():
                    start = time.perf_counter()
                    step(images)
                    seconds[key].append(time.perf_counter() - start)
            stock, fp32, bf16 = (statistics.median(seconds[key][1:]) for key in steps)
            print(f"| {name} | {size} | {1000 * stock:.0f} | {stock / fp32:.2f} x | {stock / bf16:.2f} x |", flush=True)


if __name__ == "__main__":
    main()
