"""What of a study reads the labels of validation patients; without any of it a study can do without such patients."""

from __future__ import annotations

from uadray.config import RunConfig
from uadray.study.design.plan import StudyConfig
from uadray.study.objectives import Metric

OF_PATIENTS: tuple[Metric, ...] = ("val/auprc", "val/dice_mean")
PAINTED: tuple[Metric, ...] = ("val/synthetic_auprc", "val/synthetic_dice")


def labels_for(plan: StudyConfig) -> list[str]:
    """The objectives, constraints, thresholds and shapes of painted lesions that need labels; [] where none does."""
    objectives = [metric for metric in [*plan.objectives, *plan.constraints] if metric in OF_PATIENTS]
    thresholds = [RunConfig.parse(corner.plain()).scoring.threshold for corner in plan.space.corners()]
    fitted = [f"the threshold {threshold.kind}" for threshold in thresholds if threshold.needs_labels]
    shapes = plan.painting.shapes
    painted = [f"the painting {shapes.kind}"] if shapes.needs_labels else []
    return [*dict.fromkeys([*objectives, *fitted]), *painted]


def choice(plan: StudyConfig, judged: int) -> str:
    """How the winner was chosen, in a sentence: by whom, of so many judged validation patients, or by which labels."""
    metric = plan.winner[0]
    if metric in OF_PATIENTS:
        return f"Chosen by {metric} on {judged} other patients."
    return f"Chosen by {metric}; labels read for it: {plan.painting.shapes.labels if metric in PAINTED else 'none'}."
