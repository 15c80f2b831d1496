"""Which arithmetic a training uses, and on what hardware the short one pays."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal

import torch

from uadray.models.folding import shortest

Precision = Literal["fp32", "bf16"]


def fastest(device: torch.device) -> Precision:
    """bf16 where the device multiplies it natively, else fp32.

    On a CPU with AVX512-BF16 a training step in bf16 takes half to two thirds of one in fp32 (docs/benchmarks.md);
    without AVX512-BF16 or AMX, bf16 is emulated and slower.
    """
    return "bf16" if shortest(device) is torch.bfloat16 else "fp32"


def chosen(asked: Precision | Literal["auto"], device: torch.device) -> Precision:
    """What a training uses that asks for it: the fastest for `auto`."""
    return fastest(device) if asked == "auto" else asked


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[None]:
    """Inside, matrix products and convolutions run in `precision`; weights stay fp32."""
    context: AbstractContextManager[None] = torch.autocast(
        device.type, dtype=torch.bfloat16, enabled=precision == "bf16"
    )
    return context


def exact_fp32() -> None:
    """From now on fp32 is fp32 on a GPU, too: by default, its convolutions round to TF32."""
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
