"""From a worker's record to the verdict: what is fitted on healthy validation slices is fitted for both contenders."""

import io
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from making import made_slices, made_task
from rich.console import Console

from uadray.config import RunConfig
from uadray.errors import StudyError
from uadray.files import write_json
from uadray.models.intensity import IntensityConfig
from uadray.scoring.threshold import ScanPercentile
from uadray.study.design.plan import StudyConfig
from uadray.study.design.tested import EveryTrialConfig
from uadray.study.ledger import Ledger
from uadray.study.result.comparison import BASELINE, standings, write_comparison
from uadray.study.result.held_out import open_test, openings
from uadray.study.result.selection import select
from uadray.study.result.summary import summary, untested
from uadray.study.result.verdict import Verdict, judge
from uadray.training.loop import Rank
from uadray.training.task import Place
from uadray.training.worker import work

RUN = {
    "model": {"kind": "vae_gan", "latent": {"kind": "dense", "dim": 4}, "posterior": {"kind": "gaussian"}},
    "train": {"epochs": 2, "batch_size": 4, "precision": "fp32"},
    "scoring": {"residual": {"kind": "positive_mahalanobis", "draws": 3}, "standardise": {"kind": "healthy_z_score"}},
}


@dataclass
class Opened:
    """A store of made slices that remembers what was read."""

    read_so_far: list
    size: int = 32
    key: str = "made"
    without: tuple = ()  # parts in which nobody is
    test_seed: int = 7

    def subjects(self, split, group):
        return {} if (split, group) in self.without else {"sub-healthy00": None}

    def read(self, split, group):
        self.read_so_far.append((split, group))
        assert (split, group) not in self.without
        seeds = {
            ("val", "healthy"): 4,
            ("val", "lesion"): 0,
            ("test", "lesion"): self.test_seed,
            ("test", "healthy"): 8,
        }
        return made_slices(seed=seeds[split, group], lesion=group == "lesion")


def trained(ledger, slices, index, seed, **changes):
    place = Place(torch.device("cpu"), Rank(), lambda module: module, slices.__getitem__, lambda row: None)
    run = RunConfig.parse({**RUN, **changes, "train": {**RUN["train"], "seed": seed}}).plain()
    work(made_task(run, ledger.trial(index), index), place)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    ledger, store = Ledger(tmp_path_factory.mktemp("study")), Opened([])
    slices = {
        "train": made_slices(6, seed=3, lesion=False),
        "val_healthy": store.read("val", "healthy"),
        "val_lesion": store.read("val", "lesion"),
    }
    trained(ledger, slices, 0, seed=0)
    trained(ledger, slices, 1, seed=1)
    (ledger.folder / "selection.json").write_text(json.dumps({"trial": 0}))
    plan = StudyConfig.parse({"study": "toy", "cohort": {"kind": "phantom"}, "budget": {"trials": 2}, "run": RUN})
    plan = plan.model_copy(update={"tested": EveryTrialConfig()})
    return ledger, store, judge(plan, ledger, store, ledger.record(0))


def test_the_winner_is_scored_on_test_patients_as_it_was_on_validation_patients(study):
    ledger, _, verdict = study
    assert verdict.winner.val == ledger.record(0).val
    assert verdict.winner.test.threshold == verdict.winner.val.threshold
    assert verdict.winner.test.dice_mean == pytest.approx(verdict.winner.val.dice_mean, abs=0.3)


def test_the_baseline_has_the_winners_steps_but_for_its_draws(study):
    _, _, verdict = study
    assert verdict.baseline.run.scoring.standardise == verdict.winner.run.scoring.standardise
    assert verdict.baseline.run.scoring.residual.draws == 1
    assert RunConfig.parse(verdict.baseline.run.plain()).model == IntensityConfig()
    assert verdict.baseline.test.auprc > 0.9


def test_the_test_split_is_opened_last_and_once_for_each_group(study):
    _, store, _ = study
    assert store.read_so_far[-2:] == [("test", "lesion"), ("test", "healthy")]
    assert sum(split == "test" for split, _ in store.read_so_far) == 2


