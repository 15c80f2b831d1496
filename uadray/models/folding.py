"""A private copy of a network for many passes that train nothing: batch normalisation folded, weights cast once.

In evaluation mode batch normalisation is a scale and a shift of each channel, so it goes into the weights of the
convolution before it (Jacob et al. 2018, Quantization and training of neural networks, CVPR, Sec. 3.2).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def folded(network: nn.Module, dtype: torch.dtype = torch.float32) -> nn.Sequential:
    """A copy of a network in evaluation mode, whose weights take no gradient; a chain of layers stays one.

    >>> from torch import nn
    >>> folded(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.BatchNorm2d(2), nn.ReLU())))
    Sequential(
      (0): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))
      (1): ReLU()
    )
    """
    layers: list[nn.Module] = []
    for layer in _chain(copy.deepcopy(network).eval().requires_grad_(False)):
        last = layers[-1] if layers else None
        if isinstance(layer, nn.BatchNorm2d) and isinstance(last, nn.Conv2d):
            layers[-1] = fuse_conv_bn_eval(last, layer)
        elif isinstance(layer, nn.BatchNorm2d) and isinstance(last, nn.ConvTranspose2d):
            layers[-1] = fuse_conv_bn_eval(last, layer, transpose=True)
        else:
            layers.append(layer)
    chain = nn.Sequential(*layers).requires_grad_(False)
    return chain.to(dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _chain(network: nn.Module) -> Iterator[nn.Module]:
    """The layers in the order they are passed; a layer that is no chain is passed as a whole."""
    if isinstance(network, nn.Sequential):
        for layer in network:
            yield from _chain(layer)
    elif not isinstance(network, nn.Identity):
        yield network


def shortest(device: torch.device) -> torch.dtype:
    """bfloat16 where the device multiplies it natively, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    has = torch.cpu.get_capabilities()
    return torch.bfloat16 if has.get("avx512_bf16") or has.get("amx_bf16") else torch.float32
