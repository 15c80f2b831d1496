import subprocess
import sys
from fractions import Fraction

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uadray.study.space.distributions import Choice, Integer, LogInteger, LogUniform, Uniform, UniformSteps
from uadray.study.space.search_space import SearchSpace


def drawn(distribution, sampler, count=60):
    """Values as a search has them: what is suggested, and what is resolved from what Optuna keeps."""
    study = optuna.create_study(sampler=sampler)
    values = []
    for _ in range(count):
        trial = study.ask()
        values.append(distribution.suggest(trial, "x"))
        assert distribution.exactly(trial.params["x"]) == values[-1]
        study.tell(trial, 0.0)
    return values


@pytest.mark.parametrize("sampler", [optuna.samplers.RandomSampler(0), optuna.samplers.TPESampler(seed=0)])
def test_steps_are_drawn_as_a_person_would_write_them(sampler):
    steps = UniformSteps(90, 99.9, 0.1)
    values = drawn(steps, sampler)
    assert {len(str(value)) for value in values} == {4}  # 90.1, not 90.10000000000001
    assert set(values) <= set(steps.values())
    assert len(set(values)) > 20


@settings(max_examples=40, deadline=None)
@given(st.integers(-1000, 1000), st.integers(1, 50), st.integers(1, 400), st.integers(0, 6), st.integers(0, 99))
def test_every_draw_of_steps_is_one_of_its_values(first, step, count, decimals, seed):
    def written(tenths):
        return float(Fraction(tenths, 10**decimals))

    steps = UniformSteps(written(first), written(first + step * count), written(step))
    assert len(steps.values()) == count + 1
    assert steps.values()[-1] == steps.high
    assert all(map(steps.holds, steps.values()))
    assert set(drawn(steps, optuna.samplers.RandomSampler(seed), 3)) <= set(steps.values())


def test_whole_numbers_in_steps_and_on_a_log_scale_stay_whole():
    in_steps = drawn(Integer(8, 64, 8), optuna.samplers.RandomSampler(0))
    assert set(in_steps) == set(range(8, 65, 8))
    on_a_log_scale = drawn(LogInteger(1, 1000), optuna.samplers.RandomSampler(0))
    assert all(type(value) is int and 1 <= value <= 1000 for value in on_a_log_scale)
    assert sorted(on_a_log_scale)[30] < 100  # half of them below a tenth of the range


@pytest.mark.parametrize(
    ("distribution", "inside", "outside"),
    [
        (Choice((1, "a", None)), [1, "a", None], [2, "b"]),
        (Uniform(0, 1), [0, 0.3, 1.0], [1.1, True, "0"]),
        (LogUniform(0.1, 1), [0.1, 1], [0]),
        (UniformSteps(0, 1, 0.1), [0, 0.3, 1.0], [0.35, 1.1, True]),
        (Integer(1, 9), [1, 9], [0, 10, 2.0, True]),
        (Integer(1, 9, 2), [1, 3, 9], [2, 3.0]),
        (LogInteger(1, 9), [1, 9], [0, 2.0]),
    ],
)
def test_a_distribution_knows_what_it_can_draw(distribution, inside, outside):
    assert all(map(distribution.holds, inside))
    assert not any(map(distribution.holds, outside))


def test_what_can_be_counted_is_known_in_full_and_of_much_the_ends_are_looked_at():
    assert Uniform(0, 1).values() is None
    assert UniformSteps(0, 0.3, 0.1).values() == (0.0, 0.1, 0.2, 0.3)
    assert list(Integer(2, 8, 3).corners()) == [2, 5, 8]
    assert Integer(0, 10**9).corners() == (0, 10**9)


def test_a_grid_knows_the_points_of_steps_and_gives_up_on_too_many():
    space = SearchSpace({"a": {"uniform": [0, 0.2], "step": 0.1}, "b": {"integer": [1, 5], "step": 2}})
    points = space.points()
    assert points[:4] == [{"a": 0.0, "b": 1}, {"a": 0.0, "b": 3}, {"a": 0.0, "b": 5}, {"a": 0.1, "b": 1}]
    assert len(points) == 9
    assert SearchSpace({"a": {"integer": [0, 10**9]}}).points() is None
    assert SearchSpace({str(n): {"integer": [0, 99]} for n in range(9)}).points() is None


def test_a_point_of_a_grid_of_steps_is_kept_exactly_by_optuna():
    space = SearchSpace({"p": {"uniform": [90, 90.9], "step": 0.1}})
    study = optuna.create_study()
    for point in space.points():
        study.enqueue_trial(point)
    assert [space.suggest(study.ask()) for _ in range(10)] == space.points()


def test_a_row_between_two_steps_is_nowhere():
    space = SearchSpace({"percentile": {"uniform": [90, 99], "step": 0.5}})
    assert space.locate({"percentile": 98.0}, {}) == {"percentile": 98.0}
    assert space.locate({"percentile": 98.2}, {}) is None


def test_options_that_python_takes_for_equal_are_told_apart_by_number():
    space = SearchSpace({"x": {"choice": [1, True, 1.0]}})
    assert [space.resolve(point)["x"] for point in space.points()] == [1, True, 1.0]
    assert len(space.points()) == 3


def test_reading_a_space_needs_neither_optuna_nor_torch_nor_ray():
    modules = "uadray.study.space.search_space, uadray.study.space.distributions, uadray.yaml_file"
    code = f"import sys, {modules}; print({{'optuna', 'torch', 'ray'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "set()", done.stderr
