import math

import pytest
from making import made_card

from uadray.config import RunConfig
from uadray.study.configurations import Configuration
from uadray.study.ledger import Record
from uadray.study.objectives import BoundConfig

RUN = RunConfig.parse({"model": "sAE3"})


def repeated(*auprcs):
    """A configuration with a training of each AUPRC; None for one that failed."""
    trainings = [
        Record(index, "completed" if auprc is not None else "failed", RUN, (), auprc and made_card(auprc, 0.5))
        for index, auprc in enumerate(auprcs, start=6)
    ]
    return Configuration(2, tuple(trainings))


def test_a_metric_is_the_mean_over_the_trainings_that_have_it():
    found = repeated(0.2, None, 0.4)
    assert found.mean("val/auprc") == pytest.approx(0.3)
    assert found.std("val/auprc") == pytest.approx(0.02**0.5)
    assert found.values("val/auprc") == {6: 0.2, 8: 0.4}


def test_a_configuration_of_which_most_failed_has_no_score():
    assert repeated(0.2, None).has("val/auprc")
    assert not repeated(0.2, None, None).has("val/auprc")
    assert math.isnan(repeated(0.2, None, None).mean("val/auprc"))


@pytest.mark.parametrize(
    ("scores", "index"),
    [
        ((0.4,), 6),
        ((0.4, 0.1, 0.3), 8),
        ((0.4, 0.1), 7),  # of two in the middle, the worse
        ((0.1, 0.3, 0.3, 0.3), 7),  # ties go to the earlier
        ((None, 0.3, 0.4), 7),
    ],
)
def test_the_median_training_stands_for_its_configuration(scores, index):
    assert repeated(*scores).representative("val/auprc", "max").index == index


def test_the_worse_of_the_middle_two_depends_on_the_direction():
    assert repeated(0.4, 0.1).representative("val/auprc", "min").index == 6


def test_a_bound_is_held_against_the_mean():
    found = repeated(0.2, 0.4)
    assert found.feasible({"val/auprc": BoundConfig(at_least=0.3)})
    assert not found.feasible({"val/auprc": BoundConfig(at_least=0.31)})
    assert found.feasible({})


def test_what_has_no_score_keeps_no_bound():
    assert not repeated(None).feasible({"val/auprc": BoundConfig(at_least=0.0)})
