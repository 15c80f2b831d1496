"""Results of a scan as BIDS derivatives: names that the validator knows, and sidecars.

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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from uadray import __version__
from uadray.bundle.bundle import Bundle
from uadray.bundle.content import NOTICE
from uadray.files import write_bytes, write_json, write_text
from uadray.prediction.lesions import Lesion
from uadray.prediction.predicting import Prediction
from uadray.prediction.scans import Wanted

NEAREST = "Thresholded on the model's grid, brought back by nearest neighbour."
LINEAR = "Brought back by linear interpolation among the voxels that count."
NO_MASK = "To threshold it does not give label-L_mask, which was thresholded before that."
Figure = Callable[[Prediction, Path], Path]
"""Draws a prediction and returns the file; it is given a path with the stem of the scan and no suffix."""


def write(
    found: Prediction,
    scan: Wanted,
    out: Path,
    bundle: Bundle,
    links: Mapping[Path, str],
    figures: Sequence[Figure] = (),
) -> list[Path]:
    """Write a prediction's files, each whole or not there, and return their paths below `out`.

    `links` are the names of the scan's data sets in the description.
    """
    stem = out / scan.folder / scan.stem
    stem.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "Sources": scan.sources(links),
        "SpatialReference": "orig",
        "SkullStripped": True,
        "ModelDigest": bundle.digest,
        "Runtime": found.runtime,
        "Device": found.device,
        "UadrayVersion": __version__,
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
            {
                "Description": f"Anomaly scores, filtered; no probabilities. {LINEAR} {NO_MASK}",
                "Type": "Lesion",
                **scores,
            },
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
        write_bytes(place.with_name(f"{place.name}.nii.gz"), found.grid.file(array))
        write_json(place.with_name(f"{place.name}.json"), {**about, **own})
        written += [place.with_name(f"{place.name}{suffix}") for suffix in (".nii.gz", ".json")]
    table, statistics = (stem.with_name(f"{stem.name}_lesions{suffix}") for suffix in (".tsv", ".json"))
    write_text(table, tsv((asdict(lesion) for lesion in found.lesions), [field.name for field in fields(Lesion)]))
    write_json(statistics, {**about, **_statistics(found, bundle)})
    home = out / scan.folder.parent / "figures"
    home.mkdir(exist_ok=True)
    drawn = [draw(found, home / scan.stem) for draw in figures]
    return [path.relative_to(out) for path in (*written, table, statistics, *drawn)]


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
