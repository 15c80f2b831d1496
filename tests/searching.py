"""A study's searcher without Ray: trials are finished by writing their records, in any order."""

from dataclasses import asdict

import optuna
from making import made_card
from ray.tune.search import Searcher

from uadray.files import write_json
from uadray.study.ledger import Ledger
from uadray.study.reading.checking import check
from uadray.study.search.searcher import SettledSearch
from uadray.yaml_file import parse

SPACE = """\
study: toy
cohort: {kind: phantom}
prepare: {canvas: {kind: resample, size: 64}}
objectives: {val/auprc: max}
budget: {trials: 9, concurrent_trials: 2, max_failed_trials: 1}
sampler: {kind: tpe, startup_trials: 3}
scheduler: {kind: asha, grace_epochs: 1, reduction_factor: 2}
enqueue: [sAE3]
run:
  model:
    kind: vae_gan
    latent: {choice: [{kind: dense, dim: {choice: [16, 64]}}, {kind: spatial, size: {choice: [8, 16]}}]}
  train: {epochs: 4}
  scoring: {threshold: {kind: healthy_percentile, percentile: {uniform: [90.0, 99.0]}}}
"""


def made_plan(*replacements):
    """The toy study, with parts of its text replaced."""
    text = SPACE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return check(parse(text, "toy.yaml"))


def searcher(plan, folder, **arguments):
    """The study's searcher; its folder is made where there is none."""
    folder.mkdir(exist_ok=True)
    return SettledSearch(plan, Ledger(folder), folder / "optuna.db", **arguments)


def finish(ledger, suggestion, status="completed", **record):
    """Write the record of a trial, its scores a function of what was suggested, seed included."""
    percentile = suggestion["run"]["scoring"]["threshold"]["percentile"]
    auprc = round(0.5 - abs(percentile - 95) / 20 + suggestion["run"]["train"]["seed"] / 100, 6)
    card = made_card(auprc, auprc)
    losses = [1 / (percentile - 80 + epoch) for epoch in range(4 if status == "completed" else 1)]
    record = {"index": suggestion["index"], "run": suggestion["run"], "status": status, "curve": [], **record}
    if status not in ("failed", "diverged"):
        record |= {"val": asdict(card), "curve": [{"val/l1": loss} for loss in losses], "timing": {"model": 0.1}}
    write_json(ledger.trial(suggestion["index"]) / "trial.json", record)


def run_study(search, order=lambda waiting: waiting[0], concurrent=2, limit=100):
    """Run trials as Ray Tune would, finishing them in some order; returns what was suggested, by trial."""
    waiting, suggested = [], {}
    for number in range(limit):
        answer = search.suggest(f"id{number}") if len(waiting) < concurrent else None
        if isinstance(answer, dict):
            waiting.append(answer)
            suggested[answer["index"]] = answer
        elif waiting:
            chosen = order(waiting)
            waiting.remove(chosen)
            finish(search.ledger, chosen)
        elif answer == Searcher.FINISHED:
            search.settle_all()
            break
    return suggested


def told(folder):
    """Optuna's trials of the toy study in a folder."""
    return optuna.load_study(study_name="toy", storage=f"sqlite:///{folder / 'optuna.db'}").trials
