"""Applying a model to a scan: the network by runtime, and one scan from its file to the viewer page, step by step.

    python benchmarks/predict.py network [--backbone larsen2018] [--size 256] [--slices 20] [--threads 2] [--rounds 5]
    python benchmarks/predict.py scan [--model FOLDER] [--scan FILE] [--threads 2] [--rounds 5]

`network`: an untrained sVAE, in turns in one process. CPU time stands beside wall time: other work on the machine
lengthens the second. `torch.compile` is compiled before, which takes up to a minute.
`scan`: `predict` itself, its steps timed where it calls them, then its results written. Without `--model` an
untrained sVAE of the same backbone and size; without `--scan` a phantom of 1 mm without its skull. A trained model is
needed for what it says of scores and segmentations.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from uadray import __version__
from uadray.bundle.bundle import MODEL, SUMS, WEIGHTS, Bundle
from uadray.bundle.content import Content, Population
from uadray.bundle.onnx_file import write_onnx
from uadray.config import RunConfig
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.pipeline import Pipeline, PipelineConfig
from uadray.files import sha256, write_json, write_text
from uadray.models.folding import folded
from uadray.models.networks.vae_gan import VaeGan
from uadray.models.zoo import ZOO
from uadray.prediction import predicting
from uadray.prediction.derivatives import write
from uadray.prediction.predicting import Prediction, predict
from uadray.prediction.runtime import RUNTIMES, Name, OpenVino, Runtime
from uadray.prediction.scans import wanted
from uadray.prediction.way_back import WayBack
from uadray.scoring.detector import Detector
from uadray.viewing.sheet import write_sheet
from uadray.viewing.viewer import write_viewer

PREPARE = {"skull_strip": {"kind": "none"}, "slices": {"kind": "middle", "count": 20}}
STEPS: dict[str, list[tuple[Any, str]]] = {
    "read": [(predicting, "read"), (predicting, "read_grid")],
    "preprocess": [(Pipeline, "prepare"), (Pipeline, "cut"), (predicting, "encode"), (predicting, "decode")],
    "reconstruct, residual": [(Detector, "judged")],
    "filter, threshold": [(Detector, "filtered"), (Detector, "segment")],
    "way back": [(WayBack, "linear"), (WayBack, "nearest")],
    "findings, extent": [(predicting, "lesions"), (predicting, "extent"), (predicting, "measures")],
}
Seconds = tuple[float, float]  # wall, CPU


def made_model(folder: Path, backbone: str, size: int) -> Bundle:
    """A model file of an untrained sVAE."""
    torch.manual_seed(0)
    scoring = {"threshold": {"kind": "healthy_percentile", "percentile": 98.0}}
    run = RunConfig.parse({"model": {**ZOO["sVAE"].plain(), "backbone": backbone}, "scoring": scoring})
    model = run.model.build(size).eval()
    folder.mkdir(parents=True)
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / WEIGHTS)
    images = np.random.default_rng(0).random((4, 1, size, size), np.float32)
    content = Content(
        study="benchmark",
        trial=0,
        description=run.describe(),
        run=run,
        size=size,
        prepare=PipelineConfig.parse({**PREPARE, "canvas": {"kind": "pad", "size": size}}),
        threshold=0.5,
        origin="made",
        population=Population(subjects=0, slices=0),
        usual={},
        standard=False,
        graph=write_onnx(model, images, folder),
        metrics={},
        store="",
        training="",
        versions={"uadray": __version__},
    )
    write_json(folder / MODEL, content.plain())
    write_text(folder / SUMS, "".join(f"{sha256(path)}  {path.name}\n" for path in sorted(folder.iterdir())))
    return Bundle.open(folder)


def ways(bundle: Bundle) -> dict[str, Callable[[Tensor], Tensor]]:
    """Ways to reconstruct slices, (N, 1, H, W)."""
    model = bundle.detector().model
    assert isinstance(model, VaeGan)
    quick = chain(model, torch.bfloat16)
    compiled = torch.compile(chain(model, torch.bfloat16))

    def autocast(x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return model.reconstruct(placed(x))

    cpu = torch.device("cpu")
    return {
        "PyTorch fp32 (`--runtime torch`)": lambda x: model.reconstruct(placed(x)),
        "PyTorch fp32, folded": by(5, chain(model, torch.float32)),
        "PyTorch bf16 autocast": autocast,
        "PyTorch bf16, folded": by(5, quick),
        "torch.compile bf16, folded": by(5, compiled),
        "OpenVINO fp32 (`openvino`)": OpenVino().detector(bundle, cpu).model.reconstruct,
        "OpenVINO bf16 (`openvino-bf16`)": OpenVino(precision="bf16").detector(bundle, cpu).model.reconstruct,
    }


def chain(model: VaeGan, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    """The model's `reconstruct` with batch normalisation folded and weights cast once."""
    parts = model.autoencoder
    encoder = folded(nn.Sequential(parts.encoder, parts.latent.to_code), dtype)
    decoder = folded(nn.Sequential(parts.latent.to_features, parts.decoder), dtype)
    return lambda x: decoder(parts.posterior.mean(encoder(placed(x).to(dtype)))).float()


