"""What a model file says about itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from uadray.config import RunConfig
from uadray.data.pipeline import PipelineConfig
from uadray.scoring.threshold import ScanPercentile
from uadray.scoring.usual import Range
from uadray.section import Section

FORMAT = 1
NOTICE = "Research use only. Not a medical device."


class Population(Section):
    """Who a threshold comes from."""

    subjects: int
    slices: int


class Score(Section):
    """A number that the model reached on patients."""

    value: float
    low: float | None = None
    """Of its 95 % bootstrap interval over patients, where there is one."""
    high: float | None = None
    n: int
    """Patients."""


class Graph(Section):
    """The reconstruction network as ONNX, held against PyTorch when it was made."""

    opset: int
    """Version of ONNX's operators."""
    slices: int
    """Healthy validation slices that were given to both."""
    largest_difference: float
    """Between their reconstructions by onnxruntime and by PyTorch in fp32; intensities are in [0, 1]."""
    bound: float
    """Above which it would have been refused."""


class Content(Section):
    """All of model.json."""

    format: Literal[1] = 1
    """A reader refuses one that it does not know."""
    notice: str = NOTICE
    study: str
    trial: int
    description: str
    run: RunConfig
    """The model, its training and its scoring."""
    size: int = Field(ge=16, le=1024)
    """Rows and columns of a slice."""
    prepare: PipelineConfig
    """From scans to slices, as it was fitted: intensity landmarks stand for what they were learned from. Paths are
    names of files in the folder."""
    threshold: float | ScanPercentile
    """As fitted."""
    origin: str
    """Of the threshold, in words."""
    population: Population
    """The healthy validation subjects that the threshold, the standard and the usual ranges come from."""
    usual: dict[str, Range]
    """What healthy validation scans look like, by uadray.scoring.usual."""
    standard: bool
    """Whether standardising learned something, which is in standard.safetensors then."""
    graph: Graph | None = None
    """Of reconstruction.onnx, where there is one."""
    metrics: dict[str, Score]
    """By split and name, as test/dice_mean; test only where the study tested this trial."""
    store: str
    """The key of the slices."""
    training: str
    """The key of the training."""
    versions: dict[str, str]
    """Of the packages that made it."""
