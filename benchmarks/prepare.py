"""Preparing a cohort and feeding a training: subjects a minute, memory by number of subjects, epochs from the store.

    python benchmarks/prepare.py [--subjects 24]

On phantom heads at 2 mm with CurvatureFlow and N4, so that computing counts, in one run of this script. The start of
processes is set aside. What two plain processes reach says what the machine gives. Memory is the peak of a process of
its own that prepares 10, or 100, subjects at 4 mm. The store's feed is 4 epochs of training, reading and decoding
included, against the same epochs on tensors that are there.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ray
import torch

from uadray.data.batches import collect, dataset
from uadray.data.bids import BidsCohort
from uadray.data.each import Each, one_by_one
from uadray.data.mapping import over_cores
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.preparation import PrepareConfig, prepare
from uadray.data.store import Store
from uadray.data.subject import Subject
from uadray.models.latent import SpatialLatentConfig
from uadray.models.vae_gan import VaeGanConfig
from uadray.training.loop import Training
from uadray.training.settings import TrainConfig

HEAVY = {
    "denoise": {"kind": "curvature_flow", "iterations": 20},
    "bias": {"kind": "n4"},
    "canvas": {"kind": "resample", "size": 64},
}
EPOCHS = 4
LIGHT = {"slices": {"kind": "middle", "count": 10}, "canvas": {"kind": "resample", "size": 64}}


def timed(subjects: list[Subject], stores: Path, each: Each) -> tuple[float, Store]:
    """Seconds to prepare these subjects, nothing of them being there, and their store."""
    start = time.perf_counter()
    store = prepare(subjects, PrepareConfig.parse(HEAVY), stores, _silent, each)
    return time.perf_counter() - start, store


def feed_rate(store: Store) -> float:
    """How fast epochs from the store are, against epochs from memory: 1 is as fast."""
    shard, model = dataset(store, "train", "healthy"), VaeGanConfig(latent=SpatialLatentConfig(size=8))
    there = torch.from_numpy(collect(shard.iterator()).images)

    def epochs(from_store: bool) -> float:
        training = Training(model.build(store.size), TrainConfig(), torch.device("cpu"))
        start = time.perf_counter()
        slices = torch.from_numpy(collect(shard.iterator()).images) if from_store else there
        for _ in range(EPOCHS):
            training.run_epoch(slices)
        return time.perf_counter() - start

    epochs(False)
    memory, stored = zip(*((epochs(False), epochs(True)) for _ in range(3)), strict=True)
    return float(min(memory) / min(stored))


def peak_mb(count: int, folder: Path) -> float:
    """Of a process that prepares so many subjects, which are there already."""
    cohort = PhantomCohort(healthy=count // 2, lesion=count // 2, spacing_mm=4.0)
    root = cohort.subjects(folder)[0].image.parents[2]
    done = subprocess.run([sys.executable, __file__, "--peak", str(root)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def prepare_and_tell_peak(root: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        subjects = BidsCohort(root=root).subjects(root)
        prepare(subjects, PrepareConfig.parse(LIGHT), Path(folder), _silent)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _silent(*_: object) -> None:
    pass


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--subjects", type=int, default=24)
    parser.add_argument("--peak", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        prepare_and_tell_peak(options.peak)
        return
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        half = options.subjects // 2
        subjects = PhantomCohort(healthy=half, lesion=half).subjects(folder / "cohort")
        few = subjects[:1] + subjects[half : half + 2] + subjects[1:4]
        one, store = timed(subjects, folder / "one", one_by_one)
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            timed(few, folder / "start plain", pool.imap)
            plain, _ = timed(subjects, folder / "plain", pool.imap)
        each = over_cores(2)
        timed(few, folder / "start", each)
        two, _ = timed(subjects, folder / "two", each)
        fed = feed_rate(store)
        ray.shutdown()
        raw, kept = size_mb(folder / "cohort"), size_mb(store.path)
    print(f"one worker   {60 * len(subjects) / one:6.1f} subjects a minute")
    print(f"two workers  {60 * len(subjects) / two:6.1f} subjects a minute, efficiency {one / two / 2:.2f}")
    print(f"two plain    {60 * len(subjects) / plain:6.1f} subjects a minute, efficiency {one / plain / 2:.2f}")
    print(f"feed rate    {fed:.2f} of tensors in memory, {EPOCHS} epochs")
    print(f"store        {kept:.1f} MB of {raw:.1f} MB raw")
    with tempfile.TemporaryDirectory() as name:
        small, large = peak_mb(10, Path(name)), peak_mb(100, Path(name))
    print(f"peak memory  {small:.0f} MB for 10 subjects, {large:.0f} MB for 100, ratio {large / small:.2f}")


if __name__ == "__main__":
    main()
