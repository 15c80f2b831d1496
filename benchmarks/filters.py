"""How much faster the exact medians are than scipy's, whose values they have.

    python benchmarks/filters.py [--slices 980] [--sample 20] [--size 256]

One thread, CPU time, in one run of this script. scipy is timed on a sample of slices and in turn with the same sample
of ours, and the median ratio of the rounds counts; ours is timed on all slices as well. Three kinds of map: full is
noise in every pixel, brain the same in a disc of 40 % of the slice, positive the same where half of the disc is 0.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uadray.scoring.median import median_2d, median_3d

Maps = NDArray[np.float32]


def made_maps(slices: int, size: int) -> dict[str, Maps]:
    """Noise, whole, in a disc, and positive in a disc."""
    noise = np.random.default_rng(0).random((slices, size, size), dtype=np.float32)
    y, x = np.mgrid[:size, :size] - size / 2
    disc = y**2 + x**2 < 0.4 * size**2 / np.pi
    return {
        "full": noise,
        "brain": np.where(disc, noise, np.float32(0)),
        "positive": np.where(disc, (noise - np.float32(0.5)).clip(min=0), np.float32(0)),
    }


def cpu_seconds(work: Callable[[], Maps]) -> tuple[float, Maps]:
    """CPU time of a call and what it returns."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def ratio(own: Callable[[], Maps], scipys: Callable[[], Maps], rounds: int) -> tuple[float, float]:
    """Median of scipy's time over ours, and our least time."""
    own()  # warms up
    ratios, least = [], float("inf")
    for _ in range(rounds):
        seconds, result = cpu_seconds(own)
        slower, expected = cpu_seconds(scipys)
        assert np.array_equal(result, expected)
        ratios.append(slower / seconds)
        least = min(least, seconds)
    return statistics.median(ratios), least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--slices", type=int, default=980)
    parser.add_argument("--sample", type=int, default=20)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("| window | maps | ratio | ms per slice | s for all slices |")
    print("| --- | --- | --- | --- | --- |")
    for name, maps in made_maps(options.slices, options.size).items():
        sample = maps[: options.sample]
        for side in (3, 5, 7):
            scipys = partial(ndimage.median_filter, sample, (1, side, side), mode="nearest")
            times, seconds = ratio(partial(median_2d, sample, side), scipys, options.rounds)
            whole, _ = cpu_seconds(partial(median_2d, maps, side))
            milliseconds = 1000 * seconds / len(sample)
            print(f"| {side} x {side} | {name} | {times:.1f} x | {milliseconds:.3f} | {whole:.3f} |", flush=True)
        scipys = partial(ndimage.median_filter, sample, 5, mode="nearest")
        times, seconds = ratio(partial(median_3d, sample, 5), scipys, options.rounds)
        print(f"| 5 x 5 x 5 | {name} | {times:.1f} x | {1000 * seconds / len(sample):.2f} | |", flush=True)


if __name__ == "__main__":
    main()
