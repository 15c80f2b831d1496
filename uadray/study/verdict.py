"""The test: the selected trial, the intensity baseline and who else is tested, on patients that nothing was chosen by.

Of all that a study does, this alone opens the test split, and only for a trial whose selection is on disk.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from uadray.config import RunConfig
from uadray.data.store import Slices, Store
from uadray.errors import Problem, StudyError
from uadray.files import write_json
from uadray.models.intensity import IntensityConfig
from uadray.scoring.detector import Detector
from uadray.scoring.false_positives import FalsePositives, false_positives
from uadray.scoring.figure import save_panels
from uadray.scoring.scorecard import Scorecard, score
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.validation import fit_threshold
from uadray.study.held_out import open_test
from uadray.study.ledger import Ledger, Record
from uadray.study.plan import StudyConfig
from uadray.study.selection import sealed_trial
from uadray.training.checkpoint import load_weights
from uadray.training.precision import exact_fp32


@dataclass(frozen=True)
class Contender:
    """A configuration with its scores on validation and on test patients."""

    run: RunConfig
    val: Scorecard
    test: Scorecard
    timing: dict[str, float]  # seconds per slice, by what they include
    healthy: FalsePositives | None = None  # in healthy test subjects, where there are any

    def plain(self) -> dict[str, Any]:
        """As JSON values; `Contender.parse` is the inverse."""
        return {**asdict(self), "run": self.run.plain()}

    @classmethod
    def parse(cls, plain: dict[str, Any]) -> Contender:
        scores = {split: Scorecard.parse(plain[split]) for split in ("val", "test")}
        healthy = FalsePositives(**plain["healthy"]) if plain["healthy"] else None
        return cls(RunConfig.parse(plain["run"]), **scores, timing=plain["timing"], healthy=healthy)


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
    if sealed_trial(ledger) != best.index or best.val is None:
        must, do = "the selection must be on disk before the test split is opened", "Select first."
        raise StudyError(Problem("UAD-331", str(ledger.folder), must, f"trial {best.index}", do))
    path = ledger.folder / "test.json"
    if path.is_file():
        return Verdict.parse(json.loads(path.read_text()))

    torch.set_num_threads(plan.resources.cpus_per_worker)
    exact_fp32()
    device = plan.resources.device
    healthy = store.read("val", "healthy")
    detector = _detector(best, ledger, healthy, device)
    scoring, bar_val = _best_intensity(
        plan, ledger, healthy, store.read("val", "lesion"), lambda: store.read("train", "healthy")
    )
    bar = Detector(IntensityConfig().build(store.size), scoring, device).fit(healthy)

    test = open_test(ledger, store, "verdict")
    controls = open_test(ledger, store, "verdict", "healthy") if store.subjects("test", "healthy") else None
    unfiltered = detector.unfiltered_maps(test)
    maps = detector.filtered(unfiltered, test)
    winner = _contender(best.run, best.val, detector, maps, test, controls)
    bar_run = RunConfig(model=IntensityConfig(), train=best.run.train, scoring=scoring)
    baseline = _contender(bar_run, bar_val, bar, bar.anomaly_maps(test), test, controls)
    save_panels(detector, test, unfiltered, best.val.threshold, ledger.folder / "test_panels.png")
    others: dict[int, Scorecard] = {}
    records = plan.tested.others(ledger.records(), best)
    for done, record in enumerate(records, start=1):
        assert record.val is not None
        maps = _detector(record, ledger, healthy, device).anomaly_maps(test)
        others[record.index] = score(maps, test, record.val.threshold, record.run.scoring)
        on_trial(done, len(records))
    verdict = Verdict(best.index, winner, baseline, others)
    write_json(path, verdict.plain())
    return verdict


def _contender(
    run: RunConfig,
    val: Scorecard,
    detector: Detector,
    maps: NDArray[np.float32],
    test: Slices,
    controls: Slices | None,
) -> Contender:
    """What a detector reaches with its filtered maps of the test patients, and how much it finds in healthy people."""
    card, healthy = score(maps, test, val.threshold, run.scoring), None
    if controls is not None:
        found = detector.segment(detector.anomaly_maps(controls), controls, val.threshold)
        healthy = false_positives(found, controls)
    return Contender(run, val, card, detector.seconds_per_slice(test), healthy)


def _detector(record: Record, ledger: Ledger, healthy: Slices, device: torch.device) -> Detector:
    """A trial's, as it was validated."""
    model = record.run.model.build(healthy.images.shape[-1])
    load_weights(model, ledger.trial(record.index) / "checkpoints")
    return Detector(model.to(device), record.run.scoring, device).fit(healthy)


def _best_intensity(
    plan: StudyConfig, ledger: Ledger, healthy: Slices, patients: Slices, train: Callable[[], Slices]
) -> tuple[ScoringConfig, Scorecard]:
    """The baseline's best scoring on validation patients, of all that the study's trials had.

    Scoring is all the baseline has to choose, so it gets the same chances as the models; best by AUPRC where that is
    the study's objective, else by Dice.
    """
    model = IntensityConfig().build(healthy.images.shape[-1])
    plain = {"residual": ScoringConfig().residual}  # a residual means nothing here
    scorings = [record.run.scoring.model_copy(update=plain) for record in ledger.records()]
    tried = {json.dumps(scoring.plain()): scoring for scoring in scorings}
    scored = []
    steps = ""

    def trained(scoring: ScoringConfig) -> tuple[NDArray[np.float32], Slices]:
        slices = train()
        return Detector(model, scoring).fit(healthy).anomaly_maps(slices), slices

    for scoring in sorted(tried.values(), key=_steps):
        if _steps(scoring) != steps:  # one pair of maps at a time
            detector, steps = Detector(model, scoring).fit(healthy), _steps(scoring)
            healthy_maps, maps = detector.anomaly_maps(healthy), detector.anomaly_maps(patients)
        threshold = fit_threshold(scoring, (healthy_maps, healthy), (maps, patients), partial(trained, scoring))
        scored.append((scoring, score(maps, patients, threshold, scoring)))
    quality = {"val/auprc": lambda card: card.auprc}.get(plan.winner[0], lambda card: card.dice_mean)
    return max(scored, key=lambda pair: quality(pair[1]))


def _steps(scoring: ScoringConfig) -> str:
    """All but the threshold."""
    return scoring.model_dump_json(exclude={"threshold"})
