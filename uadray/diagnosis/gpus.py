"""GPUs: what the driver has, and whether torch can compute on them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from uadray.diagnosis.finding import Finding, ok, problem

QUERY = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
INSTALL = "Install the torch of constraints.txt from PyPI, which brings CUDA, or a newer driver of NVIDIA."


@dataclass(frozen=True)
class Built:
    """What torch was built for, and what it can reach."""

    version: str
    cuda: str | None
    gpus: int
    fault: str = ""
    """Why a sum on one of them failed; "" if none did."""


def gpus() -> Iterator[Finding]:
    """A line a GPU, and one for torch."""
    return judged(_cards(), _built())


def judged(cards: list[str], built: Built) -> Iterator[Finding]:
    """What the driver's lines and torch's own say together."""
    for number, card in enumerate(cards):
        yield ok(f"GPU {number}", card)
    cuda = f"CUDA {built.cuda}" if built.cuda else "without CUDA"
    if not cards and not built.gpus:
        yield ok("GPUs", f"none that the driver shows; trainings use the CPU (torch {cuda})")
    elif not built.gpus:
        yield problem("GPUs", f"torch {built.version} {cuda} reaches none of {len(cards)}", INSTALL)
    elif built.fault:
        yield problem("GPUs", f"torch {cuda} cannot compute on them: {built.fault}", INSTALL)
    else:
        yield ok("GPUs", f"torch {cuda} computes on {built.gpus}")


def _cards() -> list[str]:
    """Name, memory and driver of each GPU; none where there is no driver."""
    try:
        done = subprocess.run(QUERY, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [f"{line.strip()} (driver)" for line in done.stdout.splitlines() if line.strip()]


def _built() -> Built:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return Built(str(torch.__version__), torch.version.cuda, count, _fault(count))


def _fault(count: int) -> str:
    try:
        for number in range(count):
            torch.ones(8, device=f"cuda:{number}").sum().item()
    except RuntimeError as error:  # of a torch without code for this GPU, or of a GPU that is taken
        return str(error).splitlines()[0]
    return ""
