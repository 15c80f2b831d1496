"""Residuals of normal and of lesion voxels, model by model (Fig. 6 of Baur et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from seeing import Seen
from style import BLUE, CM, COLUMN, VERMILION, new_figure, styled

BINS = 48


def histograms(seen: Sequence[Seen]) -> pd.DataFrame:
    """One row a model and bin: method, low, high, and the share of normal and of lesion voxels in the bin.

    Voxels are those that are scored, scores are after the median filter; each class sums to 1. `threshold` is the
    model's, where each scan has its own their mean; `normal_above` and `lesion_above` are the shares beyond it.
    """
    return pd.concat([_of(one) for one in seen], ignore_index=True)


def figure(seen: Sequence[Seen], columns: int = 2) -> Figure:
    """Two outlines a model on a log scale; the black line is the threshold, with what of each class is beyond it."""
    table = histograms(seen)
    rows = -(-len(seen) // columns)
    least = min(table[name][table[name] > 0].min() for name in ("normal", "lesion"))
    with styled():
        drawn = new_figure(COLUMN, (2.9 * rows + 1.7) * CM)
        axes = drawn.subplots(rows, columns, squeeze=False, sharey=True).ravel()
        for axis, (method, found) in zip(axes, table.groupby("method", sort=False), strict=False):
            edges = [*found["low"], found["high"].iloc[-1]]
            floor = 10 ** np.floor(np.log10(least))
            axis.stairs(found["normal"], edges, color=BLUE, fill=True, alpha=0.3, baseline=floor)
            axis.stairs(found["normal"], edges, color=BLUE, linewidth=1, baseline=floor)
            axis.stairs(found["lesion"], edges, color=VERMILION, linewidth=1, linestyle="--", baseline=floor)
            axis.axvline(found["threshold"].iloc[0], color="black", linewidth=0.9)
            axis.set_yscale("log")
            axis.set_ylim(floor, 3)
            axis.set_xlim(edges[0], edges[-1])
            axis.locator_params(axis="x", nbins=4)
            axis.set_title(method, loc="left", pad=10)
            above = ", ".join(f"{name} {100 * found[f'{name}_above'].iloc[0]:.1f} %" for name in ("lesion", "normal"))
            axis.text(0, 1.03, above, transform=axis.transAxes, fontsize=6, in_layout=False)
        for axis in axes[len(seen) :]:
            axis.axis("off")
        drawn.supxlabel("residual after the median filter", fontsize=7)
        drawn.supylabel("share of the class's voxels", fontsize=7)
        keys = [
            Patch(facecolor=BLUE, alpha=0.4, edgecolor=BLUE, label="normal"),
            Line2D([], [], color=VERMILION, linestyle="--", label="lesion"),
            Line2D([], [], color="black", linewidth=0.9, label="threshold (shares above it)"),
        ]
        drawn.legend(handles=keys, loc="outside upper center", ncols=3)
    return drawn


def _of(one: Seen) -> pd.DataFrame:
    scored, lesion = one.scored, one.slices.lesion[:, 0]
    threshold = float(one.thresholds[np.isfinite(one.thresholds)].mean())
    highest = max(float(np.percentile(one.maps[scored], 99.99)), 1.2 * threshold)
    edges = np.linspace(min(0.0, float(one.maps[scored].min())), highest, BINS + 1)
    above = np.broadcast_to(one.maps > one.thresholds, scored.shape)
    shares = {}
    for name, mask in (("normal", scored & ~lesion), ("lesion", scored & lesion)):
        counts, _ = np.histogram(np.minimum(one.maps[mask], highest), edges)  # the last bin holds what is beyond, too
        shares[name] = counts / max(1, mask.sum())
        shares[f"{name}_above"] = np.full(BINS, above[mask].mean() if mask.any() else np.nan)
    return pd.DataFrame({"method": one.method, "low": edges[:-1], "high": edges[1:], **shares, "threshold": threshold})
