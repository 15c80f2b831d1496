import json
import shutil

import numpy as np
import pytest
import torch
from making import made_slices
from tracked import downloaded

from uadray.errors import StudyError
from uadray.files import write_json
from uadray.scoring.detector import Detector
from uadray.tracking.models import best, load
from uadray.training.checkpoint import load_weights


@pytest.fixture
def registered(mirror):
    mirror.everything()
    return mirror


def maps(model, run):
    slices = made_slices(seed=5)
    healthy = made_slices(seed=4, lesion=False)
    return Detector(model, run.scoring, torch.device("cpu")).fit(healthy).anomaly_maps(slices)


@pytest.mark.parametrize("alias", ["champion", "challenger"])
def test_an_alias_leads_to_files_from_which_the_trials_model_is_made_again(registered, alias):
    record = best(registered.ledger)[alias]
    folder = downloaded(registered.server.client, "uadray-toy", alias)
    restored = load(folder)
    own = record.run.model.build(32)
    load_weights(own, registered.ledger.trial(record.index) / "checkpoints")
    assert np.array_equal(maps(restored.model, restored.run), maps(own, record.run))
    assert (restored.run, restored.threshold) == (record.run, record.threshold)
    assert restored.about["trial"] == record.index
    assert restored.about["store"] == "made"
    assert {"val/dice_mean", "test/dice_mean"} <= restored.about["metrics"].keys()


def test_a_registered_model_is_safetensors_and_json_and_nothing_else(registered):
    folder = downloaded(registered.server.client, "uadray-toy", "champion")
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".safetensors", ".json"}


def test_the_challenger_differs_from_the_champion_in_more_than_its_seed(registered):
    found = best(registered.ledger)
    dims = {alias: record.run.model.latent.dim for alias, record in found.items()}
    assert dims["champion"] != dims["challenger"]
    ranking = json.loads((registered.ledger.folder / "selection.json").read_text())["ranking"]
    assert found["champion"].index == ranking[0]
    assert found["challenger"].index == next(
        n for n in ranking if registered.ledger.record(n).run.model.latent.dim != dims["champion"]
    )


def test_without_a_second_configuration_there_is_no_challenger(mirror):
    path = mirror.ledger.folder / "selection.json"
    selection = json.loads(path.read_text())
    write_json(path, {**selection, "trial": 0, "ranking": [0, 1]})
    assert best(mirror.ledger).keys() == {"champion"}


def test_versions_are_made_once_and_say_what_they_are_of(registered):
    client = registered.server.client
    registered.models()
    versions = client.search_model_versions("name='uadray-toy'")
    assert len(versions) == 2
    assert {version.tags["uadray.trial"] for version in versions} == {
        str(r.index) for r in best(registered.ledger).values()
    }
    assert all(version.run_id for version in versions)


def test_damaged_weights_and_files_of_another_version_are_refused(registered, tmp_path):
    folder = shutil.copytree(downloaded(registered.server.client, "uadray-toy", "champion"), tmp_path / "model")
    (weights,) = folder.rglob("*.safetensors")
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(StudyError, match="UAD-320"):
        load(folder)
    write_json(folder / "model.json", {"run": {}})
    with pytest.raises(StudyError, match="UAD-333"):
        load(folder)


def test_a_registry_that_takes_no_model_is_said_and_the_rest_is_logged(mirror, monkeypatch):
    def refuse(*_, **__):
        raise NotImplementedError("no registry here")

    monkeypatch.setattr(mirror.server.client, "create_registered_model", refuse)
    mirror.everything()
    assert "without its models" in mirror.note
    assert mirror.server.client.get_run(mirror.runs.find("study").info.run_id).info.status == "FINISHED"
