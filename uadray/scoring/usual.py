"""What healthy validation scans look like to a model, so that a scan that looks otherwise is told from them.

A model says nothing about scans unlike those it was trained on. A few numbers of each healthy validation scan give the
range in which such a scan lies with 99 % probability, were they normally distributed: mean ± t s sqrt(1 + 1/n), with t
of Student's distribution with n - 1 degrees of freedom. Few healthy scans give wide ranges; fewer than three give none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from uadray.section import Section

if TYPE_CHECKING:
    from uadray.data.store import Slices

LEVEL = 0.99
LEAST_SCANS = 3
SLACK = 0.1  # of the mean, on either side, at least; ours
INTENSITIES = (5, 25, 50, 75, 95)  # percentiles

RESIDUAL = "residual_mean"  # where it is standardised, below 0 for half of the healthy
WORDS = {
    **{f"intensity_p{p:02d}": f"percentile {p} of the brain's intensities after scaling" for p in INTENSITIES},
    RESIDUAL: "mean residual in the brain",
    "brain_section_cm2": "brain in a slice, cm2",
    "pixel_mm": "pixel side, mm",
    "slice_mm": "distance of slices, mm",
}


class Range(Section):
    """One number over healthy scans."""

    scans: int
    mean: float
    std: float
    """With n - 1; 0 for one scan."""

    @property
    def ends(self) -> tuple[float, float] | None:
        """Where another healthy scan is expected; None where too few are known."""
        from scipy import stats  # takes 0.3 s: only who judges a scan should wait

        if self.scans < LEAST_SCANS:
            return None
        t = float(stats.t.ppf((1 + LEVEL) / 2, self.scans - 1))
        half = max(t * self.std * (1 + 1 / self.scans) ** 0.5, SLACK * abs(self.mean))
        return self.mean - half, self.mean + half


Usual = Mapping[str, Range]


def measures(
    slices: Slices, spacing_mm: tuple[float, float, float], unfiltered: NDArray[np.float32], scored: NDArray[np.bool_]
) -> dict[str, float]:
    """The numbers of one scan, by the keys of WORDS; unfiltered maps and where they count are (N, H, W)."""
    brain = slices.brain[:, 0]
    row, column, between = spacing_mm
    values = slices.images[:, 0][brain]
    return {
        **{f"intensity_p{p:02d}": float(np.percentile(values, p)) for p in INTENSITIES},
        RESIDUAL: float(unfiltered[scored].mean(dtype=np.float64)) if scored.any() else 0.0,
        "brain_section_cm2": float(brain.sum() / len(brain) * row * column / 100),
        "pixel_mm": float(np.sqrt(row * column)),
        "slice_mm": between,
    }


def usual(of_scans: Iterable[Mapping[str, float]]) -> dict[str, Range]:
    """The ranges of the measures of healthy scans, one at least."""
    every = list(of_scans)
    ranges = {}
    for name in WORDS:
        values = np.array([each[name] for each in every])
        std = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        ranges[name] = Range(scans=len(values), mean=float(values.mean()), std=std)
    return ranges


def expected(name: str, known: Range, lowest: float) -> str:
    """The ends of a range in words, without numbers that there cannot be; `lowest` is the least of all residuals.

    >>> expected("slice_mm", Range(scans=9, mean=1, std=1), lowest=0), Range(scans=2, mean=1, std=1).ends
    ('0 to 4.54', None)
    """
    if known.ends is None:
        return "too few scans to say"
    low, high = known.ends
    return f"{max(low, lowest if name == RESIDUAL else 0):.3g} to {high:.3g}"


def warnings(found: Mapping[str, float], ranges: Usual, lowest: float) -> list[str]:
    """A sentence for each number of a scan that healthy validation scans do not have; none for one without a range.

    `lowest` is the least of all residuals, as `expected` has it.
    """
    sentences = []
    for name, value in found.items():
        ends = ranges[name].ends if name in ranges else None
        if ends is not None and not ends[0] <= value <= ends[1]:
            usually = expected(name, ranges[name], lowest)
            sentences.append(f"{WORDS[name]}: {value:.3g}, healthy scans {usually} (n = {ranges[name].scans})")
    return sentences
