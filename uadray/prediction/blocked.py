"""A convolution to one channel, made of blocks of pixels so that a CPU's vectors are full.

CPU kernels compute 16 output channels at a time. A K x K convolution to one channel leaves 15 of them empty; at full
size, as the head of Larsen et al. 2016, it takes a quarter of the network's time for a sixtieth of its work. A
convolution of stride 4 with a kernel of K + 3 that holds the same weights at 16 places gives the 4 x 4 pixels of a
block as 16 channels, which are then put in their places. Added are zeros alone, so the sums are the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from uadray.data.preprocess.tools import package

BLOCK = 4  # pixels; of 2, 4 and 8 the fastest


def block_heads(network: Any) -> Any:
    """An OpenVINO network whose K x K convolutions to one channel, K > 1, work in blocks; changed in place."""
    op = package("openvino.opset13", "pip install 'uadray[openvino]'")
    for node in network.get_ops():
        if node.get_type_name() == "Convolution" and _is_head(node):
            weights = node.input_value(1).get_node().data
            half = weights.shape[-1] // 2
            steps, margins = [BLOCK, BLOCK], [half, half]
            wide = op.convolution(node.input_value(0), op.constant(widened(weights)), steps, margins, margins, [1, 1])
            pixels = op.depth_to_space(wide, "blocks_first", BLOCK)
            for user in node.output(0).get_target_inputs():
                user.replace_source_output(pixels.output(0))
    network.validate_nodes_and_infer_types()
    return network


def widened(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """(1, C, K, K) to (16, C, K + 3, K + 3): the weights as each pixel of a block needs them, row by row.

    >>> widened(np.ones((1, 2, 5, 5), np.float32)).shape
    (16, 2, 8, 8)
    """
    _, channels, rows, columns = weights.shape
    wide = np.zeros((BLOCK**2, channels, rows + BLOCK - 1, columns + BLOCK - 1), np.float32)
    for number in range(BLOCK**2):
        row, column = divmod(number, BLOCK)
        wide[number, :, row : row + rows, column : column + columns] = weights[0]
    return wide


def _is_head(node: Any) -> bool:
    """Whether a convolution keeps the size of its images, which consist of whole blocks, and makes one channel."""
    weights, about = node.input_value(1).get_node(), node.get_attributes()
    if weights.get_type_name() != "Constant" or about["auto_pad"] != "explicit":
        return False
    channels, _, rows, columns = weights.data.shape
    margins = [[rows // 2, columns // 2]] * 2
    keeps = rows % 2 == columns % 2 == 1 and [list(about[name]) for name in ("pads_begin", "pads_end")] == margins
    plain = list(about["strides"]) == list(about["dilations"]) == [1, 1]
    sides = list(node.input(0).get_partial_shape())[2:]
    whole = all(side.is_static and side.get_length() % BLOCK == 0 for side in sides)
    return channels == 1 and rows == columns > 1 and keeps and plain and whole
