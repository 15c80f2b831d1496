"""A model file's network compiled by OpenVINO, in the place of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from uadray.bundle.bundle import GRAPH, Bundle
from uadray.bundle.onnx_file import BOUND
from uadray.data.preprocess.tools import package
from uadray.errors import ConfigError, DataError, Problem, StudyError
from uadray.models.base import Model, Update
from uadray.prediction.blocked import block_heads
from uadray.scoring.detector import Detector

Precision = Literal["fp32", "bf16"]
HINTS: Mapping[Precision, str] = {"fp32": "f32", "bf16": "bf16"}
BOUNDS: Mapping[Precision, float] = {"fp32": BOUND, "bf16": 0.05}  # of intensities in [0, 1]; see docs/prediction.md
TOGETHER = 4  # slices; more are no faster, as their features leave the cache
ELSE = "Choose --runtime torch."


class Compiled(Model):
    """A network that reconstructs and does nothing else; it has no parameters."""

    def __init__(self, request: Any) -> None:
        super().__init__()
        self.request = request

    def updates(self) -> Mapping[str, Update]:
        return {}

    def reconstruct(self, images: Tensor) -> Tensor:
        parts = images.contiguous().split(TOGETHER)
        return torch.cat([torch.from_numpy(self.request.infer({0: part.numpy()})[0].copy()) for part in parts])


def compiled(bundle: Bundle, device: torch.device, precision: Precision) -> Detector:
    """The model file's detector with its network compiled for as many threads as PyTorch has here.

    Raises what `OpenVino.detector` raises.
    """
    if bundle.content.graph is None:
        must, do = f"OpenVINO needs the {GRAPH} of a model", "Export the model with --onnx, or choose --runtime torch."
        raise DataError(Problem("UAD-382", str(bundle.path), must, "a model file without it", do))
    draws = bundle.content.run.scoring.residual.draws
    if device.type != "cpu" or draws > 1:
        must = "OpenVINO runs here on the CPU, for a residual that compares with one reconstruction"
        got = f"{draws} reconstructions, device {device}"
        raise ConfigError(Problem("UAD-383", f"OpenVINO, {precision}", must, got, ELSE))
    return replace(bundle.detector(device), model=_network(bundle, precision, torch.get_num_threads()))


@lru_cache(maxsize=2)
def _network(bundle: Bundle, precision: Precision, threads: int) -> Compiled:
    """Compiled and held against PyTorch once; raises ConfigError (UAD-150, UAD-383) and StudyError (UAD-384)."""
    core = package("openvino", "pip install 'uadray[openvino]'").Core()
    settings = {
        "INFERENCE_PRECISION_HINT": HINTS[precision],
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    found = core.compile_model(block_heads(core.read_model(bundle.path / GRAPH)), "CPU", settings)
    used = found.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    if used != HINTS[precision]:
        must, do = f"the CPU must multiply {precision} natively", "Choose --runtime openvino or torch."
        raise ConfigError(Problem("UAD-383", f"OpenVINO, {precision}", must, used, do))
    network = Compiled(found.create_infer_request()).eval()
    _require_equal(network, bundle.detector().model, bundle.content.size, precision)
    return network


def _require_equal(network: Model, model: Model, size: int, precision: Precision) -> None:
    """Raise StudyError (UAD-384) if two made slices are not reconstructed as by PyTorch, to the precision's bound."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    disc = (0.4 + 0.2 * np.cos(5 * x) * np.cos(4 * y)) * (x**2 + y**2 < 0.7)
    bright = np.where((x - 0.3) ** 2 + y**2 < 0.01, 1, disc)
    images = torch.from_numpy(np.stack([disc, bright])[:, None].astype(np.float32))
    with torch.no_grad():
        difference = float((network.reconstruct(images) - model.reconstruct(images)).abs().max())
    if not difference <= BOUNDS[precision]:
        must = f"OpenVINO must reconstruct as PyTorch does, to {BOUNDS[precision]:.1e}"
        raise StudyError(Problem("UAD-384", f"OpenVINO, {precision}", must, f"a difference of {difference:.2g}", ELSE))
