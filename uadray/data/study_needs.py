"""What a study needs of a cohort, and a preparation alone does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from uadray.data.subject import Part, Split
from uadray.errors import DataError, Problem

if TYPE_CHECKING:
    from uadray.data.store import Store

HEALTHY = {
    Part("train", "healthy"): "healthy slices to train on",
    Part("val", "healthy"): "healthy slices to validate on",
}
LABELLED: tuple[Split, ...] = ("val", "test")
DEFAULT = ("val/auprc",)


def require_parts(parts: Iterable[Part], labels_for: Sequence[str] = DEFAULT) -> None:
    """Raises DataError (UAD-130) unless there is someone in every part that a study needs.

    `labels_for` names what of the study cannot do without labelled patients; where it is empty, none are needed.
    """
    counts = Counter(parts)
    got = ", ".join(f"{count} {group} in {split}" for (split, group), count in sorted(counts.items())) or "nobody"
    do = "Add subjects, or take healthy slices from patients with prepare.train_on; leave some of them without a split."
    for_ = " and ".join(labels_for)
    patients = {
        Part("val", "lesion"): f"patients to validate on, for {for_}",
        Part("test", "lesion"): "patients to test on",
    }
    needed = {**HEALTHY, **(patients if labels_for else {})}
    missing = [purpose for part, purpose in needed.items() if not counts[part]]
    if missing:
        raise DataError(Problem("UAD-130", "split", f"a study must have {purpose}", got, do) for purpose in missing)


def require_lesions(store: Store, labels_for: Sequence[str] = DEFAULT) -> None:
    """Raises DataError: UAD-130 as above, UAD-117 for a split whose patients have no lesion voxel in their slices."""
    require_parts((Part(member.split, member.group) for member in store.manifest.subjects.values()), labels_for)
    without = [split for split in LABELLED if labels_for and not has_lesions(store, split)]
    if without:
        do = "Take other slices or patients."
        must = "a patient of {} must have a lesion voxel in the slices"
        raise DataError(Problem("UAD-117", "lesion masks", must.format(split), "none", do) for split in without)


def has_lesions(store: Store, split: Split) -> bool:
    """Whether a patient of the split has a lesion voxel in the slices; the manifest is asked, no slice is opened."""
    return any(member.lesion_voxels for member in store.subjects(split, "lesion").values())