def test_what_is_called_lesion_in_healthy_test_subjects_is_counted(study):
    _, _, verdict = study
    assert verdict.winner.healthy.scans == verdict.baseline.healthy.scans == 3
    assert 0 < verdict.winner.healthy.share_of_brain < 0.2


def test_a_trial_leaves_its_panels_and_samples_and_the_verdict_its_own(study):
    ledger, _, _ = study
    assert {path.name for path in ledger.trial(0).glob("*.png")} == {"panels.png", "samples.png"}
    assert (ledger.folder / "test_panels.png").is_file()


def test_every_trial_is_tested_where_that_is_asked_for_in_the_same_opening(study):
    ledger, _, verdict = study
    assert verdict.others.keys() == {1}
    assert verdict.others[1].threshold == ledger.record(1).val.threshold
    assert {patient.subject for patient in verdict.others[1].patients} == {
        p.subject for p in verdict.winner.test.patients
    }
    assert Verdict.parse(json.loads((ledger.folder / "test.json").read_text())) == verdict


def test_every_opening_of_the_test_split_is_written_down(study):
    ledger, _, _ = study
    found = [(opening["for"], opening["group"], opening["store"]) for opening in openings(ledger)]
    assert found == [("verdict", "lesion", "made"), ("verdict", "healthy", "made")]


def test_the_test_split_is_shut_until_the_selection_is_on_disk(tmp_path):
    ledger, store = Ledger(tmp_path), Opened([])
    with pytest.raises(StudyError, match="UAD-331"):
        open_test(ledger, store, "a look")
    assert store.read_so_far == []
    assert openings(ledger) == []


def test_methods_are_compared_patient_by_patient_with_their_trainings_taken_together(study):
    ledger, _, verdict = study
    path = write_comparison(verdict, ledger)
    rows = {row.method: row for row in standings(verdict, ledger)}
    (name,) = rows.keys() - {BASELINE}
    assert (rows[name].trainings, rows[BASELINE].trainings) == (2, 1)
    expected = np.mean([verdict.winner.test.auprc, verdict.others[1].auprc])
    assert rows[name].pooled_auprc == pytest.approx(expected)
    dices = [[patient.dice for patient in card.patients] for card in (verdict.winner.test, verdict.others[1])]
    assert rows[name].dice.value == pytest.approx(np.mean(dices))
    assert rows[name].against_baseline.other == BASELINE
    assert rows[BASELINE].against_baseline is None
    lines = path.read_text().splitlines()
    assert sum(line.startswith(f"| {name} | 2 |") for line in lines) == 1
    assert json.loads(path.with_suffix(".json").read_text())[0]["trainings"] in (1, 2)


def test_trainings_that_were_lost_are_shown(study, tmp_path):
    ledger, _, verdict = study
    known = Ledger(Path(shutil.copytree(ledger.folder, tmp_path / "study")))
    run = ledger.record(0).run
    known.fail(2, run.model_copy(update={"train": run.train.model_copy(update={"seed": 2})}), "out of memory")
    for index, seed in ((3, 0), (4, 1)):
        lost = RunConfig.parse({"model": "sAE3", "train": {"seed": seed}})
        write_json(
            known.trial(index) / "trial.json", {"index": index, "run": lost.plain(), "status": "diverged", "curve": []}
        )
    path = write_comparison(verdict, known)
    (row,) = [row for row in standings(verdict, known) if row.method != BASELINE]
    assert (row.trainings, row.attempted) == (2, 3)
    text = path.read_text()
    assert f"| {row.method} | 2 of 3 |" in text
    assert f"| {BASELINE} | 1 |" in text
    assert "sAE 16x16x64: 0 of 2 trainings could be scored." in text


NO_PATIENTS = {"val/synthetic_dice": "max"}


