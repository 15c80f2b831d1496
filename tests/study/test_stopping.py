import pytest

from uadray.study.stopping import AshaConfig, NeverConfig


def test_without_a_scheduler_nothing_is_stopped():
    assert NeverConfig().limits([[0.1], [0.2], [0.3]], epochs=10) == {}


@pytest.mark.parametrize(
    ("curves", "limits"),
    [
        ([], {}),
        ([[0.3, 0.2]], {}),  # too few to judge by
        ([[0.3, 0.2], [0.2, 0.1]], {2: 0.1}),
        ([[0.3, 0.2], [0.2, 0.1], [0.9, 0.3], [0.9, 0.4]], {2: 0.2}),
        ([[0.3, 0.2, 0.2, 0.2], [0.2, 0.1, 0.1, 0.1], [0.9, 0.3]], {2: 0.2, 4: 0.1}),
        ([[0.5], [0.5]], {}),  # none reached the first rung
    ],
)
def test_the_best_half_of_settled_trials_sets_the_limit_of_each_rung(curves, limits):
    assert AshaConfig(grace_epochs=2, reduction_factor=2).limits(curves, epochs=8) == limits


def test_the_last_epoch_has_no_limit():
    curves = [[0.1] * 4] * 4
    assert AshaConfig(grace_epochs=2, reduction_factor=2).limits(curves, epochs=4) == {2: 0.1}
    assert AshaConfig(grace_epochs=4, reduction_factor=2).limits(curves, epochs=4) == {}
