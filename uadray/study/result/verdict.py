"""The test: the selected trial, the intensity baseline and who else is tested, on patients that nothing was chosen by.

Of all that a study does, this alone opens the test split, and only for a trial whose selection is on disk.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from uadray.config import RunConfig
from uadray.data.store import Slices, Store
from uadray.errors import Problem, StudyError
from uadray.files import write_json
from uadray.layout import VERDICT
from uadray.models.intensity import IntensityConfig
from uadray.scoring.detector import Detector
from uadray.scoring.false_positives import FalsePositives, false_positives
from uadray.scoring.figure import save_panels
from uadray.scoring.score import score
from uadray.scoring.scorecard import Scorecard
from uadray.scoring.threshold import Fitted
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Ledger, Record
from uadray.study.result.baseline import best_intensity
from uadray.study.result.held_out import open_test
from uadray.study.result.selection import sealed_trial
from uadray.study.result.trained import detector_of


@dataclass(frozen=True)
class Contender:
    """A configuration with its scores on validation and on test patients."""

    run: RunConfig
    val: Scorecard | None  # where no validation patient is labelled
    test: Scorecard
    timing: dict[str, float]  # seconds per slice, by what they include
    healthy: FalsePositives | None = None  # in healthy test subjects, where there are any

    def plain(self) -> dict[str, Any]:
        """As JSON values; `Contender.parse` is the inverse."""
        return {**asdict(self), "run": self.run.plain()}

    @classmethod
    def parse(cls, plain: dict[str, Any]) -> Contender:
        val = Scorecard.parse(plain["val"]) if plain["val"] else None
        healthy = FalsePositives(**plain["healthy"]) if plain["healthy"] else None
        return cls(RunConfig.parse(plain["run"]), val, Scorecard.parse(plain["test"]), plain["timing"], healthy)


@dataclass(frozen=True)
class Verdict:
    """What a study found."""

    trial: int
    winner: Contender
    baseline: Contender
    others: dict[int, Scorecard] = field(default_factory=dict)  # of the test patients, by trial

    def plain(self) -> dict[str, Any]:
        """As JSON values; `Verdict.parse` is the inverse."""
        others = {str(trial): card.plain() for trial, card in self.others.items()}
        contenders = {"winner": self.winner.plain(), "baseline": self.baseline.plain()}
        return {"trial": self.trial, **contenders, "others": others}

    @classmethod
    def parse(cls, plain: dict[str, Any]) -> Verdict:
        others = {int(trial): Scorecard.parse(card) for trial, card in plain["others"].items()}
        return cls(plain["trial"], Contender.parse(plain["winner"]), Contender.parse(plain["baseline"]), others)


def judge(
    plan: StudyConfig,
    ledger: Ledger,
    store: Store,
    best: Record,
    on_trial: Callable[[int, int], None] = lambda done, of_all: None,
) -> Verdict:
    """Score the selected trial, the baseline and who else is tested on the test patients, and write test.json.

    `on_trial` is called with (done, of all) after each of the others. A verdict that was reached before is read, not
    reached again. Raises StudyError (UAD-331) when `best` is not the trial that the selection on disk names.
    """
    if sealed_trial(ledger) != best.index or best.threshold is None:
        must, do = "the selection must be on disk before the test split is opened", "Select first."
        raise StudyError(Problem("UAD-331", str(ledger.folder), must, f"trial {best.index}", do))
    if (known := read_verdict(ledger)) is not None:
        return known

    torch.set_num_threads(plan.resources.cpus_per_worker)
    device = plan.resources.device_here
    healthy = store.read("val", "healthy")
    detector = detector_of(best, ledger, healthy, device)
    patients = store.read("val", "lesion") if store.subjects("val", "lesion") else healthy.only([])
    scoring, bar_threshold, bar_val = best_intensity(
        plan, ledger.records(), healthy, patients, lambda: store.read("train", "healthy")
    )
    bar = Detector(IntensityConfig().build(store.size), scoring, device).fit(healthy)

    test = open_test(ledger, store, "verdict")
    controls = open_test(ledger, store, "verdict", "healthy") if store.subjects("test", "healthy") else None
    unfiltered = detector.unfiltered_maps(test)
    maps = detector.filtered(unfiltered, test)
    winner = _contender(best.run, best.val, best.threshold, detector, maps, test, controls)
    bar_run = RunConfig(model=IntensityConfig(), train=best.run.train, scoring=scoring)
    baseline = _contender(bar_run, bar_val, bar_threshold, bar, bar.anomaly_maps(test), test, controls)
    save_panels(detector, test, unfiltered, best.threshold, ledger.folder / "test_panels.png")
    others: dict[int, Scorecard] = {}
    records = plan.tested.others(ledger.records(), best)
    for done, record in enumerate(records, start=1):
        assert record.threshold is not None
        maps = detector_of(record, ledger, healthy, device).anomaly_maps(test)
        others[record.index] = score(maps, test, record.threshold, record.run.scoring)
        on_trial(done, len(records))
    verdict = Verdict(best.index, winner, baseline, others)
    write_json(ledger.folder / VERDICT, verdict.plain())
    return verdict


def read_verdict(ledger: Ledger) -> Verdict | None:
    """What the study's test found; None while it has not tested. No slice is opened.

    Raises StudyError (UAD-333) for a verdict that another version wrote.
    """
    path = ledger.folder / VERDICT
    if not path.is_file():
        return None
    try:
        return Verdict.parse(json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, KeyError, ValueError) as error:
        must, do = "a verdict must be one that this version writes", "Use the version that made it."
        raise StudyError(Problem("UAD-333", str(path), must, f"{type(error).__name__}: {error}"[:200], do)) from error


def _contender(
    run: RunConfig,
    val: Scorecard | None,
    threshold: Fitted,
    detector: Detector,
    maps: NDArray[np.float32],
    test: Slices,
    controls: Slices | None,
) -> Contender:
    """What a detector reaches with its filtered maps of the test patients, and how much it finds in healthy people."""
    card, healthy = score(maps, test, threshold, run.scoring), None
    if controls is not None:
        found = detector.segment(detector.anomaly_maps(controls), controls, threshold)
        healthy = false_positives(found, controls)
    return Contender(run, val, card, detector.seconds_per_slice(test), healthy)
