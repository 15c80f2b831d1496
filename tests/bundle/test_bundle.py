"""A model file is opened as it was written, or refused with a reason."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from applying import made_bundle, made_study
from commanding import uadray
from making import made_card

from uadray.bundle import reference
from uadray.bundle.bundle import Bundle
from uadray.bundle.metrics import metrics
from uadray.bundle.writing import copied, write_bundle
from uadray.data.preprocess.register import Sri24
from uadray.errors import DataError, StudyError
from uadray.files import sha256, write_json
from uadray.scoring.detector import Detector
from uadray.study.ledger import Record


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    return folder, *made_bundle(folder)


@pytest.fixture
def copy(made, tmp_path):
    """A copy of the model file that a test may harm."""
    return shutil.copytree(made[3].path, tmp_path / "copy")


def seal(folder):
    """Write the checksums anew."""
    lines = [f"{sha256(path)}  {path.name}\n" for path in sorted(folder.iterdir()) if path.name != "SHA256SUMS"]
    (folder / "SHA256SUMS").write_text("".join(lines))


def change(folder, **values):
    """Change what model.json says, checksums included."""
    write_json(folder / "model.json", {**json.loads((folder / "model.json").read_text()), **values})
    seal(folder)


def test_its_detector_scores_as_the_studys_does_to_the_last_bit(made):
    _, store, ledger, bundle = made
    patients = store.read("val", "lesion")
    run = ledger.record(0).run
    own = Detector(run.model.build(32), run.scoring).fit(store.read("val", "healthy"))
    again = Bundle.open(bundle.path).detector()
    assert again.anomaly_maps(patients).tobytes() == own.anomaly_maps(patients).tobytes()
    assert bundle.content.threshold == ledger.record(0).threshold


def test_it_says_who_the_threshold_comes_from_and_prepares_as_the_store_was_prepared(made):
    _, store, _, bundle = made
    members = store.subjects("val", "healthy").values()
    assert bundle.content.population.subjects == len(members)
    assert bundle.content.population.slices == sum(member.slices for member in members)
    assert bundle.prepare.canvas.size == 32
    assert bundle.prepare.intensity.plain() == store.manifest.intensity
    assert "Research use only" in bundle.content.notice


def test_the_same_trial_gives_the_same_bytes(made, tmp_path):
    _, store, ledger, bundle = made
    assert write_bundle(ledger, store, ledger.record(0), tmp_path / "again").digest == bundle.digest


def test_the_card_tells_what_it_is_for_how_good_it_is_and_what_it_is_not(made):
    card = (made[3].path / "README.md").read_text()
    for said in (
        "Research use only",
        "not assessed",
        "Dice, mean over patients",
        "test patients are results",
        "kind: intensity",
    ):
        assert said in card


def test_a_fitted_scale_of_intensities_goes_along(tmp_path):
    settings = {"intensity": {"kind": "histogram_match"}, "slices": {"kind": "middle", "count": 3}}
    settings["canvas"] = {"kind": "resample", "size": 32}
    _, _, bundle = made_bundle(tmp_path, scoring={"median_filter": 1}, settings=settings)
    assert bundle.prepare.intensity.kind == "landmarks"
    assert not (bundle.path / "standard.safetensors").exists()
    assert "standard.safetensors" not in (bundle.path / "SHA256SUMS").read_text()


def test_a_template_of_ones_own_goes_along(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "atlas.v2.nii.gz").write_bytes(b"voxels")
    own = Sri24(template=tmp_path / "mine" / "atlas.v2.nii.gz")
    (tmp_path / "model").mkdir()
    packed = own.packed(tmp_path / "model")
    assert packed.carried == ("template.nii.gz",)
    moved = (tmp_path / "model").rename(tmp_path / "elsewhere")
    assert packed.unpacked(moved).template.read_bytes() == b"voxels"


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (lambda folder: shutil.rmtree(folder), "UAD-370"),
        (lambda folder: [path.unlink() for path in folder.iterdir()], "UAD-370"),
        (lambda folder: (folder / "model.json").write_text('{"name": "of another program"}'), "UAD-370"),
        (lambda folder: (folder / "model.json").write_text("[" * 100_000), "UAD-371"),
        (lambda folder: (folder / "model.json").write_bytes(b"{" + b" " * 2**21), "UAD-371"),
        (lambda folder: (folder / "weights.safetensors").write_bytes(b"other"), "UAD-371"),
        (lambda folder: (folder / "README.md").write_text("another card"), "UAD-371"),
        (lambda folder: (folder / "SHA256SUMS").write_text(f"{'0' * 64}  ../../etc/passwd\n"), "UAD-371"),
        (lambda folder: (folder / "SHA256SUMS").write_bytes(b"\xff\xfe"), "UAD-371"),
        (lambda folder: change(folder, format=2, unheard="of"), "UAD-372"),
        (lambda folder: (folder / "weights.safetensors").unlink(), "UAD-373"),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "UAD-373"),
        (lambda folder: (folder / "standard.safetensors").unlink(), "UAD-373"),
        (lambda folder: ((folder / "standard.safetensors").unlink(), seal(folder)), "UAD-373"),
        (lambda folder: change(folder, unheard="of"), "UAD-374"),
        (lambda folder: change(folder, size="32"), "UAD-374"),
    ],
)
def test_a_foreign_damaged_newer_or_incomplete_folder_is_refused(copy, harm, code):
    harm(copy)
    with pytest.raises(DataError) as refused:
        Bundle.open(copy)
    assert refused.value.problems[0].code == code


@pytest.mark.parametrize("name", ["weights.safetensors", "standard.safetensors"])
def test_tensors_that_are_none_or_do_not_fit_are_refused_and_a_pickle_is_never_loaded(copy, name):
    (copy / name).write_bytes(b"\x80\x04cos\nsystem\n")
    seal(copy)
    with pytest.raises(DataError, match="UAD-374"):
        Bundle.open(copy).detector()


def test_a_folder_with_something_else_is_not_written_over_and_a_former_model_is(made, copy, tmp_path):
    _, store, ledger, bundle = made
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"cat")
    for place in (tmp_path / "photos", tmp_path / "photos" / "cat.png"):
        with pytest.raises(DataError, match="UAD-376"):
            write_bundle(ledger, store, ledger.record(0), place)
    assert (tmp_path / "photos" / "cat.png").read_bytes() == b"cat"
    (copy / "weights.safetensors").write_bytes(b"damaged")
    assert write_bundle(ledger, store, ledger.record(0), copy).digest == bundle.digest


@pytest.mark.parametrize("name", ["notes.txt", "weights.safetensors.bak", "figures/qc.png", "README.md/mine.md"])
def test_what_a_person_put_beside_a_former_model_is_not_removed(made, copy, name):
    _, store, ledger, bundle = made
    (copy / "README.md").unlink()
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_text("mine")
    for replace in (lambda: write_bundle(ledger, store, ledger.record(0), copy), lambda: copied(bundle, copy)):
        with pytest.raises(DataError, match=r"UAD-376.*a folder with"):
            replace()
    assert (copy / name).read_text() == "mine"


def test_a_copy_holds_the_model_file_alone_and_can_be_replaced(copy, tmp_path):
    (copy / "notes.txt").write_text("mine")
    for _ in range(2):
        again = copied(Bundle.open(copy), tmp_path / "again")
        assert "notes.txt" not in {path.name for path in again.path.iterdir()}


def test_the_present_folder_is_not_replaced_and_a_link_stays_one(made, copy, tmp_path, monkeypatch):
    bundle = made[3]
    monkeypatch.chdir(copy)
    for place in (Path(), tmp_path, Path("..")):
        with pytest.raises(DataError, match=r"UAD-376.*present folder"):
            copied(bundle, place)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(copy)
    assert copied(bundle, Path("link")).digest == bundle.digest
    assert (tmp_path / "link").is_symlink()


def told(*arguments):
    return uadray(*arguments)


def test_a_model_in_a_folder_is_exported_as_it_is(made, tmp_path):
    bundle = made[3]
    done = told("export", bundle.path, "-o", tmp_path / "copy")
    assert done.exit_code == 0, done.output
    assert Bundle.open(tmp_path / "copy").digest == bundle.digest
    refused = told("export", bundle.path, "-o", tmp_path / "other", "--trial", 0)
    assert (refused.exit_code, "UAD-389" in refused.output) == (2, True)


@pytest.mark.parametrize("name", ["toy:0", "toy:best"])
def test_a_trial_is_named_once(made, tmp_path, name):
    refused = told("export", name, "--trial", 0, "-o", tmp_path / "model", "--workspace", made[0])
    assert (refused.exit_code, "UAD-389" in refused.output) == (2, True)
    assert not (tmp_path / "model").exists()


def test_calls_that_need_the_same_model_file_make_it_once(made, tmp_path, monkeypatch):
    folder, store, ledger, bundle = made
    shutil.rmtree(folder / "models", ignore_errors=True)
    written = []

    def slowly(*how):
        written.append(how)
        time.sleep(0.2)
        return write_bundle(*how)

    monkeypatch.setattr(reference, "write_bundle", slowly)
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(reference.made, ledger, store, ledger.record(0)) for _ in range(3)]
        assert {call.result().digest for call in calls} == {bundle.digest}
    assert len(written) == 1


def test_a_trial_without_a_score_makes_no_model(made, tmp_path):
    _, store, ledger, _ = made
    lost = Record(1, "failed", ledger.record(0).run, (), reason="out of memory")
    with pytest.raises(StudyError, match=r"UAD-332.*out of memory"):
        write_bundle(ledger, store, lost, tmp_path / "model")


@pytest.mark.parametrize("name", ["toy", "toy:best", "toy:0"])
def test_a_study_of_the_workspace_is_a_model_by_name(made, name):
    folder, *_, bundle = made
    assert reference.opened(name, folder).digest == bundle.digest
    assert reference.opened(str(folder / "studies" / name), folder / "elsewhere").digest == bundle.digest
    assert reference.opened(str(bundle.path), folder).digest == bundle.digest
    assert len(list((folder / "models").glob("toy-*"))) == 1


def test_names_that_lead_nowhere_are_refused(made, tmp_path):
    folder = made[0]
    for name in ("other:best", "toy:last", "../toy:best", "no/such/folder"):
        with pytest.raises(DataError, match="UAD-375"):
            reference.opened(name, folder)
    for name in ("toy:7", str(folder / "studies" / "toy:7")):
        with pytest.raises(StudyError, match=r"UAD-332.*got trial 7\. Choose of trials 0\."):
            reference.opened(name, folder)
    with pytest.raises(DataError, match=r"UAD-375.*studies: toy"):
        reference.opened("models:/uadray-toy@champion", folder)
    with pytest.raises(DataError, match="UAD-370"):
        reference.opened(str(tmp_path), folder)


def test_a_reference_of_a_known_scheme_is_fetched(made, tmp_path):
    bundle = made[3]
    assert reference.opened("shelf:/left/2", tmp_path, {"shelf": {"shelf:/left/2": bundle}.__getitem__}) is bundle


def test_a_study_that_was_tested_since_makes_another_model_file(tmp_path):
    store, ledger, _ = made_bundle(tmp_path)
    before = reference.made(ledger, store, ledger.record(0)).path
    write_json(ledger.folder / "test.json", {})
    assert reference.content_key(ledger, store.key, ledger.record(0)) not in before.name


def test_a_study_that_has_not_ended_says_which_trials_it_has(tmp_path):
    _, ledger = made_study(tmp_path)
    (ledger.folder / "selection.json").unlink()
    with pytest.raises(StudyError, match=r"UAD-332.*the study has not ended\. Choose of trials 0\."):
        reference.opened("toy", tmp_path)
    (ledger.trial(0) / "trial.json").unlink()
    with pytest.raises(StudyError, match=r"UAD-332.*Wait until one is scored\."):
        reference.opened("toy", tmp_path)


def test_metrics_of_one_patient_have_no_interval(tmp_path):
    _, ledger = made_study(tmp_path)
    record = ledger.record(0)
    found = metrics(ledger, Record(0, "completed", record.run, (), val=made_card(0.4, 0.3), threshold=0.1))
    assert (found["val/dice_mean"].value, found["val/dice_mean"].low, found["val/dice_mean"].n) == (0.3, None, 1)
    assert not any(name.startswith("test/") for name in found)
    known = metrics(ledger, record)["val/dice_mean"]
    assert known.low <= known.value <= known.high
    assert np.isfinite([known.low, known.high]).all()
