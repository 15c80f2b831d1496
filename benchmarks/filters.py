"""How much faster the exact medians are than scipy's, whose values they have.

    python benchmarks/filters.py [--slices 980] [--sample 20] [--size 256]

One thread, CPU time per slice, in one run of this script. In every round ours is timed on all slices (the 3-D median:
on the sample) and scipy on a sample of them; the median ratio of the rounds counts. Three kinds of map: full is noise
in every pixel, brain the same in a disc of 40 % of the slice, positive the same where half of the disc is 0.
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
Filter = Callable[[Maps], Maps]


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


def compare(own: Filter, scipys: Filter, maps: Maps, sample: int, rounds: int) -> str:
    """Median of scipy's time per slice over ours, and ours; their values must be the same."""
    seconds, ratios = [], []
    for _ in range(rounds + 1):  # the first round warms up
        ours, result = cpu_seconds(partial(own, maps))
        theirs, expected = cpu_seconds(partial(scipys, maps[:sample]))
        assert np.array_equal(result[:sample], expected)
        seconds.append(ours / len(maps))
        ratios.append(theirs / sample / seconds[-1])
    return f"{statistics.median(ratios[1:]):.1f} x | {1000 * statistics.median(seconds[1:]):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--slices", type=int, default=980)
    parser.add_argument("--sample", type=int, default=20)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("| window | maps | ratio | ms per slice |")
    print("| --- | --- | --- | --- |")
    for name, maps in made_maps(options.slices, options.size).items():
        for side in (3, 5, 7):
            scipys = partial(ndimage.median_filter, size=(1, side, side), mode="nearest")
            found = compare(partial(median_2d, size=side), scipys, maps, options.sample, options.rounds)
            print(f"| {side} x {side} | {name} | {found} |", flush=True)
        scipys, sample = partial(ndimage.median_filter, size=5, mode="nearest"), maps[: options.sample]
        found = compare(partial(median_3d, size=5), scipys, sample, len(sample), options.rounds)
        print(f"| 5 x 5 x 5 | {name} | {found} |", flush=True)


if __name__ == "__main__":
    main()
