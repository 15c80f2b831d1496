"""A page with a scan and what was found in it, which opens from disk and asks nothing of a network.

The viewer is niivue, taken from nilearn's wheel. A Content-Security-Policy forbids the page every connection.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib import colormaps

from uadray.bundle.content import NOTICE
from uadray.files import write_text
from uadray.prediction.predicting import Prediction
from uadray.viewing.layers import layers
from uadray.viewing.shown import FOUND, NOT_ASSESSED, shown, summary

NODES = 16  # of a colour map; niivue interpolates between them


def write_viewer(found: Prediction, stem: Path) -> Path:
    """Write STEM_viewer.html, whole or not at all: the same bytes for the same prediction.

    It opens at the highest score of the largest finding, or in the middle of what was assessed. Raises DataError
    (UAD-101 to UAD-108) if the scan has gone or changed.
    """
    seen = shown(found)
    data = {
        "layers": [asdict(layer) for layer in layers(seen)],
        "colours": {"scores": _scores(), "found": _plain(FOUND), "unseen": _plain((0.55, 0.6, 0.7))},
        "start": _places(found)[0] if found.lesions else _middle(found),
    }
    loader = PackageLoader("uadray", "viewing/templates")
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    style, script = (loader.get_source(pages, name)[0] for name in ("viewer.css", "viewer.js"))
    page = pages.get_template("viewer.html").render(
        name=found.name,
        notice=NOTICE,
        summary=summary(found),
        not_assessed=NOT_ASSESSED,
        warnings=found.warnings,
        threshold=found.threshold,
        top_score=seen.top_score,
        window=seen.window,
        findings=list(zip(found.lesions, _places(found), strict=True)),
        data=Markup(_inside_script(json.dumps(data))),
        style=Markup(style),
        script=Markup(script),
        niivue=Markup(_niivue()),
        digests={"style": _digest(style), "script": _digest(script), "niivue": _digest(_niivue())},
    )
    path = stem.with_name(f"{stem.name}_viewer.html")
    write_text(path, page)
    return path


@cache
def _niivue() -> str:
    text = files("nilearn").joinpath("_assets", "js", "niivue.umd.js").read_text(encoding="utf-8")
    return _inside_script(text.replace("\r\n", "\n"))  # as a browser reads it, for the digest


def _inside_script(text: str) -> str:
    """Text that does not end the script it stands in."""
    return text.replace("</", "<\\/") if "</script" in text.lower() else text


def _places(found: Prediction) -> list[list[float]]:
    """Of each finding's highest score, in mm."""
    return [_mm(found, (each.i, each.j, each.k)) for each in found.lesions]


def _middle(found: Prediction) -> list[float]:
    """The mm of a voxel in the middle of what was assessed, or of the scan if nothing was."""
    voxels = np.argwhere(found.assessed)
    return _mm(found, voxels.mean(axis=0) if len(voxels) else np.array(found.assessed.shape) / 2)


def _mm(found: Prediction, voxel: Any) -> list[float]:
    affine = found.grid.affine
    place: list[float] = (affine[:3, :3] @ np.asarray(voxel, np.float64) + affine[:3, 3]).round(3).tolist()
    return place


def _scores() -> dict[str, list[int]]:
    """The colours of scores; what is hardly above 0 lets the scan through."""
    steps = np.linspace(0, 1, NODES)
    red, green, blue, _ = (255 * colormaps["inferno"](steps)).round().astype(int).T.tolist()
    opaque = (255 * np.minimum(1, 3 * steps)).round().astype(int).tolist()
    return {"R": red, "G": green, "B": blue, "A": opaque, "I": (255 * steps).round().astype(int).tolist()}


def _plain(colour: tuple[float, float, float]) -> dict[str, list[int]]:
    """One colour where there is something."""
    red, green, blue = (round(255 * part) for part in colour)
    return {"R": [red, red], "G": [green, green], "B": [blue, blue], "A": [0, 255], "I": [0, 255]}


def _digest(text: str) -> str:
    """As a Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