def by(count: int, work: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """So many slices at a time: what they need stays in the cache."""
    return lambda x: torch.cat([work(part) for part in x.split(count)])


def placed(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def timed(work: Callable[..., Any], *arguments: Any) -> Seconds:
    wall, cpu = time.perf_counter(), time.process_time()
    work(*arguments)
    return time.perf_counter() - wall, time.process_time() - cpu


@torch.no_grad()
def network(options: argparse.Namespace, folder: Path) -> None:
    """Seconds per slice of each way."""
    bundle = made_model(folder / "model", options.backbone, options.size)
    slices = torch.rand(options.slices, 1, options.size, options.size)
    every = ways(bundle)
    rounds = [{name: timed(way, slices) for name, way in every.items()} for _ in range(options.rounds + 1)][1:]
    stock = next(iter(every))
    print("| | wall s a slice | CPU s a slice | CPU time, times less |\n|" + " --- |" * 4)
    for name in every:
        wall, cpu = (sorted(each[name][kind] / options.slices for each in rounds) for kind in (0, 1))
        less = statistics.median(each[stock][1] / each[name][1] for each in rounds)
        spread = f"{statistics.median(wall):.4f} ({wall[0]:.4f} to {wall[-1]:.4f})"
        print(f"| {name} | {spread} | {statistics.median(cpu):.4f} | {less:.1f} x |", flush=True)


@contextmanager
def watched(spent: dict[str, list[float]]) -> Iterator[None]:
    """Inside, what `predict` calls of each step adds to the step's wall and CPU seconds."""

    running: list[str] = []  # a step that a step calls is a part of it

    def watch(work: Callable[..., Any], step: str) -> Callable[..., Any]:
        @wraps(work)
        def called(*arguments: Any, **named: Any) -> Any:
            if running:
                return work(*arguments, **named)
            running.append(step)
            wall, cpu = time.perf_counter(), time.process_time()
            try:
                return work(*arguments, **named)
            finally:
                running.clear()
                spent[step][0] += time.perf_counter() - wall
                spent[step][1] += time.process_time() - cpu

        return called

    with ExitStack() as stack:
        for step, places in STEPS.items():
            for owner, name in places:
                stack.enter_context(patch.object(owner, name, watch(getattr(owner, name), step)))
        yield


def scan(options: argparse.Namespace, folder: Path) -> None:
    """Wall and CPU seconds of every step of one scan, and what other runtimes change."""
    made = partial(made_model, folder / "model", options.backbone, options.size)
    bundle = Bundle.open(options.model) if options.model else made()
    (asked,) = wanted(options.scan or made_scan(folder), None)
    figures, links = folder / "figures", dict.fromkeys(asked.datasets, "raw")
    figures.mkdir()
    rounds: dict[Name, list[dict[str, Seconds]]] = {name: [] for name in RUNTIMES}
    found: dict[Name, Prediction] = {}
    for _ in range(options.rounds + 1):
        for name, runtime in RUNTIMES.items():
            steps, found[name] = applied(bundle, asked.image, runtime)
            steps["write"] = timed(write, found[name], asked, folder / "out", bundle, links)
            steps["QC picture"] = timed(write_sheet, found[name], figures / "sub")
            steps["viewer"] = timed(write_viewer, found[name], figures / "sub")
            rounds[name].append(steps)
    heads = " | ".join(f"{name}, wall s | CPU s" for name in RUNTIMES)
    print(f"| | {heads} |\n|" + " --- |" * (1 + 2 * len(RUNTIMES)))
    for step in (*rounds["torch"][0], "all"):
        print(f"| {step} | {' | '.join(cell(each[1:], step) for each in rounds.values())} |", flush=True)
    for name, other in found.items():
        print(f"{name}: {unlike(found['torch'], other)}")


def applied(bundle: Bundle, image: Path, runtime: Runtime) -> tuple[dict[str, Seconds], Prediction]:
    """The seconds of every step of `predict`, what lies between them included, and what it found."""
    spent: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    found: list[Prediction] = []
    with watched(spent):
        whole = timed(lambda: found.append(predict(bundle, image, runtime=runtime)))
    steps = {step: (wall, cpu) for step, (wall, cpu) in spent.items()}
    wall, cpu = (whole[kind] - sum(each[kind] for each in steps.values()) for kind in (0, 1))
    return {**steps, "opening the model, the rest": (wall, cpu)}, found[0]


def cell(rounds: list[dict[str, Seconds]], step: str) -> str:
    """Medians of a step, or of the sum of all."""
    of_step = [[seconds for name, seconds in steps.items() if step in (name, "all")] for steps in rounds]
    return " | ".join(f"{np.median([sum(each[kind] for each in spent) for spent in of_step]):.2f}" for kind in (0, 1))


def unlike(ours: Prediction, other: Prediction) -> str:
    """How far the results of a runtime are from those of PyTorch in fp32."""
    recon, scores = (
        float(np.abs(a - b).max())
        for a, b in ((ours.reconstruction, other.reconstruction), (ours.anomaly, other.anomaly))
    )
    both = int((ours.segmentation & other.segmentation).sum())
    voxels = int(ours.segmentation.sum()) + int(other.segmentation.sum())
    changed = f"{voxels - 2 * both} of {voxels // 2} voxels called otherwise, Dice {2 * both / max(1, voxels):.4f}"
    return f"reconstruction to {recon:.1e}, scores to {scores:.1e} of {ours.anomaly.max():.2g}, {changed}"


def made_scan(folder: Path) -> Path:
    """A phantom of 1 mm without its skull."""
    return next(iter(PhantomCohort(healthy=1, lesion=1, spacing_mm=1).subjects(folder / "cohorts"))).image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("part", choices=["network", "scan"])
    parser.add_argument("--backbone", default="larsen2018")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--slices", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--scan", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory(prefix="uadray-") as temporary:
        {"network": network, "scan": scan}[options.part](options, Path(temporary))


if __name__ == "__main__":
    main()
