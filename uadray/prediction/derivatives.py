"""Results as BIDS derivatives: names that the validator knows, sidecars, and one description of the folder.

OUT/dataset_description.json, README.md, .bidsignore, predictions.tsv
OUT/sub-X/[ses-Y/]anat/STEM_space-orig_desc-recon_FLAIR.nii.gz       and .json beside each image
                       STEM_space-orig_desc-residual_FLAIR.nii.gz
                       STEM_space-orig_desc-anomaly_probseg.nii.gz
                       STEM_space-orig_label-L_mask.nii.gz
                       STEM_space-orig_desc-assessed_mask.nii.gz
                       STEM_lesions.tsv, STEM_lesions.json
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from uadray import __version__
from uadray.bundle.bundle import Bundle
from uadray.bundle.content import NOTICE
from uadray.errors import DataError, Problem
from uadray.files import write_json, write_text
from uadray.prediction.lesions import Lesion
from uadray.prediction.predicting import Prediction
from uadray.prediction.scans import Wanted

DESCRIPTION = "dataset_description.json"
IGNORED = ("*_lesions.tsv", "*_lesions.json", "predictions.tsv", "figures")  # "figures/" misses the folder itself
NEAREST = "Thresholded on the model's grid, brought back by nearest neighbour."
LINEAR = "Brought back by linear interpolation among the voxels that count."
README = f"""# What a uadray model makes of these scans

**{NOTICE}**

Of each scan, in its own space: what it would look like without anomalies (desc-recon), how far it is from that
(desc-residual), the anomaly scores (desc-anomaly, no probabilities), what is above the threshold (label-L_mask), and
where the model looked at all (desc-assessed_mask). **Where desc-assessed_mask is 0 nothing is known: not assessed is
not healthy.** The model stands in dataset_description.json; warnings about scans unlike those it knows stand in
STEM_lesions.json and in predictions.tsv.
"""

Figure = Callable[[Prediction, Path], None]  # draws a prediction; the path has the stem of the scan and no suffix


def begin(out: Path, bundle: Bundle, raw: Path) -> None:
    """Make the folder of results, or go on in one that this package made; raises DataError (UAD-379) for another.

    `raw` is where the scans lie.
    """
    if out.exists() and not _is_ours(out):
        must, do = "results must go to a new folder or to one of earlier results", "Choose another."
        raise DataError(Problem("UAD-379", str(out), must, "a folder or file with something else", do))
    about = bundle.content
    _same_model(out / DESCRIPTION, bundle)
    model = f"{about.description}, trial {about.trial} of {about.study}, model {bundle.digest}"
    description = {
        "Name": "uadray predictions",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "uadray", "Version": __version__, "Description": f"{model}. {NOTICE}"}],
        "DatasetLinks": {"raw": Path(os.path.relpath(raw, out)).as_posix()},
    }
    write_json(out / DESCRIPTION, description)
    write_text(out / "README.md", README)
    write_text(out / ".bidsignore", "".join(f"{pattern}\n" for pattern in IGNORED))


def _same_model(description: Path, bundle: Bundle) -> None:
    """Raise DataError (UAD-379) where the folder has results of another model: its description names one."""
    if description.is_file() and bundle.digest not in description.read_text(encoding="utf-8"):
        must, do = "results of one model must be in a folder", "Choose another folder, or remove this one."
        raise DataError(Problem("UAD-379", str(description.parent), must, "results of another model", do))


def write(found: Prediction, scan: Wanted, out: Path, bundle: Bundle, figures: Sequence[Figure] = ()) -> list[Path]:
    """Write a prediction's files, each whole or not there, and return their paths below `out`."""
    stem = out / scan.folder / scan.stem
    stem.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "Sources": [f"bids:raw:{scan.source}"],
        "SpatialReference": "orig",
        "SkullStripped": True,
        "ModelDigest": bundle.digest,
        "Runtime": found.runtime,
        "Notice": NOTICE,
    }
    scores = {"Threshold": found.threshold, "ThresholdOrigin": bundle.content.origin}
    images: dict[str, tuple[Any, dict[str, Any]]] = {
        "desc-recon_FLAIR": (
            found.reconstruction,
            {"Description": f"The model's healthy version, in [0, 1]. {LINEAR}"},
        ),
        "desc-residual_FLAIR": (found.residual, {"Description": f"Anomaly scores before the filter. {LINEAR}"}),
        "desc-anomaly_probseg": (
            found.anomaly,
            {"Description": f"Anomaly scores, filtered; no probabilities. {LINEAR}", "Type": "Lesion", **scores},
        ),
        "label-L_mask": (
            found.segmentation,
            {"Description": f"Anomaly scores above the threshold. {NEAREST}", "Type": "Lesion", **scores},
        ),
        "desc-assessed_mask": (
            found.assessed,
            {"Description": "Where a lesion could have been found. Elsewhere nothing is known.", "Type": "ROI"},
        ),
    }
    written = []
    for name, (array, own) in images.items():
        place = stem.with_name(f"{stem.name}_space-orig_{name}")
        _write_bytes(place.with_name(f"{place.name}.nii.gz"), found.grid.file(array))
        write_json(place.with_name(f"{place.name}.json"), {**about, **own})
        written += [place.with_name(f"{place.name}{suffix}") for suffix in (".nii.gz", ".json")]
    table, statistics = (stem.with_name(f"{stem.name}_lesions{suffix}") for suffix in (".tsv", ".json"))
    write_text(table, tsv((asdict(lesion) for lesion in found.lesions), [field.name for field in fields(Lesion)]))
    write_json(statistics, {**about, **_statistics(found, bundle)})
    for draw in figures:
        home = out / Path(*scan.folder.parts[:-1]) / "figures"
        home.mkdir(parents=True, exist_ok=True)
        draw(found, home / scan.stem)
    return [path.relative_to(out) for path in (*written, table, statistics)]


def tsv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """A table as BIDS has it: tabs, and n/a for nothing."""
    stream = io.StringIO()
    lines = csv.writer(stream, dialect="excel-tab", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    lines.writerow(columns)
    lines.writerows([_cell(row[column]) for column in columns] for row in rows)
    return stream.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return _cell("; ".join(map(str, value)))
    return " ".join(str(value).split()) if value not in (None, "") else "n/a"


def _statistics(found: Prediction, bundle: Bundle) -> dict[str, Any]:
    about = bundle.content
    return {
        "count": len(found.lesions),
        "ml": found.lesion_ml,
        "threshold": found.threshold,
        "threshold_origin": about.origin,
        "lesions": [asdict(lesion) for lesion in found.lesions],
        "assessed": {**asdict(found.extent), "share_of_brain": found.extent.share},
        "not_assessed": "Slices and voxels outside desc-assessed_mask were not looked at; they are not called healthy.",
        "warnings": list(found.warnings),
        "measures": found.measures,
        "expected": {name: about.usual[name].ends for name in found.measures if name in about.usual},
        "model": {"study": about.study, "trial": about.trial, "description": about.description, "size": about.size},
        "connectivity": 26,
    }


def _is_ours(out: Path) -> bool:
    """Whether a folder is empty or holds earlier results."""
    if not out.is_dir():
        return False
    if not any(out.iterdir()):
        return True
    try:
        makers = json.loads((out / DESCRIPTION).read_text())["GeneratedBy"]
        return bool(makers[0]["Name"] == "uadray")
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return False


def _write_bytes(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)