@pytest.fixture(scope="module")
def unlabelled(tmp_path_factory):
    """A study that has nobody but healthy people to validate on."""
    ledger, store = Ledger(tmp_path_factory.mktemp("unlabelled")), Opened([], without=(("val", "lesion"),))
    healthy = store.read("val", "healthy")
    slices = {"train": made_slices(6, seed=3, lesion=False), "val_healthy": healthy, "val_lesion": healthy.only([])}
    trained(ledger, slices, 0, seed=0)
    trained(ledger, slices, 1, seed=1, scoring={"threshold": {"kind": "scan_percentile"}})
    tree = {
        "study": "toy",
        "cohort": {"kind": "phantom"},
        "budget": {"trials": 2},
        "objectives": NO_PATIENTS,
        "run": RUN,
    }
    plan = StudyConfig.parse({**tree, "tested": {"kind": "every_trial"}})
    return ledger, plan, select(plan, ledger, store, "all 2 trials are done")


def test_a_trial_without_labelled_patients_is_finished_and_scored_on_painted_lesions(unlabelled):
    ledger, _, best = unlabelled
    for record in ledger.records():
        assert (record.status, record.scored, record.val) == ("completed", True, None)
        assert record.metrics.keys() == {
            "val/l1",
            "val/seconds_per_slice",
            "model/parameters",
            "val/synthetic_dice",
            "val/synthetic_auprc",
        }
        assert record.synthetic["labels"] == "none"
        assert (ledger.trial(record.index) / "panels.png").is_file()
    assert ledger.record(1).threshold == ScanPercentile()
    assert best.metrics["val/synthetic_dice"] == max(r.metrics["val/synthetic_dice"] for r in ledger.records())


def test_test_patients_with_labels_judge_a_study_that_had_none_to_validate_on(unlabelled, tmp_path):
    ledger, plan, best = unlabelled
    own = Ledger(Path(shutil.copytree(ledger.folder, tmp_path / "study")))
    verdict = judge(plan, own, Opened([], without=(("val", "lesion"),)), best)
    assert verdict.winner.val is verdict.baseline.val is None
    assert verdict.winner.test.scored == 3
    assert verdict.others.keys() == {1 - best.index}
    assert Verdict.parse(json.loads((own.folder / "test.json").read_text())) == verdict
    assert write_comparison(verdict, own) is not None
    shown = "".join(console_text(summary(plan, verdict, {})))
    assert "Chosen by val/synthetic_dice; labels read for it: none." in shown


def test_without_a_patient_to_test_on_a_study_says_what_was_selected_and_that_nothing_was_tested(unlabelled):
    _, plan, best = unlabelled
    shown = console_text(untested(plan, best, {"Files": "here"}))
    assert f"trial {best.index}" in shown
    assert "Nothing could be tested" in shown
    assert "Files: here" in shown


def test_a_scan_that_sets_its_own_threshold_does_so_in_the_test_and_in_healthy_people(unlabelled, tmp_path):
    ledger, plan, _ = unlabelled
    own = Ledger(Path(shutil.copytree(ledger.folder, tmp_path / "study")))
    write_json(own.folder / "selection.json", {"trial": 1})
    verdict = judge(plan, own, Opened([], without=(("val", "lesion"),)), own.record(1))
    assert verdict.winner.healthy.share_of_brain == pytest.approx(0.02, abs=2e-3)
    assert verdict.winner.healthy.scans_without == 0


def test_labels_of_test_patients_decide_nothing_but_the_scores_on_them(study, tmp_path):
    ledger, _, verdict = study
    own = Ledger(Path(shutil.copytree(ledger.folder, tmp_path / "study")))
    (own.folder / "test.json").unlink()
    plan = StudyConfig.parse({"study": "toy", "cohort": {"kind": "phantom"}, "budget": {"trials": 2}, "run": RUN})
    other = judge(plan, own, Opened([], test_seed=9), own.record(0))
    for former, now in ((verdict.winner, other.winner), (verdict.baseline, other.baseline)):
        assert (now.run, now.val, now.test.threshold) == (former.run, former.val, former.test.threshold)
        assert now.test != former.test


def console_text(shown):
    console = Console(file=io.StringIO(), width=200)
    console.print(shown)
    return console.file.getvalue()


def test_without_others_there_is_nothing_to_compare(study):
    ledger, _, verdict = study
    assert write_comparison(replace(verdict, others={}), ledger) is None
