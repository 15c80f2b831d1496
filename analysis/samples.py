"""What generative models draw from z ~ N(0, I) alone (Fig. 5 of Baur et al. 2018)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from style import CM, COLUMN, new_figure, styled
from uadray.errors import Problem, StudyError
from uadray.models.base import Model

Images = NDArray[np.float32]


@torch.no_grad()
def draw(models: Mapping[str, Model], count: int, seed: int = 0) -> dict[str, Images]:
    """`count` images, (count, H, W), of every model that is generative, the same at every call.

    Raises StudyError (UAD-365) where none is.
    """
    drawn: dict[str, Images] = {}
    for name, model in models.items():
        model.eval()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            images = model.samples(count).clamp(0, 1).cpu().numpy()
        if len(images):
            drawn[name] = images[:, 0]
    if not drawn:
        must, do = "a model must be generative", "Take a study with VAEs, AnoGAN or diffusion."
        raise StudyError(Problem("UAD-365", ", ".join(models), must, "no samples", do))
    return drawn


def figure(models: Mapping[str, Model], count: int = 6) -> Figure:
    """A row of samples for every generative model."""
    drawn = draw(models, count)
    with styled():
        side = (COLUMN - 2.2 * CM) / count
        picture = new_figure(COLUMN, (side + 0.05 * CM) * len(drawn) + 0.2 * CM)
        axes = picture.subplots(len(drawn), count, squeeze=False)
        picture.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0, hspace=0)  # type: ignore[union-attr, call-arg]
        for row, (name, images) in zip(axes, drawn.items(), strict=True):
            for axis, image in zip(row, images, strict=True):
                axis.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
                axis.set_xticks([])
                axis.set_yticks([])
                axis.spines[:].set_visible(False)
            row[0].set_ylabel(name.replace(" ", "\n", 1), rotation=0, ha="right", va="center", labelpad=4)
    return picture
