"""The folder of results: what it says it is, the data sets of its scans, and one writer at a time.

OUT/dataset_description.json, README.md, .bidsignore, predictions.tsv
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from uadray import __version__
from uadray.bundle.bundle import Bundle
from uadray.bundle.content import NOTICE
from uadray.errors import DataError, Problem
from uadray.files import alone, write_json, write_text
from uadray.prediction.scans import DESCRIPTION

MARKERS = ".uadray"
IGNORED = ("*_lesions.tsv", "*_lesions.json", "predictions.tsv", "figures")  # "figures/" misses the folder itself
README = f"""# What a uadray model makes of these scans

**{NOTICE}**

Of each scan, in its own space: what it would look like without anomalies (desc-recon), how far it is from that
(desc-residual), the anomaly scores (desc-anomaly, no probabilities), what is above the threshold (label-L_mask), and
where the model looked at all (desc-assessed_mask). **Where desc-assessed_mask is 0 nothing is known: not assessed is
not healthy.** The model stands in dataset_description.json; warnings about scans unlike those it knows stand in
STEM_lesions.json and in predictions.tsv.
"""


def begin(out: Path, bundle: Bundle, datasets: Iterable[Path]) -> dict[Path, str]:
    """Make the folder of results, or go on in one that this package made; raises DataError (UAD-379) for another.

    Returns the names under which the description links to the data sets of the scans: raw, raw2 and so on, those of
    earlier calls as they were.
    """
    if out.exists() and not _is_ours(out):
        must, do = "results must go to a new folder or to one of earlier results", "Choose another."
        raise DataError(Problem("UAD-379", str(out), must, "a folder or file with something else", do))
    with locked(out):
        _same_model(out / DESCRIPTION, bundle)
        links = _links(out, datasets)
        write_json(out / DESCRIPTION, _description(bundle, links))
        write_text(out / "README.md", README)
        write_text(out / ".bidsignore", "".join(f"{pattern}\n" for pattern in IGNORED))
    return {_linked(out, place): name for name, place in links.items()}


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """No other process changes what all calls share meanwhile: the description and the table."""
    with alone(out / MARKERS / "lock"):
        yield


def _description(bundle: Bundle, links: Mapping[str, str]) -> dict[str, Any]:
    about = bundle.content
    model = f"{about.description}, trial {about.trial} of {about.study}, model {bundle.digest}"
    return {
        "Name": "uadray predictions",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "uadray", "Version": __version__, "Description": f"{model}. {NOTICE}"}],
        "DatasetLinks": dict(links),
    }


def _links(out: Path, datasets: Iterable[Path]) -> dict[str, str]:
    """The places of data sets as seen from the results, by name; a name keeps its place for ever."""
    path = out / DESCRIPTION
    links: dict[str, str] = (
        json.loads(path.read_text(encoding="utf-8")).get("DatasetLinks", {}) if path.is_file() else {}
    )
    known = {_linked(out, place) for place in links.values()}
    for dataset in sorted(set(datasets) - known):
        name = f"raw{len(links) + 1}" if links else "raw"
        links[name] = Path(os.path.relpath(dataset, out.resolve())).as_posix()
    return links


def _linked(out: Path, place: str) -> Path:
    return Path(os.path.abspath(out.resolve() / place))


def _same_model(description: Path, bundle: Bundle) -> None:
    """Raise DataError (UAD-379) where the folder has results of another model: its description names one."""
    if description.is_file() and bundle.digest not in description.read_text(encoding="utf-8"):
        must, do = "results of one model must be in a folder", "Choose another folder, or remove this one."
        raise DataError(Problem("UAD-379", str(description.parent), must, "results of another model", do))


def _is_ours(out: Path) -> bool:
    """Whether a folder is empty, but for what another call has just begun, or holds earlier results."""
    if not out.is_dir():
        return False
    if all(path.name == MARKERS or path.name.startswith(f".{DESCRIPTION}-") for path in out.iterdir()):
        return True
    try:
        makers = json.loads((out / DESCRIPTION).read_text())["GeneratedBy"]
        return bool(makers[0]["Name"] == "uadray")
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return False
