"""What an earlier study found, as the start of another.

Scores carry over between studies only if the same run would be trained and scored on the same slices. Of an earlier
configuration that this space could draw just so, but for the seed, on the same store, the scores are told to the
sampler as known: it is not counted and not trained again. Of the others that lie in the space, only the places carry
over: the best are tried first. A known time a slice is taken at its word, on whatever machine it was measured.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field

from uadray.config import RunConfig
from uadray.errors import ConfigError, Problem
from uadray.files import write_json
from uadray.layout import PLAN, TRIALS, study_id_at
from uadray.remote.mirror import Mirror
from uadray.section import Section
from uadray.study.configurations import Configuration, configurations
from uadray.study.ledger import Ledger
from uadray.study.objectives import Metric, Mode, merit
from uadray.study.space.search_space import SearchSpace, Values


@dataclass(frozen=True)
class Known:
    """A configuration that needs no training, as drawn values, with its mean scores."""

    values: Values
    metrics: Mapping[Metric, float]


@dataclass(frozen=True)
class Start:
    """What a study begins with."""

    known: Sequence[Known] = ()
    first: Sequence[Values] = field(default=())
    """Drawn values of configurations to try first."""

    def plain(self) -> dict[str, Any]:
        """As JSON values; `Start.parse` is the inverse."""
        return asdict(self)

    @classmethod
    def parse(cls, plain: dict[str, Any]) -> Start:
        return cls([Known(**known) for known in plain["known"]], plain["first"])


class WarmStartConfig(Section):
    """An earlier study to start from; only configurations that were trained to their end count.

    What is known serves the samplers that learn, TPE and GP. A grid trains all its points, known or not.
    """

    study: str = Field(min_length=1)
    """Its name, in the same workspace, or its folder."""

    best: int = Field(3, ge=0)
    """Of the configurations whose scores do not carry over (other slices, other settings), so many are tried first,
    after the rows of the zoo."""

    def start(
        self,
        ledger: Ledger,
        space: SearchSpace,
        locate: Callable[[Any], Values | None],
        objectives: Mapping[Metric, Mode],
        needed: Sequence[Metric],
    ) -> Start:
        """What the study in `ledger` begins with: as it was when it first began, kept in warm_start.json.

        `needed` are the metrics without which a score is not known. Raises ConfigError (UAD-335) when there is no
        other study of that name.
        """
        path = ledger.folder / "warm_start.json"
        if path.is_file():
            return Start.parse(json.loads(path.read_text()))
        earlier = self._earlier(ledger)
        written, own = earlier.plan, ledger.plan
        metric, mode = next(iter(objectives.items()))
        known: list[Known] = []
        others: list[tuple[float, Values]] = []
        for found in configurations(earlier, written.get("repeats", 1)):
            run = found.trainings[0].run
            values = locate(run.plain())
            if values is None or not _trained(found):
                continue
            scores = {name: found.mean(name) for name in needed if found.has(name)}
            alike = _resolved(space, values) == _without_seed(run)
            same = all(written.get(key) == own[key] for key in ("store", "painting"))
            if alike and same and len(scores) == len(needed):
                known.append(Known(values, scores))
            elif metric in scores:
                others.append((-merit(scores[metric], mode), values))
        first = [values for _, values in sorted(others, key=lambda pair: pair[0])[: self.best]]
        write_json(path, Start(known, first).plain())
        return Start.parse(json.loads(path.read_text()))

    def _earlier(self, ledger: Ledger) -> Ledger:
        """The other study, as it is now; raises ConfigError (UAD-335)."""
        sibling = ledger.folder.parent / self.study
        if sibling.parent == ledger.folder.parent and sibling != ledger.folder:
            _renew(sibling, ledger.mirror)
        earlier = Ledger(sibling if sibling.is_dir() else Path(self.study))
        if not (earlier.folder / PLAN).is_file() or earlier.folder.resolve() == ledger.folder.resolve():
            must, do = "must be another study of this workspace, or its folder", "Name one, or drop warm_start."
            raise ConfigError(Problem("UAD-335", "warm_start.study", must, str(earlier.folder), do))
        return earlier


def _renew(study: Path, mirror: Mirror) -> None:
    """Have a study of this workspace as it was sent; one that was deleted there, or another of its name, is dropped."""
    plan = study / PLAN
    former = study_id_at(plan)
    mirror.bring_file(plan)
    if not mirror.has(plan) or study_id_at(plan) != former:
        shutil.rmtree(study, ignore_errors=True)
        mirror.bring_file(plan)
    mirror.bring(study / TRIALS)


def _trained(found: Configuration) -> bool:
    return all(record.status == "completed" for record in found.trainings)


def _resolved(space: SearchSpace, values: Values) -> RunConfig | None:
    """The run that the values stand for, seed aside; None where they leave something to be drawn."""
    try:
        return _without_seed(RunConfig.parse(space.resolve(values)))
    except KeyError:
        return None


def _without_seed(run: RunConfig) -> RunConfig:
    return run.model_copy(update={"train": run.train.model_copy(update={"seed": 0})})
