"""Studies as MLflow and their folders have them, without a training."""

import hashlib
import json
from dataclasses import replace

import pandas as pd
from making import made_card
from matplotlib.text import Text
from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient

from uadray.config import RunConfig

A, B, C = [0.1, 0.5, 0.3, 0.2, 0.6, 0.4, 0.7, 0.2], [0.3, 0.5, 0.5, 0.4, 0.6, 0.6, 0.7, 0.4], [0.0] * 7 + [0.1]
BAR = [0.4, 0.6, 0.55, 0.5, 0.7, 0.6, 0.75, 0.5]
CURVE = {"90": 0.1, "98": 0.4, "99.9": 0.2}
PATIENTS = tuple(f"sub-{n:02d}" for n in range(8))


def run_config(model="dVAE", seed=0, **scoring):
    return RunConfig.parse({"model": model, "train": {"seed": seed}, "scoring": scoring})


def card_of(dices, auprcs, auprc=0.5):
    """A scorecard of several patients."""
    one = made_card(auprc, 0.5)
    scores = [
        replace(one.patients[0], subject=subject, dice=dice, auprc=patient_auprc)
        for subject, dice, patient_auprc in zip(PATIENTS, dices, auprcs, strict=False)
    ]
    known = [dice for dice in dices if dice is not None]
    mean = sum(known) / len(known)
    return replace(one, dice_mean=mean, patients=tuple(scores))


def pseudonym(subject):
    return "p-" + hashlib.sha256(subject.encode()).hexdigest()[:8]


class Logged:
    """A study in a workspace, run by run."""

    def __init__(self, workspace, name, identity=None):
        self.folder, self.id = workspace / "studies" / name, identity or f"id-{name}"
        self.folder.mkdir(parents=True, exist_ok=True)
        plan = {"id": self.id, "study": name, "store": "none", "objectives": {"val/dice_mean": "max"}}
        (self.folder / "study.json").write_text(json.dumps(plan))
        self.client = MlflowClient(tracking_uri=f"sqlite:///{workspace / 'mlflow.db'}")
        found = self.client.get_experiment_by_name(f"uadray/{name}")
        location = (workspace / "mlartifacts" / name).as_uri()
        self.experiment = (
            found.experiment_id
            if found
            else self.client.create_experiment(f"uadray/{name}", artifact_location=location)
        )
        self.run("study", {}, {})

    def run(self, key, params, metrics, **tags):
        tags = {"uadray.study": self.id, "uadray.key": key, **{f"uadray.{name}": value for name, value in tags.items()}}
        run_id = self.client.create_run(self.experiment, tags=tags, run_name=key).info.run_id
        logged = [Metric(name, value, 0, 0) for name, value in metrics.items()]
        self.client.log_batch(run_id, metrics=logged, params=[Param(name, str(v)) for name, v in params.items()])
        return run_id

    def trial(self, number, run, cards, seconds=0.01, status="completed", curve=None, **tags):
        """A trial, or as number -1 the baseline, with its scores by split."""
        metrics = {"val/seconds_per_slice": seconds} if cards else {}
        for split, card in cards.items():
            metrics |= {f"{split}/{name}": getattr(card, name) for name in ("auprc", "dice_mean", "prevalence")}
        key = "intensity" if number == -1 else f"trial {number}"
        params = {**run.hyperparameters(), "trial": number, "precision": "fp32"}
        run_id = self.run(key, params, metrics, status=status, **tags)
        tables = self.folder / "tables" / str(number)
        tables.mkdir(parents=True, exist_ok=True)
        for split, card in cards.items():
            rows = pd.DataFrame([vars(patient) for patient in card.patients])
            rows["subject"] = rows["subject"].map(pseudonym)
            rows.to_parquet(tables / f"{split}_patients.parquet")
            self.client.log_artifact(run_id, str(tables / f"{split}_patients.parquet"), "tables")
        if curve:
            self.client.log_dict(run_id, curve, "tables/percentiles.json")
        return self


def overlapping(figure):
    """Pairs of texts of a drawn figure whose boxes overlap."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    texts = [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]
    texts = [text for text in texts if text not in _beyond(figure)]
    boxes = {text: text.get_window_extent(renderer) for text in texts}
    shown = [(text.get_text(), box) for text, box in boxes.items() if box.width and figure.bbox.overlaps(box)]
    pairs = [(a, b) for i, a in enumerate(shown) for b in shown[i + 1 :]]
    return [(a[0], b[0]) for a, b in pairs if a[1].shrunk(0.9, 0.9).overlaps(b[1].shrunk(0.9, 0.9))]


def _beyond(figure):
    """Labels of ticks that are outside their axes, which are not drawn."""
    axes = [axis for each in figure.axes for axis in (each.xaxis, each.yaxis)]
    ticks = [(tick, sorted(axis.get_view_interval())) for axis in axes for tick in axis.get_major_ticks()]
    return {
        label
        for tick, (low, high) in ticks
        if not low <= tick.get_loc() <= high
        for label in (tick.label1, tick.label2)
    }
