"""Which scans are to be assessed, and what their results are called: a file, a BIDS folder, or a table of paths."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from uadray.data.manifest_cohort import COLUMNS, file_of, names
from uadray.data.table import collected, require_folder, require_inside, rows
from uadray.errors import DataError, Problem

IMAGE = re.compile(r"\.nii(\.gz)?$")
KEPT = ("acq", "ce", "rec", "run")  # what tells scans of one session apart
NEEDED = ("subject", "image")
DESCRIPTION = "dataset_description.json"  # at the root of a data set


@dataclass(frozen=True)
class Wanted:
    """A scan to be assessed."""

    stem: str
    """What its results begin with: sub-X[_ses-Y][_entities]."""
    image: Path
    brain_mask: Path | None = None

    @property
    def folder(self) -> Path:
        """Of its results, below that of all results."""
        parts = [part for part in self.stem.split("_") if part.startswith(("sub-", "ses-"))]
        return Path(*parts) / "anat"

    @property
    def dataset(self) -> Path:
        """The nearest folder above the image with a dataset_description.json; else what holds sub-X, or the image."""
        return _dataset(self.image)

    @property
    def datasets(self) -> tuple[Path, ...]:
        """Of the image and of its brain mask."""
        return tuple(dataset for dataset, _ in self._places())

    def sources(self, links: Mapping[Path, str]) -> list[str]:
        """The image and its brain mask as BIDS names them, `bids:DATASET:PATH`, by the links to their data sets."""
        return [f"bids:{links[dataset]}:{quote(place)}" for dataset, place in self._places()]

    def _places(self) -> Iterator[tuple[Path, str]]:
        """The data set of each file, and the file as seen from it."""
        for path in (self.image, self.brain_mask):
            if path is not None:
                here = Path(os.path.abspath(path))  # a link's own place counts, not where it leads
                dataset = self.dataset if here.is_relative_to(self.dataset) else _dataset(path)
                yield dataset, here.relative_to(dataset).as_posix()


def wanted(place: Path, brain_mask: Path | None = None) -> tuple[Wanted, ...]:
    """The scans at a place: a `.nii` or `.nii.gz` file, a BIDS folder, or a `.csv` or `.tsv` table.

    - A file keeps its BIDS name; without one it is sub- and the letters and digits of its name.
    - A folder: every `sub-X/[ses-Y/]anat/*_FLAIR.nii[.gz]`, with the mask `*_desc-brain_mask.nii[.gz]` of the subject
      and session, beside it or in derivatives/masks, whose entities are among the scan's; of several that with most.
      participants.tsv is not asked: nothing is scored.
    - A table: columns subject and image, and, where there are, session and brain_mask; paths as in a cohort's table.

    Nothing is opened. Raises one DataError with all problems: UAD-121 to UAD-133 of tables and paths, UAD-377 without a
    scan or for a mask beside several, UAD-378 for two scans of one name.
    """
    if place.is_dir():
        found = list(_of_folder(place))
    elif place.suffix in (".csv", ".tsv"):
        found = _of_table(place)
    else:
        found = [Wanted(stem_of(place), place, brain_mask)]
    if not found or (brain_mask is not None and place != found[0].image):
        must = "there must be FLAIR scans, and one where a brain mask is given"
        do = "Give a scan, a BIDS folder with sub-X/anat/sub-X_FLAIR.nii.gz, or a table with subject and image."
        raise DataError(Problem("UAD-377", str(place), must, f"{len(found)}", do))
    _require_own_names(found)
    return tuple(found)


def of_labels(root: Path, participants: Sequence[str], sessions: Sequence[str]) -> tuple[Wanted, ...]:
    """The scans of a BIDS folder that are of these participants and sessions, of all of them where none is named.

    Labels are 01 or sub-01, 2 or ses-2. Raises DataError: UAD-120 without a folder, UAD-377 for labels that no scan
    has, and what `wanted` raises.
    """
    require_folder(root, "the folder")
    found = wanted(root)
    for entity, labels in (("sub", participants), ("ses", sessions)):
        asked = {f"{entity}-{label.removeprefix(f'{entity}-')}" for label in labels}
        known = {part for each in found for part in each.folder.parts if part.startswith(f"{entity}-")}
        if missing := sorted(asked - known):
            must, do = "there must be FLAIR scans of every label", "Correct the label."
            got = f"none of {', '.join(missing)}; there are {', '.join(sorted(known)) or 'none'}"
            raise DataError(Problem("UAD-377", str(root), must, got, do))
        found = tuple(each for each in found if not asked or asked & {*each.folder.parts})
    return found


def stem_of(path: Path) -> str:
    """What the results of a scan begin with; raises DataError (UAD-378) for a name without letters and digits.

    >>> stem_of(Path("sub-01_ses-2_acq-3d_desc-n4_FLAIR.nii.gz")), stem_of(Path("Scan 3 (new).nii"))
    ('sub-01_ses-2_acq-3d', 'sub-Scan3new')
    """
    name = IMAGE.sub("", path.name)
    if re.fullmatch(r"sub-[A-Za-z0-9]+(_ses-[A-Za-z0-9]+)?(_[a-z]+-[A-Za-z0-9]+)*_[A-Za-z0-9]+", name):
        entities = name.split("_")[:-1]
        return "_".join(entity for entity in entities if entity.split("-")[0] in ("sub", "ses", *KEPT))
    cleaned = re.sub(r"[^A-Za-z0-9]", "", name)
    if not cleaned:
        must, do = "a scan's name must have letters or digits", "Rename it."
        raise DataError(Problem("UAD-378", str(path), must, repr(path.name), do))
    return f"sub-{cleaned}"


def _dataset(path: Path) -> Path:
    above = Path(os.path.abspath(path)).parents
    described = (folder for folder in above if (folder / DESCRIPTION).is_file())
    return next(described, next((home.parent for home in above if home.name.startswith("sub-")), above[0]))


def _of_folder(root: Path) -> Iterator[Wanted]:
    for image in sorted((*root.glob("sub-*/anat/*_FLAIR.nii*"), *root.glob("sub-*/ses-*/anat/*_FLAIR.nii*"))):
        if IMAGE.search(image.name):
            require_inside(image, root, str(image))
            stem = stem_of(image)
            person = "_".join(part for part in stem.split("_") if part.startswith(("sub-", "ses-")))
            yield Wanted(stem, image, _brain_of(person, image, root))


def _brain_of(person: str, image: Path, root: Path) -> Path | None:
    """The brain mask of a scan, not of another run; raises DataError (UAD-127) for several that are as near to it."""
    masks = root / "derivatives" / "masks" / image.parent.relative_to(root)
    own = {*image.name.split("_")[:-1]}
    near: dict[int, list[Path]] = defaultdict(list)
    for place in (
        place for folder in (image.parent, masks) for place in folder.glob(f"{person}*_desc-brain_mask.nii*")
    ):
        entities = {*place.name.split("_")[:-2]}  # but for desc-brain
        if entities <= own and IMAGE.search(place.name):
            near[len(entities)].append(place)
    if not near:
        return None
    nearest = near[max(near)]
    if len(nearest) > 1:
        must, got = "there must be one file of a kind", ", ".join(place.name for place in sorted(nearest))
        raise DataError(Problem("UAD-127", str(nearest[0].parent), must, got, "Keep one."))
    require_inside(nearest[0], root, str(nearest[0]))
    return nearest[0]


def _of_table(table: Path) -> list[Wanted]:
    found: list[Wanted] = []
    problems: list[Problem] = []
    for line, row in rows(table, NEEDED, COLUMNS):
        where = f"{table}, line {line}"
        with collected(problems):
            _, name = names(row, where)
            image = file_of(row["image"], table.parent, f"{where}, image")
            mask = file_of(row.get("brain_mask", ""), table.parent, f"{where}, brain_mask")
            if image is None:
                raise DataError(Problem("UAD-126", where, "a scan must have an image", "none", "Name it."))
            found.append(Wanted(name, image, mask))
    if problems:
        raise DataError(problems)
    return found


def _require_own_names(found: Sequence[Wanted]) -> None:
    """Raises DataError (UAD-378) for scans whose results would lie in the same files."""
    images: dict[str, list[Path]] = defaultdict(list)
    for each in found:
        images[each.stem.lower()].append(each.image)  # some file systems take capitals for small letters
    problems = [
        Problem(
            "UAD-378",
            str(paths[0]),
            "every scan must have a name of its own",
            f"the same as {', '.join(str(path) for path in paths[1:])}",
            "Tell them apart by acq-, rec- or run-, by a session, or by the table's subject.",
        )
        for paths in images.values()
        if len(paths) > 1
    ]
    if problems:
        raise DataError(problems)
