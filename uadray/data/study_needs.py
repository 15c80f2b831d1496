"""What a study needs of a cohort, and a preparation alone does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from uadray.data.subject import Part
from uadray.errors import DataError, Problem

if TYPE_CHECKING:
    from uadray.data.store import Store

NEEDED = {
    Part("train", "healthy"): "healthy slices to train on",
    Part("val", "healthy"): "healthy slices to validate on",
    Part("val", "lesion"): "patients to validate on",
    Part("test", "lesion"): "patients to test on",
}


def require_parts(parts: Iterable[Part]) -> None:
    """Raises DataError (UAD-130) unless there is someone in every part that a study needs."""
    counts = Counter(parts)
    got = ", ".join(f"{count} {group} in {split}" for (split, group), count in sorted(counts.items())) or "nobody"
    do = "Add subjects, or take healthy slices from patients with prepare.train_on; leave some of them without a split."
    missing = [purpose for part, purpose in NEEDED.items() if not counts[part]]
    if missing:
        raise DataError(Problem("UAD-130", "split", f"a study must have {purpose}", got, do) for purpose in missing)


def require_lesions(store: Store) -> None:
    """Raises DataError: UAD-130 as above, UAD-117 for a split whose patients have no lesion voxel in their slices."""
    require_parts(Part(member.split, member.group) for member in store.manifest.subjects.values())
    without = [
        split
        for split, group in NEEDED
        if group == "lesion" and not any(member.lesion_voxels for member in store.subjects(split, group).values())
    ]
    if without:
        do = "Take other slices or patients."
        must = "a patient of {} must have a lesion voxel in the slices"
        raise DataError(Problem("UAD-117", "lesion masks", must.format(split), "none", do) for split in without)
