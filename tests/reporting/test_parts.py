"""What the parts of a report say, on records that the test makes."""

import json
from dataclasses import replace

import pytest
from making import made_card
from studies import begun, made_plan

from uadray.config import RunConfig
from uadray.data.few import FewSubjects
from uadray.data.manifest import Exclusion
from uadray.data.nnunet import NnunetCohort
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.preparation import PrepareConfig
from uadray.errors import ConfigError, StudyError
from uadray.files import write_json
from uadray.pseudonyms import pseudonym
from uadray.reporting import asked, cohort, search, trust
from uadray.reporting.from_slices import extremes
from uadray.reporting.gathering import gather
from uadray.reporting.parallel import BOTTOM, TOP, parallel
from uadray.reporting.privacy import anonymous, kind_of, shareable
from uadray.reporting.score_charts import percentiles
from uadray.scoring.scorecard import PatientScore
from uadray.study.ledger import Record


def record(index, auprc, l1=0.1, status="completed", **scoring):
    model = {"kind": "vae_gan", "latent": {"kind": "dense", "dim": 2**index}, "posterior": {"kind": "deterministic"}}
    run = RunConfig.parse({"model": model, "scoring": scoring})
    curve = ({"train/autoencoder/reconstruction": 0.2, "val/l1": l1, "seconds": 1.0},)
    return Record(
        index, status, run, curve, made_card(auprc, auprc / 2), timing={"model": 0.1}, percentiles={"98": 0.1}
    )


@pytest.fixture
def found(workspace, tmp_path):
    ledger = begun(tmp_path, workspace[1], made_plan())
    return gather(ledger.folder)


def test_the_space_is_told_branch_by_branch():
    space = {
        "model": {"latent": {"choice": [{"kind": "dense", "dim": {"choice": [4, 8]}}, {"kind": "spatial"}]}},
        "scoring": {"threshold": {"percentile": {"uniform": [90, 99.5], "step": 0.5}}},
        "train": {"epochs": 3},
    }
    told = asked.search_space(space)
    assert [(line.depth, line.where, line.values) for line in told] == [
        (0, "", "dense or spatial"),
        (1, "latent dense", "4 or 8"),
        (0, "", "from 90 to 99.5, every number alike, in steps of 0.5"),
    ]


def test_what_is_left_out_of_a_cohort_is_every_word_that_could_name_someone():
    named = NnunetCohort.parse({"kind": "nnunet", "root": "/data/x", "healthy": ["sub-01", "sub-02"]})
    assert kind_of(named) == {"kind": "nnunet"}
    assert kind_of(FewSubjects(of=named, healthy=3)) == {
        "kind": "few",
        "of": {"kind": "nnunet"},
        "healthy": 3,
        "lesion": 6,
    }
    assert kind_of(PhantomCohort(healthy=5))["healthy"] == 5


def test_paths_of_a_preparation_are_left_out():
    prepared = PrepareConfig.parse({"register_to": {"kind": "sri24", "template": "people/sri24.nii.gz"}})
    assert "people" not in json.dumps(shareable(prepared))
    assert shareable(prepared)["register_to"]["kind"] == "sri24"


@pytest.mark.parametrize("path", ["/home/me/x.nii", "~/x.nii", r"C:\Users\me\x.nii", "'/home/me/a b'"])
def test_absolute_paths_leave_a_text_and_metrics_stay(path):
    told = anonymous(f"val/l1 is nan after 3/4 of it: {path}")
    assert told.startswith("val/l1 is nan after 3/4 of it: ")
    assert "me" not in told.partition(": ")[2]
    assert "nii" not in told


def test_an_exclusion_names_the_patient_by_a_pseudonym_and_no_file():
    why = Exclusion(
        subject="sub-07_ses-1",
        code="UAD-104",
        where="/data/sub-07.nii",
        must="voxels must be finite",
        got="3 NaN",
        do="Mend.",
    )
    (row,) = cohort.exclusions([why]).rows
    assert row.cells == (pseudonym("sub-07_ses-1"), "UAD-104", "voxels must be finite", "3 NaN")


