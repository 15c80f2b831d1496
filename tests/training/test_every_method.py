"""Every row of the zoo from the demo cohort to a score, and back from its file."""

import json

import numpy as np
import pytest
import torch
from making import made_task
from small_zoo import small

from uadray.config import RunConfig
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.preparation import PrepareConfig, prepare
from uadray.models.zoo import ZOO
from uadray.scoring.detector import Detector
from uadray.training.checkpoint import load_weights
from uadray.training.loop import Rank
from uadray.training.task import Place
from uadray.training.worker import work

PREPARE = {"slices": {"kind": "middle", "count": 4}, "canvas": {"kind": "resample", "size": 32}}


@pytest.fixture(scope="module")
def slices(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    people = PhantomCohort(healthy=5, lesion=4, spacing_mm=4).subjects(folder)
    store = prepare(people, PrepareConfig.parse(PREPARE), folder / "stores", lambda *_: None)
    return {
        f"{split}_{group}": store.read(split, group) for split, group in (("val", "healthy"), ("val", "lesion"))
    } | {"train": store.read("train", "healthy")}


@pytest.mark.parametrize("name", ZOO)
def test_a_method_trains_scores_and_comes_back_from_its_file_as_it_was(name, slices, tmp_path):
    run = RunConfig(model=small(name), train={"epochs": 2, "batch_size": 4, "precision": "fp32"})
    place = Place(torch.device("cpu"), Rank(), lambda module: module, slices.__getitem__, lambda row: None)
    torch.manual_seed(0)
    work(made_task(run.plain(), tmp_path), place)
    record = json.loads((tmp_path / "trial.json").read_text())
    assert record["status"] == "completed", record.get("reason")
    assert 0 < record["val"]["auprc"] <= 1
    assert all(np.isfinite(list(row.values())).all() for row in record["curve"])
    maps = []
    for _ in range(2):
        model = small(name).build(32)
        load_weights(model, tmp_path / "checkpoints")
        detector = Detector(model, run.scoring).fit(slices["val_healthy"])
        maps.append(detector.anomaly_maps(slices["val_lesion"]))
    assert np.array_equal(*maps)
    assert (maps[0] > record["val"]["threshold"]).any()
