import pytest

from uadray.study.design.smoke import smoke
from uadray.study.reading.checking import check
from uadray.yaml_file import parse

HEAD = "study: toy\ncohort: {kind: phantom}\nbudget: {trials: 40}\nrepeats: 3\nscheduler: {kind: asha}\n"


@pytest.mark.parametrize(
    "run",
    [
        "{model: sVAE}",
        "{model: sVAE, train: {epochs: 90, stop_after: 80}}",
        "{model: sVAE, train: {epochs: {integer: [5, 9]}, seed: {choice: [0, 1]}}}",
        "{choice: [{model: sVAE}, {model: dVAE, train: {epochs: 7}}]}",
    ],
)
def test_every_trial_of_a_smoke_study_trains_two_epochs(run):
    short = smoke(check(parse(f"{HEAD}run: {run}", "toy.yaml")))
    assert {corner.plain()["train"]["epochs"] for corner in short.space.corners()} == {2}
    assert (short.study, short.budget.trials, short.repeats, short.scheduler.kind) == ("toy-smoke", 2, 1, "none")
    assert short.cohort.kind == "few"


def test_a_smoke_study_of_a_few_subjects_takes_these():
    few = check(
        parse(
            HEAD.replace("{kind: phantom}", "{kind: few, healthy: 3, of: {kind: phantom}}") + "run: {model: sVAE}", "a"
        )
    )
    assert smoke(few).cohort.healthy == 3
