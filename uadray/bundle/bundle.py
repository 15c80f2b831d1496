"""A model file: one folder with weights, preparation, threshold and card, each file with its SHA-256.

    model.json             what it is (content.py)
    weights.safetensors
    standard.safetensors   where standardising learned something
    template.nii.gz        where scans are registered to a template of one's own
    reconstruction.onnx    where it was asked for
    README.md              a model card
    SHA256SUMS             of all of them; `sha256sum -c SHA256SUMS` checks them too

Nothing in it is unpickled, and nothing is read before its checksum is right. Checksums tell damage, not malice: take
models from people you trust.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file as load_arrays
from safetensors.torch import load_file

from uadray.bundle.content import FORMAT, Content
from uadray.data.pipeline import PipelineConfig
from uadray.errors import DataError, Problem
from uadray.files import sha256
from uadray.scoring.detector import Detector

MODEL, WEIGHTS, STANDARD, GRAPH, CARD, SUMS = (
    "model.json",
    "weights.safetensors",
    "standard.safetensors",
    "reconstruction.onnx",
    "README.md",
    "SHA256SUMS",
)
TEMPLATE = "template.nii.gz"
FILES = frozenset({MODEL, WEIGHTS, STANDARD, TEMPLATE, GRAPH, CARD, SUMS})  # all that a model file can hold
MOST_BYTES = 1024**2  # of model.json and of SHA256SUMS
AGAIN = "Export or copy the model again."


@dataclass(frozen=True)
class Bundle:
    """A model file that was opened and found as it was written."""

    path: Path
    content: Content = field(compare=False)  # the digest stands for it
    digest: str
    """Names everything in it: the SHA-256 of SHA256SUMS."""

    @classmethod
    def open(cls, path: Path) -> Bundle:
        """The model in a folder, every checksum verified.

        Raises DataError: UAD-370 for a folder that is no model file, UAD-371 for a damaged file, UAD-372 for one that a
        newer version wrote, UAD-373 for a missing file, UAD-374 for a content that this version cannot read.
        """
        model, sums = path / MODEL, path / SUMS
        if not (model.is_file() or sums.is_file()):
            must, do = f"a model file must be a folder with {MODEL} and {SUMS}", "Make one: python -m uadray.export."
            raise DataError(Problem("UAD-370", str(path), must, "neither", do))
        written = _sums(sums)
        needed = {MODEL, WEIGHTS, *written}
        missing = sorted(name for name in needed if name not in written or not (path / name).is_file())
        if missing:
            must, got = f"every file of {SUMS} must be there, {MODEL} and {WEIGHTS} among them", ", ".join(missing)
            raise DataError(Problem("UAD-373", str(path), must, f"no {got}", AGAIN))
        _require_known_format(model)
        damaged = [name for name, expected in written.items() if sha256(path / name) != expected]
        if damaged:
            must = "a file must be as it was written"
            raise DataError(Problem("UAD-371", str(path / name), must, "another SHA-256", AGAIN) for name in damaged)
        content = _content(model)
        own = {STANDARD: content.standard, GRAPH: content.graph is not None}
        carried = [*content.prepare.register_to.carried, *(name for name, there in own.items() if there)]
        if missing := [name for name in carried if name not in written]:
            must = f"{SUMS} must name every file that {MODEL} needs"
            raise DataError(Problem("UAD-373", str(path), must, f"no {', '.join(missing)}", AGAIN))
        return cls(path, content, sha256(sums))

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all that belongs to it; what else is in the folder does not."""
        return (*_sums(self.path / SUMS), SUMS)

    @property
    def prepare(self) -> PipelineConfig:
        """From scans to slices; paths lead into the folder."""
        prepare = self.content.prepare
        return prepare.model_copy(update={"register_to": prepare.register_to.unpacked(self.path)})

    def detector(self, device: torch.device = torch.device("cpu")) -> Detector:
        """The fitted detector; raises DataError (UAD-374) for tensors that do not fit the model."""
        run = self.content.run
        try:
            model = run.model.build(self.content.size)
            model.load_state_dict(load_file(self.path / WEIGHTS))
            fields = load_arrays(self.path / STANDARD) if self.content.standard else {}
            standard = run.scoring.standardise.restored(fields)
        except (SafetensorError, RuntimeError, KeyError) as error:
            must = f"the tensors must be those of the model in {MODEL}"
            got = str(error).strip().splitlines()[0][:200]
            raise DataError(Problem("UAD-374", str(self.path), must, got, AGAIN)) from error
        return Detector(model.to(device).eval(), run.scoring, device, standard)


def _sums(path: Path) -> dict[str, str]:
    """SHA-256 by name; names are plain, so that no file outside the folder is ever read (UAD-371, UAD-373)."""
    if not path.is_file():
        must = f"a model file must have {SUMS}"
        raise DataError(Problem("UAD-373", str(path.parent), must, "none", AGAIN))
    found: dict[str, str] = {}
    for line in _text(path).splitlines():
        match = re.fullmatch(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._-]*)", line)
        if match is None or match[2] in found:
            must = "a line must be a SHA-256, two spaces, and the name of another file"
            raise DataError(Problem("UAD-371", str(path), must, repr(line[:80]), AGAIN))
        found[match[2]] = match[1]
    return found


def _text(path: Path) -> str:
    with path.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    try:
        if len(content) > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes")
        return content.decode()
    except ValueError as error:
        must = f"it must be UTF-8 text of at most {MOST_BYTES} bytes"
        raise DataError(Problem("UAD-371", str(path), must, str(error), AGAIN)) from error


def _require_known_format(path: Path) -> None:
    """Before checksums, so that a newer format may have other rules for them (UAD-370, UAD-371, UAD-372)."""
    try:
        tree = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise DataError(Problem("UAD-371", str(path), "it must be JSON", str(error)[:200], AGAIN)) from error
    number = tree.get("format") if isinstance(tree, dict) else None
    if not isinstance(number, int):
        got, do = "no format", "Make one: python -m uadray.export."
        raise DataError(Problem("UAD-370", str(path), "it must be the description of a uadray model", got, do))
    if number > FORMAT:
        must, do = f"a model file must be of format {FORMAT} or earlier", "Install a newer uadray."
        raise DataError(Problem("UAD-372", str(path), must, f"format {number}", do))


def _content(path: Path) -> Content:
    """Raises DataError (UAD-374)."""
    try:
        return Content.model_validate_json(_text(path))
    except (ValidationError, RecursionError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": "nested too deeply"}
        got = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:200]
        must, do = "the description must be one that this version reads", "Use the version of uadray that made it."
        raise DataError(Problem("UAD-374", str(path), must, got, do)) from error
