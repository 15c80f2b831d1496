"""What AnoGAN's search of z costs a slice, against the stock way; and what leaving early saves and costs.

    python benchmarks/anogan.py [--sizes 64 256] [--steps 20] [--rounds 3] [--train-seconds 30]

One thread, CPU seconds, in one run of this script. Stock is one slice at a time in fp32 and NCHW, batch normalisation
as it is, gradients to all parameters. Each makes `steps` of the 100 steps, each step costs the same; they take turns in
every round, and the median over rounds counts. The second table is of the demo cohort's patients at 64 x 64, all 100
steps, after a short training; the interval is of a bootstrap over patients.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from torch import Tensor

from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.preparation import PrepareConfig, prepare
from uadray.data.store import Slices
from uadray.models.anogan import AnoGanConfig
from uadray.models.latent_search import LatentSearchConfig
from uadray.models.networks.anogan import AnoGan
from uadray.scoring.detector import Detector
from uadray.scoring.settings import ScoringConfig
from uadray.training.loop import Training
from uadray.training.settings import TrainConfig

PAPER = LatentSearchConfig(patience=100)  # makes every step
BATCH = {64: 32, 128: 32, 256: 8}


def stock_search(model: AnoGan, x: Tensor, steps: int) -> Tensor:
    """One slice, as one would write it first."""
    z = torch.zeros(1, model.config.dim, 1, 1, requires_grad=True)
    optimiser = torch.optim.Adam([z], lr=PAPER.step_size)
    features = model.discriminator.features
    for _ in range(steps):
        optimiser.zero_grad()
        x_hat = model.generator(z)
        residual, discrimination = (x - x_hat).abs().sum(), (features(x) - features(x_hat)).abs().sum()
        ((1 - PAPER.feature_weight) * residual + PAPER.feature_weight * discrimination).backward()
        optimiser.step()
    found: Tensor = model.generator(z).detach()
    return found


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def compare_speed(size: int, steps: int, rounds: int) -> None:
    """A row of the first table."""
    config = AnoGanConfig(search=PAPER.model_copy(update={"steps": steps}))
    model = config.build(size).eval()
    x = torch.rand(BATCH.get(size, 8), 1, size, size).contiguous(memory_format=torch.channels_last)
    one = x[:1].contiguous()
    stock, single, batch = [], [], []
    stock_search(model, one, 1), model.reconstruct(x[:1])
    for _ in range(rounds):
        stock.append(seconds(lambda: stock_search(model, one, steps)))
        single.append(seconds(lambda: model.reconstruct(x[:1])))
        batch.append(seconds(lambda: model.reconstruct(x)) / len(x))
    of_stock, of_single, of_batch = (100 / steps * statistics.median(values) for values in (stock, single, batch))
    print(
        f"| {size} | {of_stock:.2f} | {of_single:.2f} ({of_stock / of_single:.1f} x) "
        f"| {of_batch:.2f} ({of_stock / of_batch:.1f} x, {len(x)} slices) |",
        flush=True,
    )


def trained(slices: Slices, budget_seconds: float) -> AnoGan:
    model = AnoGanConfig().build(slices.images.shape[-1])
    training = Training(model, TrainConfig(), torch.device("cpu"))
    end = time.process_time() + budget_seconds
    while time.process_time() < end:
        training.run_epoch(torch.from_numpy(slices.images))
    print(f"\ntrained for {training.epoch} epochs of {len(slices.images)} slices")
    return model


def pooled(maps: NDArray[np.float32], patients: Slices, names: NDArray[np.str_]) -> float:
    """AUPRC of the brain voxels of these patients, each as often as it is named."""
    rows = np.concatenate([np.flatnonzero(patients.subjects == name) for name in names])
    brain = patients.brain[rows, 0]
    return float(average_precision_score(patients.lesion[rows, 0][brain], maps[rows][brain]))


def compare_ends(model: AnoGan, patients: Slices, draws: int = 200) -> None:
    """The second table: every step for every slice, or leaving when the loss falls no more."""
    print("\n| search | s per slice | AUPRC |\n| --- | --- | --- |")
    maps = []
    for name, search in (("100 steps", PAPER), ("leaving early", LatentSearchConfig())):
        model.config = model.config.model_copy(update={"search": search})
        detector = Detector(model, ScoringConfig())
        start = time.process_time()
        maps.append(detector.anomaly_maps(patients, batch_size=128))
        spent = (time.process_time() - start) / len(patients.images)
        print(f"| {name} | {spent:.3f} | {pooled(maps[-1], patients, np.unique(patients.subjects)):.4f} |", flush=True)
    names, generator = np.unique(patients.subjects), np.random.default_rng(0)
    drawn = [generator.choice(names, len(names)) for _ in range(draws)]
    differences = [pooled(maps[1], patients, some) - pooled(maps[0], patients, some) for some in drawn]
    low, high = np.percentile(differences, [2.5, 97.5])
    print(f"\nAUPRC of leaving early less that of 100 steps: 95 % interval {low:+.4f} to {high:+.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--train-seconds", type=float, default=30)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print("| size | stock s per slice | one slice | together |\n| --- | --- | --- | --- |")
    for size in options.sizes:
        compare_speed(size, options.steps, options.rounds)
    with TemporaryDirectory() as folder:
        people = PhantomCohort(healthy=10, lesion=12, spacing_mm=3).subjects(Path(folder))
        config = PrepareConfig.parse(
            {"canvas": {"kind": "resample", "size": 64}, "slices": {"kind": "middle", "count": 5}}
        )
        store = prepare(people, config, Path(folder) / "stores", lambda *_: None)
        model, patients = trained(store.read("train", "healthy"), options.train_seconds), store.read("val", "lesion")
    with torch.no_grad():
        compare_ends(model.eval(), patients)


if __name__ == "__main__":
    main()
