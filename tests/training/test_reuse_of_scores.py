"""What a kept model gives, how long it takes and how it scores are found again, and computed anew where they must be."""

import shutil

import pytest
from reusing import Study, without_times

from uadray.models.networks.vae_gan import VaeGan


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def test_time_is_taken_once_whatever_the_threshold_and_anew_for_another_filter(study):
    first, _ = study.trial(0)
    threshold = {"kind": "healthy_percentile", "percentile": 90.0}
    other, _ = study.trial(1, scoring={"threshold": threshold})
    assert other["val"] != first["val"]
    assert other["timing"] == first["timing"]
    filtered, _ = study.trial(2, scoring={"threshold": threshold, "median_filter": 3})
    assert filtered["timing"] != first["timing"]


def refuse_the_network(monkeypatch, model):
    def refused(*_, **__):
        raise AssertionError("the network was run")

    for name in ("reconstruct", "samples", "anomaly_map"):
        monkeypatch.setattr(model, name, refused)


GENERATIVE = {"posterior": {"kind": "gaussian"}}


@pytest.mark.parametrize(
    "scoring",
    [
        {"threshold": {"kind": "healthy_percentile", "percentile": 90.0}},
        {"threshold": {"kind": "scan_percentile"}},
        {"threshold": {"kind": "validation_optimum"}},
    ],
)
def test_another_threshold_runs_no_network_and_gives_what_a_trial_alone_gives(study, tmp_path, monkeypatch, scoring):
    study.trial(0, model=GENERATIVE)
    with monkeypatch.context() as patched:
        refuse_the_network(patched, VaeGan)
        other, epochs = study.trial(1, model=GENERATIVE, scoring=scoring)
    assert (other["status"], epochs) == ("completed", [])
    alone = Study(tmp_path / "alone")
    undisturbed, _ = alone.trial(1, model=GENERATIVE, scoring=scoring)
    assert without_times(other) | {"curve": []} == without_times(undisturbed) | {
        "curve": [],
        "seconds": other["seconds"],
    }
    for picture in ("panels.png", "samples.png"):
        own, expected = (each.folder / "trials" / "0001" / picture for each in (study, alone))
        assert own.read_bytes() == expected.read_bytes()


def test_another_residual_is_computed_by_the_network(study, monkeypatch):
    study.trial(0)
    refuse_the_network(monkeypatch, VaeGan)
    other, _ = study.trial(1, scoring={"residual": {"kind": "absolute"}})
    assert (other["status"], other["reason"]) == ("failed", "AssertionError: the network was run")


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_damaged_maps_are_computed_again(study, damage):
    threshold = {"kind": "healthy_percentile", "percentile": 90.0}
    study.trial(0)
    other, _ = study.trial(1, scoring={"threshold": threshold})
    shutil.rmtree(next((study.folder / "trainings").glob("*/epoch-0003/scores")))
    for path in (study.folder / "trainings").glob("*/epoch-0003/maps/*.safetensors"):
        content = path.read_bytes()
        path.write_bytes(content[:-9] if damage == "cut" else content[:-1] + bytes([content[-1] ^ 1]))
    again, epochs = study.trial(2, scoring={"threshold": threshold})
    assert epochs == []
    assert without_times(again) == without_times(other)


def test_an_identical_trial_takes_the_scores_and_the_pictures_too(study):
    first, _ = study.trial(0)
    again, epochs = study.trial(1)
    assert epochs == []
    assert without_times(again) == without_times(first)
    assert again["timing"] == first["timing"]  # which nothing that is computed anew has
    folders = [study.folder / "trials" / f"{index:04d}" for index in range(2)]
    pictures = [{path.name: path.read_bytes() for path in folder.glob("*.png")} for folder in folders]
    assert pictures[0].keys() == {"panels.png"}
    assert pictures[0] == pictures[1]


def test_lesions_are_painted_as_the_study_says_and_another_painting_is_another_scoring(study):
    first, _ = study.trial(0)
    other, epochs = study.trial(1, painting={"lesions": 1, "slices": 4})
    assert epochs == []
    assert other["val"] == first["val"]
    assert other["synthetic"]["painting"]["lesions"] == 1
    assert other["synthetic"]["slices"] == 4 < first["synthetic"]["slices"]


@pytest.mark.parametrize("pattern", ["scores/*/scores.json", "times/*.json"])
@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_damaged_scores_are_computed_again(study, pattern, damage):
    first, _ = study.trial(0)
    (path,) = (study.folder / "trainings").glob(f"*/epoch-0003/{pattern}")
    text = path.read_text()
    path.write_text(text[:40] if damage == "cut" else text.replace("0.", "1.", 1))
    again, epochs = study.trial(1)
    assert (again["status"], epochs) == ("completed", [])
    assert again["val"] == first["val"]
    assert again["timing"]["model"] < 1


def test_a_model_without_training_is_scored_in_one_place_under_every_scoring(study):
    for number in (0, 1):
        study.trial(number, model={"kind": "intensity"}, scoring={"median_filter": 2 * number + 1})
    assert len(list((study.folder / "trainings").glob("*/epoch-0000/scores/*"))) == 2
