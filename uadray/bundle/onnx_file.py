"""The reconstruction network as ONNX, for programs without PyTorch and for faster runtimes.

`images`, float32 (N, 1, H, W) in [0, 1] as the preparation makes them and N any number, to `reconstruction`, the same
shape. Preparation, residual, filter and threshold are not in it. It is written only if onnxruntime makes of it what
PyTorch makes of the network.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from uadray.bundle.bundle import GRAPH
from uadray.bundle.content import Graph
from uadray.data.preprocess.tools import package
from uadray.errors import ConfigError, Problem, StudyError
from uadray.models.base import Model
from uadray.models.zoo import AnyModel

OPSET = 20  # of ONNX 1.15, November 2023
BOUND = 1 / 65535  # a step of the store's intensities; rounding of fp32 makes up to 1e-6
CHECKED = 32  # slices
INSTALL = "pip install 'uadray[onnx]'"


def require_onnx(config: AnyModel) -> None:
    """Refuse what cannot become a graph, before anything is computed.

    Raises ConfigError: UAD-380 for a model whose reconstruction is more than one pass through a network, UAD-150
    without onnx, onnxscript or onnxruntime.
    """
    if config.obstacle:
        must, do = "for ONNX a reconstruction must be one pass through a network", "Export it without --onnx."
        raise ConfigError(Problem("UAD-380", f"model {config.kind}", must, config.obstacle, do))
    for name in ("onnx", "onnxscript", "onnxruntime"):
        package(name, INSTALL)


def write_onnx(model: Model, images: NDArray[np.float32], folder: Path) -> Graph:
    """Write reconstruction.onnx of a model in evaluation mode into a folder, and say what was found of it.

    At most 32 of the images, (N, 1, H, W), are given to both. Raises ConfigError (UAD-150); StudyError (UAD-381) if
    reconstructions differ by more than the bound.
    """
    graph = _graph(model, images.shape[-1])
    shown = images[np.unique(np.linspace(0, len(images) - 1, CHECKED).round().astype(int))]
    with torch.no_grad():
        expected = model.reconstruct(torch.from_numpy(shown)).numpy()
    runtime = package("onnxruntime", INSTALL)
    session = runtime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (got,) = session.run(None, {"images": shown})
    (one,) = session.run(None, {"images": shown[:1]})
    difference = max(_difference(got, expected), _difference(one, expected[:1]))
    if not difference <= BOUND:
        must, do = f"onnxruntime must reconstruct as PyTorch does, to {BOUND:.1e}", "Export it without --onnx."
        raise StudyError(Problem("UAD-381", GRAPH, must, f"a difference of {difference:.2g}", do))
    (folder / GRAPH).write_bytes(graph)
    return Graph(opset=OPSET, slices=len(shown), largest_difference=float(f"{difference:.1e}"), bound=BOUND)


def _difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.abs(a - b).max())


class _Reconstruction(nn.Module):
    """A model's `reconstruct` as the forward that is traced."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        return self.model.reconstruct(images)


def _graph(model: Model, size: int) -> bytes:
    """ONNX of a model; the same model gives the same bytes."""
    example = torch.zeros(3, 1, size, size)
    with torch.no_grad(), _silent():
        module = _Reconstruction(model).eval()
        shapes = {"images": {0: torch.export.Dim("N")}}
        traced = torch.export.export(module, (example,), dynamic_shapes=shapes, strict=True)  # else N = 3 of a dAE
        traced = traced.run_decompositions({torch.ops.aten.nanmedian.dim: _nanmedian})
        program = torch.onnx.export(
            traced,
            dynamo=True,
            opset_version=OPSET,
            external_data=False,
            input_names=["images"],
            output_names=["reconstruction"],
        )
    assert program is not None
    proto = program.model_proto
    _strip(proto.graph)
    proto.producer_name, proto.producer_version = "uadray", ""
    package("onnx", INSTALL).checker.check_model(proto, full_check=True)
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


def _nanmedian(values: Tensor, dim: int, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    """torch's, of operations that ONNX has: of an even number the lower of the two in the middle."""
    known = ~values.isnan()
    ordered, places = values.masked_fill(~known, torch.inf).sort(dim)
    middle = ((known.sum(dim, keepdim=True) - 1) // 2).clamp(min=0)
    found = ordered.gather(dim, middle).masked_fill(~known.any(dim, keepdim=True), torch.nan)
    place = places.gather(dim, middle)
    return (found, place) if keepdim else (found.squeeze(dim), place.squeeze(dim))


def _strip(graph: Any) -> None:
    """Take out what the exporter tells of this machine: stack traces with the paths of files."""
    for part in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


@contextmanager
def _silent() -> Iterator[None]:
    """Without the exporter's progress and its warnings about packages that no model here needs."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
