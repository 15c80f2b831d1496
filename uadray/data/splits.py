"""Who is for training, who for validation, who for the test: decided once, by person."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Self, cast

from pydantic import Field, model_validator

from uadray.data.subject import Group, Split, Subject
from uadray.errors import DataError, Problem
from uadray.section import Section

__all__ = ["HealthyShares", "LesionShares", "Shares", "Split", "SplitConfig", "assign"]


class Shares(Section):
    """How the subjects of a group are shared out, as fractions that sum to 1."""

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        total = sum(self.plain().values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"shares must sum to 1; got {total:g}")
        return self


class HealthyShares(Shares):
    """Healthy subjects train the model and set its threshold on val.

    Those in test are kept for false positives, which nothing scores yet.
    """

    train: float = Field(default=0.6, gt=0, lt=1)
    val: float = Field(default=0.2, gt=0, lt=1)
    test: float = Field(default=0.2, gt=0, lt=1)


class LesionShares(Shares):
    """Patients are never trained on: the search sees those in val, the final result is of those in test."""

    val: float = Field(default=0.5, gt=0, lt=1)
    test: float = Field(default=0.5, gt=0, lt=1)


class SplitConfig(Section):
    """Who goes where. Baur et al. 2018 train on 83 healthy subjects, test on 49 patients and name no validation set."""

    seed: int = 0
    """Another seed is another draw."""
    healthy: HealthyShares = HealthyShares()
    lesion: LesionShares = LesionShares()


def assign(subjects: Sequence[Subject], config: SplitConfig) -> dict[str, Split]:
    """The split of every subject by id, whatever the order of the listing; ids are unique.

    All scans of a person go to one split, and who has a scan with a lesion is a patient. A split that the cohort gives
    is kept; the others are drawn, so that the shares hold for each group as a whole and, as near as can be, at each
    site. Every part with a share has at least one person. Raises DataError: UAD-130 if a group is too small for that,
    UAD-134 if a patient is given to train, UAD-135 if a person is given to two splits.
    """
    people: dict[str, list[Subject]] = {}
    for subject in sorted(subjects, key=lambda s: s.id):
        people.setdefault(subject.person, []).append(subject)
    shares: dict[Group, Shares] = {"healthy": config.healthy, "lesion": config.lesion}
    problems: list[Problem] = []
    splits: dict[str, Split] = {}
    for group, share in shares.items():
        members = {person: scans for person, scans in people.items() if _group(scans) == group}
        parts = cast(dict[Split, float], share.plain())
        try:
            given = _given(members, parts)
            taken = {part: list(given.values()).count(part) for part in parts}
            least = {part: max(1, count) for part, count in taken.items()}
            if sum(least.values()) > len(members):
                must = f"there must be a {group} subject for each of {', '.join(parts)}"
                got = f"{len(members)} of {len(people)}" + (f", {len(given)} of them given a split" if given else "")
                raise DataError(Problem("UAD-130", "split", must, got, "Add subjects."))
        except DataError as error:
            problems += error.problems
            continue
        counts = _counts(len(members), parts, least)
        site_of = {person: scans[0].site for person, scans in members.items() if person not in given}
        splits |= given | _drawn(site_of, {part: counts[part] - taken[part] for part in parts}, config.seed)
    if problems:
        raise DataError(problems)
    return {subject.id: splits[subject.person] for subject in subjects}


def _group(scans: Iterable[Subject]) -> Group:
    return "lesion" if any(scan.group == "lesion" for scan in scans) else "healthy"


def _given(people: Mapping[str, Sequence[Subject]], parts: Iterable[Split]) -> dict[str, Split]:
    """The splits that the cohort gives, by person; raises one DataError (UAD-134, UAD-135)."""
    given: dict[str, Split] = {}
    problems: list[Problem] = []
    for person, scans in people.items():
        splits = sorted({scan.split for scan in scans if scan.split})
        if len(splits) > 1:
            got = ", ".join(f"{scan.id} in {scan.split}" for scan in scans if scan.split)
            must, do = "all scans of a person must go to one split", "Correct the column split."
            problems.append(Problem("UAD-135", person, must, got, do))
        elif not set(splits) <= set(parts):
            must, do = "a patient must not be trained on", "Give val or test, or leave it empty."
            problems.append(Problem("UAD-134", person, must, f"the split {splits[0]}", do))
        elif splits:
            given[person] = splits[0]
    if problems:
        raise DataError(problems)
    return given


def _drawn(site_of: Mapping[str, str], counts: Mapping[Split, int], seed: int) -> dict[str, Split]:
    """The split of each person by the draw; so many in each, and each site has its share of every one.

    Site after site, a place goes to the split that lags furthest behind its share of the places so far. Then a site's
    places go to its people.
    """
    total, places = len(site_of), 0
    used = dict.fromkeys(counts, 0)
    splits: dict[str, Split] = {}
    for site in sorted(set(site_of.values())):
        before = dict(used)
        people = sorted((p for p, at in site_of.items() if at == site), key=lambda name: _draw(seed, name))
        for _ in people:
            places += 1
            used[max(counts, key=lambda part: counts[part] * places - used[part] * total)] += 1
        names = (part for part in counts for _ in range(used[part] - before[part]))
        splits |= dict(zip(people, names, strict=True))
    return splits


def _draw(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()


def _counts(total: int, parts: dict[Split, float], least: Mapping[Split, int]) -> dict[Split, int]:
    """Whole numbers that sum to the total, as near the fractions as can be, none of them below its least."""
    counts = {name: int(total * fraction) for name, fraction in parts.items()}
    by_remainder = sorted(parts, key=lambda name: counts[name] - total * parts[name])
    for name in by_remainder[: total - sum(counts.values())]:
        counts[name] += 1
    while short := [name for name, count in counts.items() if count < least[name]]:
        counts[max(counts, key=lambda name: counts[name] - least[name])] -= 1
        counts[short[0]] += 1
    return counts