def test_metrics_agree_where_they_order_the_trials_alike_whichever_way_is_better():
    records = [record(n, auprc=0.1 * n, l1=1.0 - 0.1 * n) for n in range(1, 5)]
    assert search.agreement(records, "val/l1", "min", "val/auprc", "max") == (pytest.approx(1.0), 4)
    assert search.agreement(records, "val/l1", "max", "val/auprc", "max") == (pytest.approx(-1.0), 4)
    assert search.agreement(records[:2], "val/l1", "min", "val/auprc", "max") == (None, 2)
    constant = [replace(each, timing={"model": 0.1}) for each in records]
    assert search.agreement(constant, "val/seconds_per_slice", "min", "val/auprc", "max") == (None, 4)


def test_lines_are_as_high_as_their_values(found):
    drawn = parallel(replace(found, records=tuple(record(n, auprc=0.1 * n) for n in range(1, 8))))
    assert [axis.name for axis in drawn.axes] == ["values of z", "val AUPRC"]
    best = next(line for line in drawn.lines if line.trial == 7)
    assert [float(point.split(",")[1]) for point in best.points.split()] == [TOP, TOP]
    worst = next(line for line in drawn.lines if line.trial == 1)
    assert [float(point.split(",")[1]) for point in worst.points.split()] == [BOTTOM, BOTTOM]
    assert "trial 7" in best.words


def test_there_are_no_lines_of_one_trial_or_of_trials_that_are_alike(found):
    assert parallel(replace(found, records=(record(1, 0.1),))) is None
    alike = tuple(replace(record(1, 0.1), index=n) for n in range(3))
    assert parallel(replace(found, records=alike)) is None


def test_the_best_and_the_worst_patients_are_never_the_same():
    def patient(name, dice):
        return PatientScore(name, 1, 5, 0, 2, dice, dice, 0.9, 1, 1, 2, 1)

    five = extremes([patient(f"sub-{n}", n / 10) for n in range(5)])
    assert [[p.subject for p in chosen] for chosen in five.values()] == [
        ["sub-4", "sub-3", "sub-2"],
        ["sub-1", "sub-0"],
    ]
    assert list(extremes([patient("sub-1", 0.1), patient("sub-2", None)])) == ["Highest Dice"]
    assert extremes([patient("sub-1", None)]) == {}


def test_percentile_curves_are_drawn_and_told(workspace):
    drawn = percentiles([record(1, 0.4, threshold={"kind": "healthy_percentile", "percentile": 97.0})])
    assert drawn.uri.startswith("data:image/svg+xml;base64,")
    assert "trial 1 up to 0.100" in drawn.alt


def test_labels_are_said_to_be_read_where_they_were(found):
    assert "validation patients were read for val/auprc" in trust.labels_read(found)
    painted = made_plan(objectives={"val/synthetic_dice": "max"})
    assert "No label was read" in trust.labels_read(replace(found, plan=painted))


def test_the_best_of_several_seeds_is_said_to_be_that(found):
    seeds = [record(1, auprc) for auprc in (0.25, 0.5, 0.125)]
    runs = [RunConfig.parse({**each.run.plain(), "train": {"seed": n}}) for n, each in enumerate(seeds)]
    records = tuple(replace(each, index=n, run=run) for n, (each, run) in enumerate(zip(seeds, runs, strict=True)))
    said = trust.cautions(replace(found, records=records, selection={"trial": 1}))
    assert any("best of 3 trainings" in caution and "0.250, 0.500 and 0.125" in caution for caution in said)
    said = trust.cautions(replace(found, records=records[1:2], selection={"trial": 1}))
    assert any("with one seed" in caution for caution in said)


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="UAD-304"):
        gather(tmp_path)


@pytest.mark.parametrize("file", ["study.json", "test.json"])
def test_a_study_of_another_version_is_refused(found, file):
    write_json(found.ledger.folder / file, {"id": "x", "store": "key", "weather": "fine"})
    with pytest.raises(StudyError, match="UAD-333"):
        gather(found.ledger.folder)
