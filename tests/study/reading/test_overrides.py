"""Values on the command line stand where the file's would, and are checked likewise."""

import pytest
from bad_spaces import GOOD

from uadray.errors import ConfigError
from uadray.study.reading.checking import load


@pytest.fixture
def space(tmp_path):
    (tmp_path / "toy.yaml").write_text(GOOD)
    return tmp_path / "toy.yaml"


def problems(space, *overrides):
    with pytest.raises(ConfigError) as caught:
        load(space, overrides=overrides)
    return [str(problem) for problem in caught.value.problems]


def test_values_are_set_at_any_depth_and_the_rest_stays(space):
    plan = load(
        space, overrides=["budget.trials=20", "run.train.epochs=5", "run.scoring.median_filter={choice: [1, 3]}"]
    )
    before = load(space)
    assert (plan.budget.trials, plan.budget.hours) == (20, 1.5)
    assert plan.run["train"] == {"epochs": 5, "batch_size": 8}
    assert plan.run["scoring"]["median_filter"] == {"choice": [1, 3]}
    assert (plan.study, plan.cohort, plan.run["model"]) == (before.study, before.cohort, before.run["model"])


def test_sections_that_the_file_leaves_out_are_begun(space):
    plan = load(space, overrides=["resources.cpus_per_worker=2", "run.model.adversary.kind=image", "enqueue=[]"])
    assert plan.resources.cpus_per_worker == 2
    assert plan.run["model"]["adversary"] == {"kind": "image"}


def test_values_are_read_as_those_of_the_file(space):
    plan = load(space, overrides=["budget.hours=.5", "run.train.seed=010", "run.model.learning_rate=1e-4", "study='7'"])
    assert (plan.budget.hours, plan.run["train"]["seed"], plan.run["model"]["learning_rate"]) == (0.5, 10, 1e-4)
    assert plan.study == "7"


@pytest.mark.parametrize("reverse", [False, True])
def test_their_order_does_not_matter_and_another_kind_begins_its_section_anew(space, reverse):
    overrides = ["sampler.kind=random", "sampler.seed=3", "prepare.slices={kind: middle}", "prepare.slices.count=4"]
    plan = load(space, overrides=overrides[::-1] if reverse else overrides)
    assert plan.sampler.plain() == {"kind": "random", "seed": 3}
    assert plan.prepare.slices.plain() == {"kind": "middle", "count": 4}


def test_the_same_kind_keeps_its_section(space):
    assert load(space, overrides=["sampler.kind=tpe"]).sampler.seed == 1


def test_items_of_lists_are_set_by_their_number(space):
    plan = load(space, overrides=["run.model.latent.choice.0.dim=64", "enqueue=[dAE]", "enqueue.0=sAE1"])
    assert plan.run["model"]["latent"]["choice"][0] == {"kind": "dense", "dim": 64}
    assert plan.enqueue == ("sAE1",)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("budget.trails=20", "UAD-210 override budget.trails: must be a known key; got 'trails'. Did you mean `trials`?"),
        ("bugdet.trials=20", "UAD-210 override bugdet: must be a known key; got 'bugdet'. Did you mean `budget`?"),
        ("run.trian.epochs=5", "UAD-210 override run.trian: must be a known key; got 'trian'. Did you mean `train`?"),
        ("budget.trials=x", "UAD-210 override budget.trials: must be a whole number, at least 1; got 'x'."),
        ("budget.trials=", "UAD-210 override budget.trials: must be a whole number, at least 1; got null."),
        ("sampler.kind=radnom", "UAD-210 override sampler.kind: must be tpe, gp, nsga2, qmc, random or grid; got 'radnom'. Did you mean"),
        ("run.train.epochs={integer: [3, 1]}", "UAD-212 override run.train.epochs.integer: low must be below high"),
        ("run.scoring.median_filter={choice: [1, 4]}", "UAD-210 override run.scoring.median_filter.choice.1: must be 1, 3,"),
        ("prepare.canvas.size=48", "UAD-211 toy.yaml:17:11 run.model.latent.choice.0: the feature map must be"),
        ("budget.trials=[1", "UAD-201 override budget.trials: must be YAML"),
        ("budget.trials=.nan", "UAD-202 override budget.trials: numbers must be finite"),
        ("budget={trials: 1, trials: 2}", "UAD-202 override budget: must be unique"),
        ("budget.trials", "UAD-217 override budget.trials: must be KEY=VALUE; got no `=`."),
        ("=3", "UAD-217 override: must be keys with dots between them; got ''."),
        ("budget..trials=3", "UAD-217 override budget..trials: must be keys with dots between them"),
        ("budget .trials=3", "UAD-217 override budget .trials: must be keys with dots between them"),
        ("budget.trials.most=3", "UAD-217 override budget.trials.most: must lead through sections; got budget.trials: 3."),
        ("enqueue.3=dAE", "UAD-217 override enqueue.3: enqueue has the items 0 to 0; got '3'."),
        ("enqueue.first=dAE", "UAD-217 override enqueue.first: enqueue has the items 0 to 0; got 'first'."),
        ("run.model.latent.dim=3", "UAD-217 override run.model.latent.dim: must not lead into a distribution; run.model.latent"),
        (".".join("a" * 50) + "=1", "UAD-217 override a.a.a"),
        ("\x1b[31m=1", r"UAD-217 override '\x1b[31m': must be keys"),
    ],
)  # fmt: skip
def test_a_mistake_names_the_override(space, override, expected):
    found = [line.replace(str(space), "toy.yaml") for line in problems(space, override)]
    assert found[0].startswith(expected), found
    assert "ends" not in found[0]


def test_an_override_is_given_once(space):
    assert problems(space, "budget.trials=3", "budget.trials=4") == [
        "UAD-217 override budget.trials: must be given once; got '4' too. Remove one of the two."
    ]


def test_mistakes_of_the_overrides_and_of_the_file_come_at_once(space):
    space.write_text(GOOD.replace("hours: 1.5", "hours: soon"))
    found = problems(space, "budget.trials=x", "budget.hour=3", "nothing", "run.train.batch_size.x=3")
    assert len(found) == 5
    assert sum(" override " in line for line in found) == 4
    space.write_text("study: [")
    assert {line[:7] for line in problems(space, "nothing")} == {"UAD-217", "UAD-201"}


def test_an_override_mends_what_it_replaces(space):
    space.write_text(GOOD.replace("{kind: phantom, healthy: 8}", "{kind: fantom, root: 8}"))
    assert load(space, overrides=["cohort={kind: phantom}"]).cohort.kind == "phantom"


def test_another_cohort_gives_another_study_unless_its_name_is_given(space, tmp_path):
    assert load(space, bids=tmp_path / "My Cohort").study == "toy-my-cohort"
    plan = load(space, bids=tmp_path / "My Cohort", overrides=["study=mine"])
    assert (plan.study, plan.cohort.root) == ("mine", tmp_path / "My Cohort")
    with pytest.raises(ConfigError, match=r"UAD-210 override cohort.healthy: must be a known key"):
        load(space, bids=tmp_path, overrides=["cohort.healthy=3"])
