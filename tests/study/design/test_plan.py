import pytest
from searching import made_plan

from uadray.errors import ConfigError


@pytest.mark.parametrize(
    ("added", "problem"),
    [
        ("constraints: {val/auprc: {}}", "must say at_most or at_least"),
        ("constraints: {val/fun: {at_most: 1.0}}", "val/fun"),
        ("repeats: 0", "at least 1"),
        ("warm_start: {study: ''}", "must be text; got ''"),
    ],
)
def test_mistakes_have_a_place(added, problem):
    with pytest.raises(ConfigError) as raised:
        made_plan(("run:\n", f"{added}\nrun:\n"))
    (found,) = map(str, raised.value.problems)
    assert problem in found
    assert "UAD-210 toy.yaml:9" in found


def test_a_budget_of_gpu_hours_needs_gpus():
    hours = ("max_failed_trials: 1", "max_failed_trials: 1, gpu_hours: 2")
    with pytest.raises(ConfigError) as raised:
        made_plan(hours)
    (found,) = map(str, raised.value.problems)
    assert "must have gpus_per_worker above 0 where budget.gpu_hours counts them" in found
    with_gpus = made_plan(hours, ("run:\n", "resources: {gpus_per_worker: 0.5}\nrun:\n"))
    assert with_gpus.budget.gpu_hours == 2


def test_a_study_trains_every_configuration_as_often_as_it_repeats_it():
    assert made_plan().trainings == 9
    assert made_plan(("run:\n", "repeats: 3\nrun:\n")).trainings == 27


def test_a_grid_begins_with_rows_of_the_zoo_and_with_what_was_found():
    plan = made_plan(
        ("{kind: tpe, startup_trials: 3}", "{kind: grid}"),
        ("trials: 9", "trials: 4"),
        ("{kind: healthy_percentile, percentile: {uniform: [90.0, 99.0]}}", "{kind: healthy_percentile}"),
    )
    found = {"model.latent": "dense", "model.latent.dense.dim": 64}
    points = plan.enqueued([found])
    assert points[:2] == [found, {"model.latent": "spatial", "model.latent.spatial.size": 16}]
    assert len(points) == 4
