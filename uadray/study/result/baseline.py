"""The intensity baseline as strong as a study can make it: its scoring is chosen as the models' is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial

from uadray.data.store import Slices
from uadray.models.intensity import IntensityConfig
from uadray.scoring.detector import Detector
from uadray.scoring.score import labelled, score
from uadray.scoring.scorecard import Scorecard
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.synthetic import paint
from uadray.scoring.threshold import Fitted
from uadray.scoring.validation import PAINTING_SEED, Maps, fit_threshold, maps_of
from uadray.study.design.labels import OF_PATIENTS
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Record

AUPRC = ("val/auprc", "val/synthetic_auprc")


def best_intensity(
    plan: StudyConfig, records: Iterable[Record], healthy: Slices, patients: Slices, train: Callable[[], Slices]
) -> tuple[ScoringConfig, Fitted, Scorecard | None]:
    """The baseline's best scoring of all that the trials had, its threshold, and its scores on validation patients.

    The study may name more of them (`baseline`). Scoring is all the baseline has to choose, so it gets the same chances
    as the models, and sees no label that they did not see: it is judged on validation patients where the study's
    objective is, else on painted lesions; by AUPRC where that is the objective, else by Dice. Without a labelled
    patient the scores are None.
    """
    model = IntensityConfig().build(healthy.images.shape[-1])
    plain = {"residual": ScoringConfig().residual}  # a residual means nothing here
    scorings = [own.model_copy(update=plain) for own in (*(record.run.scoring for record in records), *plan.baseline)]
    tried = {json.dumps(scoring.plain()): scoring for scoring in scorings}
    objective = plan.winner[0]
    judges = patients if objective in OF_PATIENTS else paint(healthy, plan.painting, PAINTING_SEED, patients)
    scored: list[tuple[float, ScoringConfig, Fitted]] = []
    steps = ""

    def trained(scoring: ScoringConfig) -> tuple[Maps, Slices]:
        slices = train()
        return Detector(model, scoring).fit(healthy).anomaly_maps(slices), slices

    for scoring in sorted(tried.values(), key=_steps):
        if _steps(scoring) != steps:  # the maps of one detector at a time
            detector, steps = Detector(model, scoring).fit(healthy), _steps(scoring)
            healthy_maps, judged = detector.anomaly_maps(healthy), detector.anomaly_maps(judges)
            maps = judged if judges is patients else maps_of(detector.anomaly_maps, patients)
        threshold = fit_threshold(scoring, (healthy_maps, healthy), (maps, patients), partial(trained, scoring))
        card = score(judged, judges, threshold, scoring)
        scored.append((card.auprc if objective in AUPRC else card.dice_mean, scoring, threshold))
    _, scoring, threshold = max(scored, key=lambda found: found[0])
    if not labelled(patients):
        return scoring, threshold, None
    maps = Detector(model, scoring).fit(healthy).anomaly_maps(patients)
    return scoring, threshold, score(maps, patients, threshold, scoring)


def _steps(scoring: ScoringConfig) -> str:
    """All but the threshold."""
    return scoring.model_dump_json(exclude={"threshold"})
