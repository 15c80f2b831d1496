"""A schedule begins with the whole slice and ends with none of it."""

import pytest

from uadray.models.schedule import CosineSchedule, LinearSchedule, T


@pytest.mark.parametrize("schedule", [LinearSchedule(), CosineSchedule()])
def test_a_schedule_leaves_all_at_step_0_and_nothing_at_the_last(schedule):
    abar = schedule.abar()
    assert len(abar) == T + 1
    assert float(abar[0]) == 1
    assert float(abar[-1]) < 1e-4
    assert (abar.diff() < 0).all()


def test_the_linear_schedule_is_the_product_of_ho_et_al():
    expected = 1.0
    for t in range(250):
        expected *= 1 - (1e-4 + t * (0.02 - 1e-4) / 999)
    assert float(LinearSchedule().abar()[250]) == pytest.approx(expected, rel=1e-5)
