"""Who is for training, who for validation, who for the test: decided once, by subject."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from uadray.data.subject import Group, Subject
from uadray.errors import DataError, Problem
from uadray.section import Section

Split = Literal["train", "val", "test"]


class Shares(Section):
    """How the subjects of a group are shared out, as fractions that sum to 1."""

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        total = sum(self.plain().values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"shares must sum to 1; got {total:g}")
        return self


class HealthyShares(Shares):
    """Healthy subjects train the model, set its threshold on val and are part of the test."""

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

    Every part with a share has at least one subject. Raises DataError (UAD-130) if a group is too small for that.
    """
    shares: dict[Group, Shares] = {"healthy": config.healthy, "lesion": config.lesion}
    problems: list[Problem] = []
    splits: dict[str, Split] = {}
    for group, share in shares.items():
        ids = sorted((s.id for s in subjects if s.group == group), key=lambda name: _draw(config.seed, name))
        parts = cast(dict[Split, float], share.plain())
        if len(ids) < len(parts):
            must = f"there must be a {group} subject for each of {', '.join(parts)}"
            problems.append(Problem("UAD-130", "split", must, f"{len(ids)} of {len(subjects)}", "Add subjects."))
            continue
        names = (name for name, count in _counts(len(ids), parts).items() for _ in range(count))
        splits |= dict(zip(ids, names, strict=True))
    if problems:
        raise DataError(problems)
    return splits


def _draw(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()


def _counts(total: int, parts: dict[Split, float]) -> dict[Split, int]:
    """Whole numbers that sum to the total, as near the fractions as can be, none of them 0."""
    counts = {name: int(total * fraction) for name, fraction in parts.items()}
    by_remainder = sorted(parts, key=lambda name: counts[name] - total * parts[name])
    for name in by_remainder[: total - sum(counts.values())]:
        counts[name] += 1
    while empty := [name for name, count in counts.items() if count == 0]:
        counts[max(counts, key=lambda name: counts[name])] -= 1
        counts[empty[0]] += 1
    return counts
