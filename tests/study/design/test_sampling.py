"""Every sampler in a study with branches: what it draws follows from the seed and the settled trials."""

import optuna
import pytest
from pydantic import TypeAdapter
from searching import finish, made_plan, run_study, searcher

from uadray.study.design.sampling import SamplerConfig
from uadray.study.space.search_space import SearchSpace

DRAWING = {
    "tpe": "startup_trials: 3",
    "gp": "startup_trials: 4",
    "nsga2": "population_size: 2",
    "qmc": "seed: 4",
    "random": "seed: 4",
}
FORMER = "sampler: {kind: tpe, startup_trials: 3}"
BOUNDS = ("run:\n", "constraints: {val/dice_mean: {at_least: 0.4}, val/l1: {at_most: 0.08}}\nrun:\n")
TWO = ("{val/auprc: max}", "{val/auprc: max, val/l1: min}")
NEVER = ("{kind: asha, grace_epochs: 1, reduction_factor: 2}", "{kind: none}")


def plan_of(kind, *more):
    return made_plan((FORMER, f"sampler: {{kind: {kind}, {DRAWING[kind]}}}"), *more)


def anew_after_every_trial(plan, folder):
    """The study with its searcher thrown away and opened again after every trial."""
    suggested = {}
    for number in range(plan.budget.trials):
        search = searcher(plan, folder)
        answer = search.suggest(f"id{number}")
        suggested[answer["index"]] = answer
        finish(search.ledger, answer)
    return suggested


@pytest.mark.parametrize("kind", DRAWING)
def test_a_study_that_is_opened_anew_after_every_trial_draws_the_same(kind, tmp_path):
    plan = plan_of(kind)
    in_one_go = run_study(searcher(plan, tmp_path / "a"))
    assert len(in_one_go) == 9
    assert anew_after_every_trial(plan, tmp_path / "b") == in_one_go


@pytest.mark.parametrize("kind", DRAWING)
def test_the_seed_decides_what_is_drawn(kind, tmp_path):
    def drawn(seed):
        plan = plan_of(kind, ("trials: 9", "trials: 4"))
        seeded = plan.model_copy(update={"sampler": plan.sampler.model_copy(update={"seed": seed})})
        return run_study(searcher(seeded, tmp_path / str(seed)))[3]["run"]

    assert drawn(0) != drawn(1)


@pytest.mark.parametrize("kind", DRAWING)
@pytest.mark.parametrize("objectives", ["one", "two"])
def test_constraints_and_several_objectives_do_not_disturb_a_sampler(kind, objectives, tmp_path):
    plan = plan_of(kind, BOUNDS, NEVER, *([TWO] if objectives == "two" else []))
    search = searcher(plan, tmp_path / "a")
    assert len(run_study(search)) == 9
    assert {trial.state.name for trial in search._ot_study.trials} == {"COMPLETE"}
    assert {len(trial.constraints) for trial in search._ot_study.trials} == {2}


def test_tpe_looks_where_constraints_are_kept(tmp_path):
    """AUPRC asks for a percentile of 95, the constraint for less than 92.5."""
    more_trials = ("trials: 9", "trials: 24")

    def percentiles(folder, *more):
        suggested = run_study(searcher(plan_of("tpe", more_trials, NEVER, *more), tmp_path / folder))
        return [suggested[number]["run"]["scoring"]["threshold"]["percentile"] for number in range(10, 24)]

    free = percentiles("free")
    bound = percentiles("bound", ("run:\n", "constraints: {val/l1: {at_least: 0.0645}}\nrun:\n"))
    assert sum(value < 92.5 for value in bound) > sum(value < 92.5 for value in free)


SPACE = SearchSpace(
    {
        "a": {"choice": [{"kind": "x", "b": {"uniform": [0.0, 1.0]}}, {"kind": "y", "c": {"integer": [1, 4]}}]},
        "d": {"loguniform": [1e-4, 1.0]},
    }
)


def quasi_random(count, seed=0):
    """The values of the first trials of a study that Sobol points alone decide."""
    config = TypeAdapter(SamplerConfig).validate_python({"kind": "qmc", "seed": seed})
    study = optuna.create_study()
    values = []
    for number in range(count):
        study.sampler = config.build(number, SPACE)
        values.append(SPACE.suggest(study.ask()))
    return values


def test_quasi_random_points_fill_branches_and_ranges_evenly():
    values = quasi_random(64)
    assert sum(point["a"] == "x" for point in values) == 32
    counts = [sum(point.get("a.y.c") == number for point in values) for number in (1, 2, 3, 4)]
    assert all(4 <= count <= 12 for count in counts)
    for decade in (1e-4, 1e-3, 1e-2, 1e-1):
        assert sum(decade <= point["d"] < 10 * decade for point in values) == 16


def test_quasi_random_points_of_other_seeds_differ():
    assert quasi_random(8, seed=1) != quasi_random(8, seed=2)
    assert quasi_random(8, seed=1) == quasi_random(8, seed=1)
