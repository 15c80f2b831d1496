"""What a trial learned, out of its folder: the model, and the detector as it was validated."""

from __future__ import annotations

import torch

from uadray.data.store import Slices
from uadray.models.base import Model
from uadray.scoring.detector import Detector
from uadray.study.ledger import Ledger, Record
from uadray.training.checkpoint import load_weights
from uadray.training.precision import exact_fp32


def model_of(record: Record, ledger: Ledger, size: int) -> Model:
    """A trial's trained model, for slices of `size` pixels; from now on fp32 is fp32 on a GPU, too.

    Raises StudyError: UAD-320, UAD-321 for weights that are gone or not as they were written.
    """
    exact_fp32()
    model = record.run.model.build(size)
    load_weights(model, ledger.checkpoints(record.index))
    return model


def detector_of(record: Record, ledger: Ledger, healthy: Slices, device: torch.device) -> Detector:
    """A trial's detector on `device`, fitted to the healthy validation slices; raises what `model_of` raises."""
    model = model_of(record, ledger, healthy.images.shape[-1])
    return Detector(model.to(device), record.run.scoring, device).fit(healthy)
