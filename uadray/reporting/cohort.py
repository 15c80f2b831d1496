"""The data of a study: who is in which split, who was left out and why, how large lesions and pixels are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import get_args

import numpy as np

from uadray.data.manifest import Exclusion, Member
from uadray.data.store import Store
from uadray.data.subject import Group, Split
from uadray.pseudonyms import pseudonym
from uadray.reporting.gathering import Found
from uadray.reporting.privacy import anonymous
from uadray.reporting.words import Row, Table, number, short
from uadray.scoring.scorecard import Scorecard

COHORTS = {
    "phantom": "the embedded demo cohort: FLAIR-like volumes computed from tissue maps, with lesions painted in",
    "bids": "scans in a BIDS folder",
    "manifest": "scans named in a table",
    "nnunet": "scans in an nnU-Net folder",
    "few": "a few subjects of a cohort, to try things out",
}
PURPOSE = {"train": "to train on", "val": "to set thresholds and to choose by", "test": "for the result"}


def splits(store: Store) -> Table:
    """A row for each split and group in which there is someone."""
    columns = ("split*", "who*", "subjects", "persons", "slices", "with a lesion in them", "lesion volume, ml*")
    rows = []
    for split in get_args(Split):
        for group in get_args(Group):
            members = list(store.subjects(split, group).values())
            if members:
                rows.append(Row((f"{split}, {PURPOSE[split]}", group, *_counts(members))))
    return Table(columns, rows)


def _counts(members: Sequence[Member]) -> tuple[str, ...]:
    volumes = [member.lesion_ml for member in members if member.lesion_voxels]
    load = f"{short(median(volumes))} ({short(min(volumes))} to {short(max(volumes))})" if volumes else "–"
    persons, slices = len({member.person for member in members}), sum(member.slices for member in members)
    return str(len(members)), str(persons), str(slices), str(len(volumes)) if volumes else "–", load


def pixels(store: Store) -> str:
    """Size of a slice in pixels, of a pixel and of the step between slices in mm, over all subjects."""
    columns = np.array([np.array(member.to_native)[:, :3] for member in store.manifest.subjects.values()])
    steps = np.linalg.norm(columns, axis=1)  # (subjects, row | column | slice)
    rows, across, slices = (_range(steps[:, axis]) for axis in range(3))
    one = all(member.slices == 1 for member in store.manifest.subjects.values())
    apart = f"one slice a scan, {slices} mm thick by its header" if one else f"slices {slices} mm apart"
    return f"{store.size} × {store.size} pixels of {rows} mm × {across} mm, {apart}"


def _range(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    low, high = short(float(values.min())), short(float(values.max()))
    return low if low == high else f"{low} to {high}"


def sites(store: Store) -> int:
    """How many sites the scans are from; their names stay here."""
    return len({member.site for member in store.manifest.subjects.values()})


def exclusions(left_out: Iterable[Exclusion]) -> Table:
    """A line for each reason to leave a subject out."""
    rows = [Row((pseudonym(e.subject), e.code, anonymous(e.must), anonymous(e.got))) for e in left_out]
    return Table(("subject*", "code*", "what must hold*", "what was found*"), rows)


def persons_in_two_splits(store: Store) -> int:
    """Zero, as the preparation promises; counted again here."""
    people = [{member.person for member in store.subjects(split).values()} for split in get_args(Split)]
    return sum(map(len, people)) - len(set().union(*people))


def prevalences(found: Found) -> list[str]:
    """The share of brain voxels that are lesion, of the splits that were scored."""
    verdict, winner = found.verdict, found.winner
    cards: dict[str, Scorecard | None] = {
        "validation": winner.val if winner else None,
        "test": verdict.winner.test if verdict else None,
    }
    return [
        f"{number(100 * card.prevalence, 2)} % of the {name} patients’ brain voxels"
        for name, card in cards.items()
        if card
    ]
