"""Which arithmetic a training uses, and on what hardware the short one pays."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal

import torch

Precision = Literal["fp32", "bf16"]


def fastest(device: torch.device) -> Precision:
    """bf16 where the device multiplies it natively, else fp32.

    A training step at 64 x 64 is 1.4-1.6 times, at 256 x 256 2.1 times faster in bf16 on a CPU with AVX512-BF16, and up
    to 4.7 times with AMX (benchmarks/train_step.py); without either, bf16 is emulated and slower.
    """
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    capabilities = torch.cpu.get_capabilities()
    return "bf16" if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else "fp32"


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[None]:
    """Inside, matrix products and convolutions run in `precision`; weights stay fp32."""
    context: AbstractContextManager[None] = torch.autocast(
        device.type, dtype=torch.bfloat16, enabled=precision == "bf16"
    )
    return context
