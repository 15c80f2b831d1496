"""Whole studies that tests make: a store of a small phantom cohort, trained trials, a selection and a verdict."""

import json

import torch
from making import made_task

from uadray.config import RunConfig
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.preparation import PrepareConfig, prepare
from uadray.files import write_json
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Ledger
from uadray.study.result.comparison import write_comparison
from uadray.study.result.selection import select
from uadray.study.result.verdict import judge
from uadray.training.loop import Rank
from uadray.training.task import Place
from uadray.training.worker import work

MODEL = {
    "kind": "vae_gan",
    "latent": {"kind": "dense", "dim": {"choice": [4, 8]}},
    "posterior": {"kind": "gaussian", "kl_weight": {"loguniform": [0.001, 1.0]}},
    "backbone": {"base_width": 4, "max_width": 8},
}
SPACE = {
    "model": MODEL,
    "train": {"epochs": 2, "batch_size": 4, "precision": "fp32"},
    "scoring": {"median_filter": 3, "threshold": {"kind": "healthy_percentile", "percentile": {"uniform": [90, 99]}}},
}
DRAWN = [(4, 0.01, 97.0), (8, 0.1, 98.0), (4, 1.0, 95.0)]  # dim, lambda_2, percentile


def made_cohort(folder, size=32, seed=0):
    """A store in a workspace: three healthy subjects train, two patients test."""
    people = PhantomCohort(healthy=5, lesion=4, spacing_mm=4, seed=seed).subjects(folder / "cohorts")
    settings = {"slices": {"kind": "middle", "count": 5}, "canvas": {"kind": "resample", "size": size}}
    return prepare(people, PrepareConfig.parse(settings), folder / "stores", lambda *_: None)


def made_plan(name="toy", **more):
    """A plan whose cohort lies where nobody may read of it."""
    cohort = {"kind": "bids", "root": "/data/secret-hospital/cohort"}
    return StudyConfig.parse({"study": name, "cohort": cohort, "budget": {"trials": 3}, "run": SPACE, **more})


def begun(folder, store, plan):
    """The ledger of a study in which nothing has happened."""
    ledger = Ledger(folder / "studies" / plan.study)
    write_json(ledger.folder / "study.json", {"id": "made", **plan.plain(), "store": store.key})
    return ledger


def made_run(dim, weight, percentile):
    """A point of the made space."""
    tree = json.loads(json.dumps(SPACE))
    tree["model"]["latent"]["dim"], tree["model"]["posterior"]["kl_weight"] = dim, weight
    tree["scoring"]["threshold"]["percentile"] = percentile
    return tree


def train(ledger, store, index, run, patients="lesion"):
    """Train a trial and score it on the validation patients; `patients` None is a study that has none."""
    healthy = store.read("val", "healthy")
    parts = {"train": store.read("train", "healthy"), "val_healthy": healthy}
    parts["val_lesion"] = store.read("val", patients) if patients else healthy.only([])
    place = Place(torch.device("cpu"), Rank(), lambda module: module, parts.__getitem__, lambda row: None)
    work(made_task(RunConfig.parse(run).plain(), ledger.trial(index), index), place)


def ended(ledger, store, plan, ending="all 3 trials are done"):
    """Select, test and compare."""
    verdict = judge(plan, ledger, store, select(plan, ledger, store, ending))
    write_comparison(verdict, ledger)
    return verdict


def made_study(folder, store, plan):
    """A study of three trials that has ended; its ledger."""
    ledger = begun(folder, store, plan)
    for index, drawn in enumerate(DRAWN):
        train(ledger, store, index, made_run(*drawn))
    ended(ledger, store, plan)
    return ledger
