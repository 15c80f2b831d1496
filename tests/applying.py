"""A small study with one finished trial, its model file, and scans to apply it to."""

from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from making import made_task

from uadray.bundle.onnx_file import write_onnx
from uadray.bundle.writing import write_bundle
from uadray.config import RunConfig
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.preparation import PrepareConfig, prepare
from uadray.files import write_json
from uadray.study.ledger import Ledger
from uadray.training.loop import Rank
from uadray.training.task import Place
from uadray.training.worker import work

SCORING = {"standardise": {"kind": "healthy_z_score"}, "median_filter": 3, "erosion": 1}
PREPARE = {"slices": {"kind": "middle", "count": 5}, "canvas": {"kind": "resample", "size": 32}}
SPLIT = {"healthy": {"train": 0.2, "val": 0.6, "test": 0.2}, "lesion": {"val": 0.5, "test": 0.5}}


SMALL_AE = {"kind": "vae_gan", "latent": {"kind": "spatial", "size": 8, "channels": 4}}


def made_study(folder, scoring=None, settings=None, model="intensity", train=None):
    """The store and the ledger of a study `toy` with one trial, which is selected."""
    people = PhantomCohort(healthy=8, lesion=4, spacing_mm=4).subjects(folder / "cohorts")
    store = prepare(
        people, PrepareConfig.parse({"split": SPLIT, **(settings or PREPARE)}), folder / "stores", lambda *_: None
    )
    ledger = Ledger(folder / "studies" / "toy")
    parts = {f"val_{group}": store.read("val", group) for group in ("healthy", "lesion")}
    parts["train"] = store.read("train", "healthy")
    place = Place(torch.device("cpu"), Rank(), lambda module: module, parts.__getitem__, lambda row: None)
    run = RunConfig.parse({"model": model, "scoring": scoring or SCORING, "train": train or {}}).plain()
    work(made_task(run, ledger.trial(0)), place)
    write_json(ledger.folder / "study.json", {"id": "x", "store": store.key})
    write_json(ledger.folder / "selection.json", {"trial": 0})
    return store, ledger


def made_bundle(folder, **how):
    """The store, the ledger, and the trial's model file below the folder."""
    store, ledger = made_study(folder, **how)
    return store, ledger, write_bundle(ledger, store, ledger.record(0), folder / "model")


def made_graph(folder, **how):
    """The same of a small autoencoder, with its reconstruction.onnx."""
    store, ledger = made_study(folder, **{"model": SMALL_AE, "train": {"epochs": 2}, **how})
    return store, ledger, write_bundle(ledger, store, ledger.record(0), folder / "model", write_onnx)


def scan_of(folder, subject) -> Path:
    """The FLAIR scan of a subject of the demo cohort."""
    (path,) = (folder / "cohorts").glob(f"*/{subject}/anat/*_FLAIR.nii.gz")
    return path


def values(path):
    """The voxels of a file."""
    return np.asarray(nib.load(path).dataobj)


def table(out):
    """The lines of the table of results in a folder."""
    head, *lines = (line.split("\t") for line in (out / "predictions.tsv").read_text().splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]
