"""Who is for training, who for validation, who for the test: decided once, by person."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from uadray.data.shares import HealthyShares, HealthySubjects, LesionShares, TrainOn
from uadray.data.subject import Group, Part, Subject
from uadray.errors import DataError, Problem
from uadray.section import Section


class SplitConfig(Section):
    """Who goes where. Baur et al. 2018 train on 83 healthy subjects, test on 49 patients and name no validation set."""

    seed: int = 0
    """Another seed is another draw."""
    healthy: HealthyShares = HealthyShares()
    lesion: LesionShares = LesionShares()


def assign(subjects: Sequence[Subject], config: SplitConfig, train_on: TrainOn = HealthySubjects()) -> dict[str, Part]:
    """The part of every subject by id, whatever the order of the listing; ids are unique.

    All scans of a person go to one split, and who has a scan with a lesion is a patient. A split that the cohort gives
    is kept; the others are drawn, so that the shares hold for each group as a whole and, as near as can be, at each
    site. Every part with a share has at least one person, as long as there are any: the first parts come first. Scans
    that nobody labelled are for the test, and are not scored. Raises DataError: UAD-134 if a patient is given to a
    split that patients do not go to, UAD-135 if a person is given to two splits.
    """
    people: dict[str, list[Subject]] = {}
    for subject in sorted(subjects, key=lambda s: s.id):
        people.setdefault(subject.person, []).append(subject)
    shares: dict[Group, dict[Part, float]] = {
        "healthy": config.healthy.parts("healthy"),
        "lesion": train_on.parts(config.lesion),
        "unlabelled": {Part("test", "unlabelled"): 1.0},
    }
    problems: list[Problem] = []
    places: dict[str, Part] = {}
    for group, parts in shares.items():
        members = {person: scans for person, scans in people.items() if _group(scans) == group}
        try:
            given = _given(members, parts)
        except DataError as error:
            problems += error.problems
            continue
        taken = {part: list(given.values()).count(part) for part in parts}
        free = len(members) - len(given)
        least = dict(taken)
        for part in [part for part in parts if not taken[part]][:free]:
            least[part] = 1
        counts = _counts(len(members), parts, least)
        site_of = {person: scans[0].site for person, scans in members.items() if person not in given}
        places |= given | _drawn(site_of, {part: counts[part] - taken[part] for part in parts}, config.seed)
    if problems:
        raise DataError(problems)
    return {scan.id: _part(scan, places[scan.person]) for scan in subjects}


def _part(scan: Subject, place: Part) -> Part:
    """A scan without a lesion of a patient is what it is; a patient who stands in for the healthy is healthy.

    But not in a scan that nobody labelled: there, any slice may have a lesion.
    """
    stands_in = place.group == "healthy" and scan.group != "unlabelled"
    return place if stands_in else Part(place.split, scan.group)


def _group(scans: Iterable[Subject]) -> Group:
    order: tuple[Group, ...] = ("lesion", "unlabelled", "healthy")
    groups = {scan.group for scan in scans}
    return next(group for group in order if group in groups)


def _given(people: Mapping[str, Sequence[Subject]], parts: Collection[Part]) -> dict[str, Part]:
    """The parts that the cohort gives, by person; raises one DataError (UAD-134, UAD-135)."""
    of_split = {part.split: part for part in parts}  # of two with one split the last, which is scored
    given: dict[str, Part] = {}
    problems: list[Problem] = []
    for person, scans in people.items():
        splits = sorted({scan.split for scan in scans if scan.split})
        if len(splits) > 1:
            got = ", ".join(f"{scan.id} in {scan.split}" for scan in scans if scan.split)
            must, do = "all scans of a person must go to one split", "Correct the column split."
            problems.append(Problem("UAD-135", person, must, got, do))
        elif not set(splits) <= set(of_split):
            must = f"the split of such a person must be {' or '.join(of_split)}"
            do = "Give another or none; prepare.train_on lesion_free_slices trains on patients."
            problems.append(Problem("UAD-134", person, must, f"the split {splits[0]}", do))
        elif splits:
            given[person] = of_split[splits[0]]
    if problems:
        raise DataError(problems)
    return given


def _drawn(site_of: Mapping[str, str], counts: Mapping[Part, int], seed: int) -> dict[str, Part]:
    """The part of each person by the draw; so many in each, and each site has its share of every one.

    Site after site, a place goes to the part that lags furthest behind its share of the places so far. Then a site's
    places go to its people.
    """
    total, places = len(site_of), 0
    used = dict.fromkeys(counts, 0)
    parts: dict[str, Part] = {}
    for site in sorted(set(site_of.values())):
        before = dict(used)
        people = sorted((p for p, at in site_of.items() if at == site), key=lambda name: _draw(seed, name))
        for _ in people:
            places += 1
            used[max(counts, key=lambda part: counts[part] * places - used[part] * total)] += 1
        names = (part for part in counts for _ in range(used[part] - before[part]))
        parts |= dict(zip(people, names, strict=True))
    return parts


def _draw(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()


def _counts(total: int, parts: Mapping[Part, float], least: Mapping[Part, int]) -> dict[Part, int]:
    """Whole numbers that sum to the total, as near the fractions as can be, none of them below its least."""
    counts = {name: int(total * fraction) for name, fraction in parts.items()}
    by_remainder = sorted(parts, key=lambda name: counts[name] - total * parts[name])
    for name in by_remainder[: total - sum(counts.values())]:
        counts[name] += 1
    while short := [name for name, count in counts.items() if count < least[name]]:
        counts[max(counts, key=lambda name: counts[name] - least[name])] -= 1
        counts[short[0]] += 1
    return counts
