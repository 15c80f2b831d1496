"""Lesions painted on healthy slices: a score for models that needs no label.

The healthy loss does not rank detectors: a model that reconstructs everything loses nothing and finds nothing. A lesion
that was painted is known to the pixel, but it is a made-up one: a choice by it is a choice for lesions like it.
Measured on 75 patients with infarcts and 35 healthy slices, 96 x 96, median filter 5, 98th healthy percentile, as
Spearman correlation with the patients' AUPRC and mean Dice, for two seeds of the painting:

    models                healthy l1     painted Dice              painted AUPRC
    18 of several kinds   0.60   0.59    0.90, 0.93   0.97, 0.98   0.92, 0.91   0.98, 0.96
    8 denoising, of them  -0.36  -0.26   0.60, 0.55   0.86, 0.90   0.69, 0.60   0.93, 0.86
    with `of_patients`: 18               0.83, 0.85   0.94, 0.94   0.89, 0.90   0.96, 0.97
                        8               -0.02, -0.19  0.50, 0.38   0.45, 0.45   0.83, 0.83

So it tells good kinds of models from bad ones, and is unsure among good ones: of two denoising models that painted Dice
held for equal, the patients put one 0.13 of AUPRC above the other. Outlines of real lesions, of these very patients,
tell no more than blobs, and less among good models. The defaults were fitted to these patients' lesions, by eye and by
the few statistics below, so this is no independent test. On 12 of the models painted Dice had 0.84 and 0.87 with AUPRC;
with fainter, brighter or larger lesions 0.83 to 0.91, with ones of 0.1 to 2 % of the brain 0.73, 0.68.

All of it is of scans of one slice. In scans of several a lesion goes through up to three of them, so that filters over
the stack meet what they are made for; how well that ranks models was not measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from uadray.data.store import Slices
from uadray.scoring.shapes import Blobs, Bools, Outlines, Range, Shapes
from uadray.scoring.stacks import Rows, consecutive
from uadray.section import Section

THICKEST = 3  # slices of a lesion


class SyntheticConfig(Section):
    """What is painted, and on how many slices."""

    shapes: Shapes = Blobs()
    """Where lesions are and how they are bounded: blobs need no label, `of_patients` those of validation patients."""

    lesions: int = Field(3, ge=1)
    """At most so many in a slice; at least one. Ours."""

    brightness: Range = (1.1, 2.0)
    """Towards which a lesion is raised, least and most, as a multiple of the median of the slice's brain. Ours:
    the usual lesion's mean is 1.30 times the median of the brain around it (1.31 in the patients above)."""

    strength: float = Field(0.7, gt=0, le=1)
    """How far it is raised; what is left of 1 is left of the texture under it. Ours."""

    softness: float = Field(0.5, gt=0, lt=1)
    """Width of the rim from no lesion to all of it, as a share of the lesion's radius. Ours."""

    tissue: float = Field(0.6, ge=0, lt=1)
    """Darker than this share of the median of the slice's brain is CSF, which has no lesions. Ours."""

    slices: int = Field(200, ge=1)
    """At most so many are painted, in whole stacks spread over all that there are: it bounds what slow models cost."""


def paint(healthy: Slices, config: SyntheticConfig, seed: int, patients: Slices) -> Slices:
    """Healthy slices with lesions, in their order and with their ids; images in [0, 1] and 0 outside the brain.

    The same for the same seed, whatever else draws. Consecutive slices are painted in blocks of one to three, and a
    lesion goes through its block, widest in the middle. A slice without a brain stays without a lesion. Where a lesion
    exceeds 1 the whole stack is darkened until it does not, as a window that is fitted to a scan with a lesion does.
    `patients` are of the validation split, maybe none; only shapes that say so look at their labels.
    """
    outlines, stacks = config.shapes.outlines(patients), _spread(list(consecutive(healthy)), config.slices)
    images, lesion = healthy.images.copy(), np.zeros_like(healthy.lesion)
    for stack in stacks:
        painted = images[stack, 0].astype(np.float64)
        for block in _blocks(len(stack), np.random.default_rng((seed, int(stack[0]), THICKEST))):
            rows, generator = stack[block], np.random.default_rng((seed, int(stack[block.start])))
            brain = healthy.brain[rows, 0]
            if brain.any():
                painted[block], lesion[rows, 0] = _painted(painted[block], brain, config, outlines, generator)
        images[stack, 0] = painted / max(painted.max(), 1)
    kept = sorted(row for stack in stacks for row in stack.tolist())
    return replace(healthy, images=images, lesion=lesion).only(kept)


def _spread(stacks: list[Rows], most: int) -> list[Rows]:
    """As many whole stacks, spread over all, as have no more than so many slices; the middle of one if it has more."""
    for count in range(min(len(stacks), most), 0, -1):
        chosen = [stacks[n] for n in np.unique(np.linspace(0, len(stacks) - 1, count).round().astype(int))]
        if sum(map(len, chosen)) <= most:
            return chosen
    first = (len(stacks[0]) - most) // 2
    return [stacks[0][first : first + most]]


def _blocks(slices: int, generator: np.random.Generator) -> Iterator[slice]:
    """A stack cut into blocks of one to three slices."""
    start = 0
    while start < slices:
        end = min(start + int(generator.integers(1, THICKEST, endpoint=True)), slices)
        yield slice(start, end)
        start = end


def _painted(
    images: NDArray[np.float64],
    brain: Bools,
    config: SyntheticConfig,
    outlines: Outlines,
    generator: np.random.Generator,
) -> tuple[NDArray[np.float64], Bools]:
    """Slices that lie on each other, (B, H, W), with their lesions, and where these are."""
    usual = np.array(
        [np.median(image[inside]) if inside.any() else 0 for image, inside in zip(images, brain, strict=True)]
    )
    tissue = brain & (images >= config.tissue * usual[:, None, None])
    widest = int(np.argmax(tissue.sum(axis=(1, 2))))
    off_middle = (np.arange(len(images)) - (len(images) - 1) / 2) / (len(images) / 2)  # in (-1, 1)
    lesion, painted = np.zeros_like(brain), images.copy()
    for _ in range(generator.integers(1, config.lesions, endpoint=True)):
        within = outlines.draw(tissue[widest], int(brain[widest].sum()), generator)
        distance = np.where(tissue, np.hypot(within, off_middle[:, None, None]), np.inf)
        coverage = np.clip(0.5 + (1 - distance) / config.softness, 0, 1)
        bright = (usual * generator.uniform(*config.brightness))[:, None, None]
        painted += config.strength * coverage * np.maximum(bright - painted, 0)
        lesion |= distance <= 1
    return painted, lesion
