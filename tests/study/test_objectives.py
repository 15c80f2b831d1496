import numpy as np
import pytest
from pydantic import ValidationError

from uadray.study.objectives import BoundConfig, non_dominated


@pytest.mark.parametrize("bounds", [{}, {"at_least": 2.0, "at_most": 1.0}])
def test_a_bound_must_leave_something_and_take_something(bounds):
    with pytest.raises(ValidationError):
        BoundConfig.parse(bounds)


@pytest.mark.parametrize(
    ("value", "kept"), [(0.9, False), (1.0, True), (1.5, True), (2.0, True), (2.1, False), (float("nan"), False)]
)
def test_a_bound_is_kept_between_its_ends_and_on_them(value, kept):
    assert (BoundConfig(at_least=1.0, at_most=2.0).excess(value) <= 0) is kept


def test_bounds_in_seconds_and_in_parameters_weigh_alike():
    seconds, parameters = BoundConfig(at_most=0.02).excess(0.03), BoundConfig(at_most=2e6).excess(3e6)
    assert seconds == pytest.approx(parameters) == 0.5


def test_a_bound_of_zero_is_exceeded_by_the_value_itself():
    assert BoundConfig(at_most=0.0).excess(0.3) == 0.3


def test_no_point_of_the_front_is_beaten_and_every_other_is():
    points = [tuple(row) for row in np.random.default_rng(0).integers(0, 6, (40, 3)).tolist()]
    front = set(non_dominated(points))

    def beaten(place):
        return any(
            all(a >= b for a, b in zip(other, points[place], strict=True)) and other != points[place]
            for other in points
        )

    assert all(beaten(place) is (place not in front) for place in range(40))
    assert 0 < len(front) < 40


def test_points_that_are_equal_are_all_on_the_front():
    assert non_dominated([(1.0, 1.0)] * 3) == [0, 1, 2]


def test_one_point_is_beaten_by_none():
    assert non_dominated([(0.0,)]) == [0]
    assert non_dominated([]) == []
