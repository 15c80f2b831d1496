"""The README's picture of the demo cohort.

    python docs/make_phantom_montage.py             writes docs/images/phantom_montage.png

One axial slice a person, as a model gets it: seven healthy people, seven patients, and the patients again with their
lesions outlined. Radiological convention: the patient's right is on the left, anterior is up.
"""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.pipeline import Pipeline, PipelineConfig
from uadray.data.preprocess.slices import PadCanvas, SliceStack

PEOPLE = 7
UPPER = slice(6, 20)  # of the 20 slices, those at the level of the lateral ventricles
HEALTHY_LEVELS = (14, 10, 17, 12, 15, 9, 18)  # levels as different as the patients' are
CANVAS = 100  # pixels of 2 mm
MARGIN = 0.022  # of the width, for the labels
BACKGROUND, INK, OUTLINE = "black", "#aeb6c1", "#ff5d5d"
WIDTH_PX, COLOURS = 1400, 160  # a palette keeps the file below 400 kB
TARGET = Path(__file__).parent / "images" / "phantom_montage.png"


def main() -> None:
    """Draw the first people of the default cohort."""
    with TemporaryDirectory() as workspace:
        subjects = PhantomCohort(healthy=PEOPLE, lesion=PEOPLE).subjects(Path(workspace))
        pipeline = Pipeline(PipelineConfig(canvas=PadCanvas(size=CANVAS)), Path(workspace))
        stacks = [cut.stack for cut in map(pipeline, subjects) if cut.stack is not None]
    healthy = list(zip(stacks[:PEOPLE], HEALTHY_LEVELS, strict=True))
    patients = [(stack, fullest(stack)) for stack in stacks[PEOPLE:]]

    height = (1 - MARGIN) / PEOPLE * 3
    figure = plt.figure(figsize=(10, 10 * height), facecolor=BACKGROUND)
    grid = figure.add_gridspec(3, PEOPLE, left=MARGIN, right=1, bottom=0, top=1, wspace=0, hspace=0)
    for row, (label, people) in enumerate((("healthy", healthy), ("patients", patients), ("lesions", patients))):
        for column, (stack, level) in enumerate(people):
            axes = figure.add_subplot(grid[row, column])
            axes.imshow(stack.images[level], cmap="gray", vmin=0, vmax=1.03, interpolation="bicubic")
            axes.set_axis_off()
            if label == "lesions":
                axes.contour(stack.lesion[level], [0.5], colors=OUTLINE, linewidths=0.9)
        place = (MARGIN / 2, 1 - (row + 0.5) / 3)
        figure.text(*place, label, color=INK, rotation=90, ha="center", va="center", fontsize=9)
    save(figure)


def fullest(stack: SliceStack) -> int:
    """The slice with most lesion among those at the level of the lateral ventricles."""
    return UPPER.start + int(stack.lesion[UPPER].sum(axis=(1, 2)).argmax())


def save(figure: Figure) -> None:
    """Write a figure as a PNG with a palette."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=WIDTH_PX / figure.get_figwidth(), facecolor=BACKGROUND)
    TARGET.parent.mkdir(exist_ok=True)
    Image.open(buffer).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
