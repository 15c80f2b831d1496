"""Scoring one patient with everything, against reconstructing the same slices with the zoo's sVAE.

    python benchmarks/scoring_patient.py [--slices 20] [--size 256] [--rounds 5]

One thread, CPU time, in turns in one process; the median of each round's own ratio counts. A patient is made: a disc of
40 % of the slice with texture and eight bright balls. The residual is given, positive, half of it zero as a model's.
Scoring goes from there to a whole scorecard: median filter, threshold, segmentation, Dice, the curves of the patient
and of the pool, lesions found, and the ceiling of the post-processing.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from uadray.data.store import Slices
from uadray.models.zoo import ZOO
from uadray.scoring.detector import Detector
from uadray.scoring.filters import VolumeMedian
from uadray.scoring.postprocess import BrightInSlice, LeastVoxels
from uadray.scoring.score import score
from uadray.scoring.scorecard import Scorecard
from uadray.scoring.settings import ScoringConfig

WAYS = {
    "5 x 5": ScoringConfig(),
    "5 x 5 x 5": ScoringConfig(median_filter=VolumeMedian()),
    "5 x 5, hyperintensity, components": ScoringConfig(hyperintensity=BrightInSlice(), components=LeastVoxels()),
    "5 x 5 x 5, hyperintensity, components": ScoringConfig(
        median_filter=VolumeMedian(), hyperintensity=BrightInSlice(), components=LeastVoxels()
    ),
}


def made_patient(count: int, size: int) -> tuple[Slices, NDArray[np.float32]]:
    """One patient's slices and residuals, (N, H, W)."""
    generator = np.random.default_rng(0)
    z, y, x = np.ogrid[:count, :size, :size]
    disc = (y - size / 2) ** 2 + (x - size / 2) ** 2 < 0.4 * size**2 / np.pi
    lesion = np.zeros((count, size, size), bool)
    for number, angle in enumerate(np.linspace(0, 2 * np.pi, 8, endpoint=False)):
        row, column = size * (0.5 + 0.2 * np.sin(angle)), size * (0.5 + 0.2 * np.cos(angle))
        lesion |= (z - count / 2) ** 2 + (y - row) ** 2 + (x - column) ** 2 < ((number + 2) * size / 256) ** 2
    brain = np.broadcast_to(disc, lesion.shape).copy()
    noise = generator.standard_normal(lesion.shape, np.float32)
    images = (np.where(brain, 0.4 + 0.05 * noise, 0) + 0.3 * lesion).clip(0, 1).astype(np.float32)
    residual = np.where(brain, (0.05 * noise + np.float32(0.15) * lesion).clip(0), 0).astype(np.float32)
    subjects, indices = np.full(count, "sub-01"), np.arange(count, dtype=np.int32)
    return Slices(images[:, None], brain[:, None], lesion[:, None], subjects, indices), residual


def scored(residual: NDArray[np.float32], patient: Slices, scoring: ScoringConfig) -> Scorecard:
    """What becomes of a residual, as a detector and an evaluation have it; the threshold is fitted elsewhere."""
    maps = scoring.filtered(np.where(scoring.scored(patient), residual, np.float32(0)), patient)
    return score(maps, patient, 0.05, scoring)


def cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--slices", type=int, default=20)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    patient, residual = made_patient(options.slices, options.size)
    reconstruct = partial(Detector(ZOO["sVAE"].build(options.size), ScoringConfig()).reconstructions, patient)
    print("| post-processing | scoring s | reconstructing s | ratio |\n|" + " --- |" * 4)
    for name, scoring in WAYS.items():
        work = partial(scored, residual, patient, scoring)
        rounds = [(cpu_seconds(work), cpu_seconds(reconstruct)) for _ in range(options.rounds + 1)][1:]
        ratios = sorted(ours / theirs for ours, theirs in rounds)
        ours, theirs = (statistics.median(each) for each in zip(*rounds, strict=True))
        spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"| {name} | {ours:.3f} | {theirs:.3f} | {spread} |", flush=True)


if __name__ == "__main__":
    main()
