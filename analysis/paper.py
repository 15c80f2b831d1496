"""Table 1 of Baur et al. 2018 as printed: 49 patients with MS, scans of their own; no target on other scans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PaperRow:
    """What the paper reports of a row."""

    model: str
    z: str
    dice_mean: float
    dice_std: float
    auprc: float
    seconds_per_slice: float


TABLE_1: Mapping[str, PaperRow] = {
    "dAE": PaperRow("dAE", "512", 0.1276, 0.1461, 0.3575, 0.0128),
    "sAE1": PaperRow("sAE", "8x8x64", 0.1973, 0.1906, 0.3227, 0.0121),
    "sAE3": PaperRow("sAE", "16x16x64", 0.5855, 0.1984, 0.6813, 0.0118),
    "sAE-GAN": PaperRow("sAE-GAN", "16x16x64", 0.5263, 0.1978, 0.6988, 0.0144),
    "dVAE": PaperRow("dVAE", "512", 0.1661, 0.1779, 0.3229, 0.0108),
    "sVAE": PaperRow("sVAE", "16x16x64", 0.5922, 0.1958, 0.6890, 0.0129),
    "sVAE-GAN": PaperRow("sVAE-GAN", "16x16x64", 0.6050, 0.1927, 0.6906, 0.0154),
    "AnoGAN": PaperRow("AnoGAN", "64", 0.3748, 0.2192, 0.4178, 19.8547),
}


def paper_row(model: str, latent: str) -> str | None:
    """The name of the row with this model and shape of z; None where the paper has none.

    >>> paper_row("sAE", "8x8x64")
    'sAE1'
    """
    return next((name for name, row in TABLE_1.items() if (row.model, row.z) == (model, latent)), None)
