"""Dice over the percentile of healthy scores that sets the threshold: what another percentile would have given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uadray.data.store import Slices
from uadray.scoring.curves import dice_by_patient
from uadray.scoring.tallies import Tally

PERCENTILES = (80.0, 85.0, 90.0, 92.0, 94.0, 95.0, 96.0, 97.0, 98.0, 98.5, 99.0, 99.3, 99.6, 99.8, 99.9)


def percentile_curve(healthy_maps: NDArray[np.float32], healthy: Slices, tally: Tally) -> dict[str, float]:
    """Mean Dice of the tally's patients by percentile of healthy brain scores, (N, H, W); small components stay.

    A patient without lesion voxels is left out of the mean; the empty dict where no patient has any.
    """
    thresholds = np.percentile(healthy_maps[healthy.brain[:, 0]].astype(np.float64), PERCENTILES)
    dices = [dice for dice in dice_by_patient(tally, thresholds.astype(np.float32)).values() if dice is not None]
    if not dices:
        return {}
    return {
        f"{percentile:g}": float(dice) for percentile, dice in zip(PERCENTILES, np.mean(dices, axis=0), strict=True)
    }
