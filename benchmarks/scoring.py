"""AUPRC, AUROC and the Dice curve of a tally, against scikit-learn's average_precision_score alone.

    python benchmarks/scoring.py [--voxels 64225280] [--rounds 2]

Scores are made: 49 patients of equal size, 0.9 % of the voxels lesion; once with 58 % of the scores exactly 0, as
rectified residuals have, and once with hardly a tie. Both ways get the same float32 scores and bool truth, the tally
patient after patient. Each measurement is a process of its own, on one thread, in turns: CPU seconds of the work
without making the scores, and how far the work lifts the peak of the process's memory above the scores it was given.
The ratio of a round is of its own two measurements; the median over rounds counts. The last column is what the tally
can say besides from the same voxels: the best mean Dice over patients, each patient's AUPRC, and each patient's Dice at
100 thresholds. All of it takes about two minutes where nothing else runs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from uadray.scoring.curves import best_mean_dice, by_patient, dice_by_patient, pooled
from uadray.scoring.tallies import Tally

PATIENTS = 49
ZEROS = (0.58, 0.0)  # share of scores that are exactly 0
WAYS = ("tally", "scikit-learn")
Measured = dict[str, float]
Parts = Iterable[tuple[NDArray[np.float32], NDArray[np.bool_]]]


def made(voxels: int, zeros: float) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Scores and truth, filled patient by patient, so that making them is no peak of memory."""
    scores, truth = np.empty(voxels, np.float32), np.empty(voxels, np.bool_)
    generator = np.random.default_rng(0)
    for part, lesion in by_patients(scores, truth):
        lesion[:] = generator.random(len(part), np.float32) < 0.009
        generator.standard_normal(out=part, dtype=np.float32)
        part *= 0.05
        part[lesion] += np.float32(0.15)
        if zeros:
            np.maximum(part - np.float32(np.quantile(part, zeros)), 0, out=part)
    return scores, truth


def by_patients(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> Parts:
    """Views of each patient's voxels."""
    return zip(np.array_split(scores, PATIENTS), np.array_split(truth, PATIENTS), strict=True)


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(way: str, voxels: int, zeros: float) -> Measured:
    """CPU seconds, MiB and results, in this process."""
    scores, truth = made(voxels, zeros)
    before, start = megabytes(), time.process_time()
    if way == "scikit-learn":
        result = {"auprc": float(average_precision_score(truth, scores))}
        return {"seconds": time.process_time() - start, "mib": megabytes() - before, **result}
    tally = Tally()
    for number, (own_scores, own_truth) in enumerate(by_patients(scores, truth)):
        tally.add(f"sub-{number:02}", own_scores, own_truth)
    curve = pooled(tally)
    best = curve.best_dice
    result = {"auprc": curve.auprc or 0, "auroc": curve.auroc or 0, "dice": best.dice if best else 0}
    seconds, mib = time.process_time() - start, megabytes() - before
    start = time.process_time()
    best_mean_dice(tally), [each.auprc for each in by_patient(tally).values()]
    dice_by_patient(tally, np.linspace(0, 0.3, 100, dtype=np.float32))
    return {"seconds": seconds, "mib": mib, "more_seconds": time.process_time() - start, **result}


def in_a_process(way: str, voxels: int, zeros: float) -> Measured:
    command = [sys.executable, __file__, "--way", way, "--voxels", str(voxels), "--zeros", str(zeros)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found: Measured = json.loads(done.stdout)
    return found


def compare(voxels: int, zeros: float, rounds: int) -> None:
    """A row of the table."""
    measured: dict[str, list[Measured]] = {way: [] for way in WAYS}
    for number in range(rounds):
        for way in WAYS if number % 2 == 0 else WAYS[::-1]:
            measured[way].append(in_a_process(way, voxels, zeros))
    pairs = list(zip(measured["tally"], measured["scikit-learn"], strict=True))
    cells = [f"{voxels:,}", f"{zeros:.0%}"]
    for key, form in (("seconds", ".2f"), ("mib", ".0f")):
        ours, theirs = (statistics.median(pair[side][key] for pair in pairs) for side in (0, 1))
        ratios = sorted(pair[1][key] / max(pair[0][key], 1e-9) for pair in pairs)
        spread = f"{statistics.median(ratios):.1f} x ({ratios[0]:.1f} to {ratios[-1]:.1f})"
        cells += [format(ours, form), format(theirs, form), spread]
    cells.append(f"{max(abs(ours['auprc'] - theirs['auprc']) for ours, theirs in pairs):.1e}")
    cells.append(f"{statistics.median(ours['more_seconds'] for ours, _ in pairs):.2f}")
    print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--voxels", type=int, default=49 * 20 * 256 * 256)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--zeros", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(measure(options.way, options.voxels, options.zeros)))
        return
    print("| voxels | zeros | tally s | scikit-learn s | faster | tally MiB | scikit-learn MiB | smaller ", end="")
    print("| AUPRC differs | more, s |\n|" + " --- |" * 10)
    for zeros in ZEROS:
        compare(options.voxels, zeros, options.rounds)


if __name__ == "__main__":
    main()
