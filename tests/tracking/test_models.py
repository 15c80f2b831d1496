import json
import shutil

import pytest
from tracked import downloaded

from uadray.bundle.bundle import Bundle
from uadray.bundle.writing import write_bundle
from uadray.data.store import Store
from uadray.files import write_json
from uadray.tracking.models import best


@pytest.fixture
def registered(mirror):
    mirror.everything()
    return mirror


@pytest.mark.parametrize("alias", ["champion", "challenger"])
def test_an_alias_leads_to_the_model_file_of_its_trial(registered, workspace, alias):
    ledger = registered.ledger
    record = best(ledger)[alias]
    found = Bundle.open(downloaded(registered.server.client, "uadray-toy", alias))
    own = write_bundle(ledger, Store.open(workspace / "stores" / "made"), record, workspace / "own")
    assert found.digest == own.digest
    assert (found.content.trial, found.content.store) == (record.index, "made")
    assert {"val/dice_mean", "test/dice_mean"} <= found.content.metrics.keys()


def test_nothing_in_a_registered_model_is_a_pickle(registered):
    folder = downloaded(registered.server.client, "uadray-toy", "champion")
    assert {path.name for path in folder.rglob("*") if path.is_file()} == {
        *("model.json", "weights.safetensors", "README.md", "SHA256SUMS"),
    }


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


def test_another_test_makes_another_version(registered):
    path = registered.ledger.folder / "test.json"
    tested = json.loads(path.read_text())
    write_json(path, {**tested, "others": {}})
    registered.models()
    versions = registered.server.client.search_model_versions("name='uadray-toy'")
    assert len(versions) == 4
    challenger = Bundle.open(downloaded(registered.server.client, "uadray-toy", "challenger"))
    assert not any(name.startswith("test/") for name in challenger.content.metrics)


def test_models_that_cannot_be_written_are_said_and_the_rest_is_logged(mirror, workspace):
    shutil.rmtree(workspace / "models")
    shutil.rmtree(workspace / "stores")
    mirror.model_files()
    mirror.everything()
    assert "without its models, which cannot be written: UAD-140" in mirror.note
    assert mirror.server.client.get_run(mirror.runs.find("study").info.run_id).info.status == "FINISHED"


def test_a_registry_that_takes_no_model_is_said_and_the_rest_is_logged(mirror, monkeypatch):
    def refuse(*_, **__):
        raise NotImplementedError("no registry here")

    monkeypatch.setattr(mirror.server.client, "create_registered_model", refuse)
    mirror.everything()
    assert "without its models" in mirror.note
    assert mirror.server.client.get_run(mirror.runs.find("study").info.run_id).info.status == "FINISHED"
