import pickle

import optuna
import pytest

from uadray.study.space.search_space import SearchSpace

TREE = {
    "latent": {
        "choice": [
            {"kind": "dense", "dim": {"choice": [64, 512]}},
            {"kind": "spatial", "size": {"choice": [8, 16]}, "channels": {"integer": [1, 9]}},
        ]
    },
    "weight": {"loguniform": [1e-4, 1.0]},
    "list": [{"uniform": [0.0, 1.0]}, "fixed"],
}
SPACE = SearchSpace(TREE)


def drawn(values):
    return SPACE.suggest(optuna.trial.FixedTrial(values))


def test_only_the_branch_taken_is_drawn():
    values = {"latent": "dense", "latent.dense.dim": 64, "weight": 0.1, "list.0": 0.5}
    assert drawn({**values, "latent.spatial.size": 8}) == values


def test_drawn_values_resolve_to_a_plain_configuration():
    values = {
        "latent": "spatial",
        "latent.spatial.size": 16,
        "latent.spatial.channels": 3,
        "weight": 0.1,
        "list.0": 0.5,
    }
    assert SPACE.resolve(values) == {
        "latent": {"kind": "spatial", "size": 16, "channels": 3},
        "weight": 0.1,
        "list": [0.5, "fixed"],
    }


def test_draws_stay_within_their_distributions():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    kinds = set()
    for _ in range(30):
        tree = SPACE.resolve(SPACE.suggest(study.ask()))
        kinds.add(tree["latent"]["kind"])
        assert 1e-4 <= tree["weight"] <= 1
        assert tree["latent"].get("channels", 1) in range(1, 10)
    assert kinds == {"dense", "spatial"}


def test_corners_visit_every_option_every_integer_and_both_ends_of_every_range():
    corners = [corner.plain() for corner in SPACE.corners()]
    assert {str(corner["latent"].get("dim")) for corner in corners} == {"64", "512", "None"}
    assert {corner["latent"].get("channels") for corner in corners} == {None, *range(1, 10)}
    assert {corner["weight"] for corner in corners} == {1e-4, 1.0}


def test_a_corner_knows_where_its_values_stand():
    corner = next(c for c in SPACE.corners() if c.plain()["latent"].get("size") == 16)
    assert corner.steps_to(("latent", "spatial", "size")) == ("latent", "choice", 1, "size", "choice", 1)


def test_a_configuration_is_located_as_far_as_it_speaks():
    assert SPACE.locate({"latent": {"kind": "spatial", "size": 8}}, {}) == {
        "latent": "spatial",
        "latent.spatial.size": 8,
    }
    assert SPACE.locate({"weight": 2.0}, {}) is None
    assert SPACE.locate({"latent": {"kind": "dense", "dim": 3}}, {}) is None


def test_what_a_space_fixes_outside_its_choices_does_not_keep_a_row_out_but_its_kind_does():
    space = SearchSpace({"kind": "vae_gan", "width": 16, "size": {"choice": [8, 16]}})
    assert space.locate({"kind": "vae_gan", "width": 32, "size": 8}, {}) == {"size": 8}
    assert space.locate({"kind": "intensity", "size": 8}, {}) is None


def test_a_name_stands_for_its_tree():
    names = {"small": {"kind": "vae_gan", "size": 8}, "large": {"kind": "vae_gan", "size": 16}}
    space = SearchSpace({"model": {"choice": ["small", "large"]}})
    assert space.locate({"model": names["large"]}, names) == {"model": "large"}


def test_options_without_distinct_kinds_are_numbered():
    space = SearchSpace({"x": {"choice": [{"kind": "a", "n": 1}, {"kind": "a", "n": 2}, [3]]}})
    assert space.resolve({"x": "option 1"}) == {"x": {"kind": "a", "n": 2}}
    assert space.resolve({"x": "option 2"}) == {"x": [3]}


@pytest.mark.parametrize(
    ("tree", "must"),
    [
        ({"x": {"choice": []}}, "must be a list of options"),
        ({"x": {"choice": 3}}, "must be a list of options"),
        ({"x": {"uniform": [1]}}, "must be two numbers"),
        ({"x": {"uniform": ["a", "b"]}}, "must be two numbers"),
        ({"x": {"uniform": [True, 2]}}, "must be two numbers"),
        ({"x": {"uniform": [2, 1]}}, "low must be below high"),
        ({"x": {"loguniform": [0, 1]}}, "low must be above 0"),
        ({"x": {"integer": [1.5, 3]}}, "both bounds must be whole numbers"),
        ({"x": {"choice": [1, 2], "uniform": [0, 1]}}, "`choice` must stand alone"),
        ({"x": {"choice": [{"y": {"uniform": [3, 3]}}]}}, "low must be below high"),
    ],
)
def test_a_distribution_that_makes_no_sense_is_a_defect(tree, must):
    (defect,) = SearchSpace(tree).defects()
    assert must in defect.must


def test_a_space_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(SPACE)).tree == TREE


def test_points_are_every_combination_once_in_the_order_of_the_file():
    tree = {**TREE, "weight": {"choice": [0.1, 1.0]}, "list": ["fixed"]}
    points = SearchSpace(tree).points()
    assert len(points) == (2 + 2 * 9) * 2
    assert len({str(point) for point in points}) == len(points)
    assert points[:3] == [
        {"latent": "dense", "latent.dense.dim": 64, "weight": 0.1},
        {"latent": "dense", "latent.dense.dim": 64, "weight": 1.0},
        {"latent": "dense", "latent.dense.dim": 512, "weight": 0.1},
    ]
    assert all(SearchSpace(tree).resolve(point) for point in points)


def test_a_space_with_a_range_of_decimals_has_no_last_point():
    assert SPACE.points() is None


def test_a_space_may_be_a_choice_of_whole_runs():
    space = SearchSpace({"choice": [{"model": "a", "epochs": 1}, {"model": "b", "epochs": 2}]})
    assert [space.resolve(point) for point in space.points()] == [
        {"model": "a", "epochs": 1},
        {"model": "b", "epochs": 2},
    ]
    assert len(space.corners()) == 2
