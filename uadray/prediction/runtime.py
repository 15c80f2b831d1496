"""What runs a model's network when it is applied to scans: PyTorch as in its study, or OpenVINO on a CPU.

PyTorch in fp32 gives what the study's scoring gives, to the bit. OpenVINO runs the model file's reconstruction.onnx,
faster; in fp32 its scores differ by rounding, in bf16 by more (docs/prediction.md), and results say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from uadray.section import Section

if TYPE_CHECKING:
    import torch

    from uadray.bundle.bundle import Bundle
    from uadray.scoring.detector import Detector

Name = Literal["torch", "openvino", "openvino-bf16"]


class Torch(Section):
    """PyTorch in fp32, on any device: the study's own results."""

    kind: Literal["torch"] = "torch"

    @property
    def words(self) -> str:
        """As results name it."""
        return "PyTorch, fp32"

    def detector(self, bundle: Bundle, device: torch.device) -> Detector:
        """The fitted detector; raises DataError (UAD-374)."""
        return bundle.detector(device)


class OpenVino(Section):
    """OpenVINO on a CPU, `pip install openvino`; the residual and the steps after it stay as they are."""

    kind: Literal["openvino"] = "openvino"

    precision: Literal["fp32", "bf16"] = "fp32"
    """Of its convolutions. bf16 needs a CPU that multiplies it natively."""

    @property
    def words(self) -> str:
        """As results name it."""
        return f"OpenVINO, {self.precision}"

    def detector(self, bundle: Bundle, device: torch.device) -> Detector:
        """The fitted detector with its network compiled.

        Raises DataError (UAD-374, UAD-382); ConfigError: UAD-150 without openvino, UAD-383 for what it cannot run
        here; StudyError (UAD-384) if it does not reconstruct as PyTorch does.
        """
        from uadray.prediction.openvino import compiled

        return compiled(bundle, device, self.precision)


Runtime = Torch | OpenVino
RUNTIMES: dict[Name, Runtime] = {
    "torch": Torch(),
    "openvino": OpenVino(),
    "openvino-bf16": OpenVino(precision="bf16"),
}
