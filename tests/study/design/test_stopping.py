import pytest

from uadray.study.design.stopping import AshaConfig, HyperbandConfig, MedianRuleConfig, NeverConfig


def settled(curves):
    """Trials 0, 1, ... with the losses of their epochs."""
    return [(number, dict(enumerate(curve, start=1))) for number, curve in enumerate(curves)]


def test_without_a_scheduler_nothing_is_stopped():
    assert NeverConfig().limits(3, settled([[0.1], [0.2], [0.3]]), epochs=10) == {}


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
    assert AshaConfig(grace_epochs=2, reduction_factor=2).limits(9, settled(curves), epochs=8) == limits


def test_the_last_epoch_has_no_limit():
    curves = settled([[0.1] * 4] * 4)
    assert AshaConfig(grace_epochs=2, reduction_factor=2).limits(9, curves, epochs=4) == {2: 0.1}
    assert AshaConfig(grace_epochs=4, reduction_factor=2).limits(9, curves, epochs=4) == {}
    assert MedianRuleConfig(grace_epochs=2, startup_trials=1).limits(9, curves, epochs=4).keys() == {2, 3}


def test_epochs_whose_loss_says_nothing_are_not_compared():
    late = [(0, {3: 0.2}), (1, {3: 0.4}), (2, {1: 0.9, 2: 0.9, 3: 0.3})]
    assert AshaConfig(grace_epochs=1, reduction_factor=3).limits(9, late, epochs=8) == {3: 0.2}
    assert MedianRuleConfig(grace_epochs=3, startup_trials=3).limits(9, late, epochs=4) == {3: pytest.approx(0.4)}


def test_the_median_of_running_averages_is_the_limit_of_every_epoch_after_grace():
    curves = settled([[0.8, 0.4, 0.0], [0.6, 0.4, 0.2], [0.2, 0.2, 0.2], [0.9]])
    limits = MedianRuleConfig(startup_trials=3, grace_epochs=2).limits(9, curves, epochs=5)
    assert limits == {2: pytest.approx(0.5), 3: pytest.approx(0.4)}


def test_the_median_has_no_limit_before_enough_trials_reached_an_epoch():
    curves = settled([[0.8, 0.4], [0.6]])
    assert MedianRuleConfig(startup_trials=2, grace_epochs=1).limits(9, curves, epochs=5) == {1: pytest.approx(0.7)}


def test_trials_take_turns_in_brackets_by_their_shares():
    """Li et al. 2018, Algorithm 1 with R = 9 and eta = 3: 9, 5 and 3 trials."""
    brackets = [HyperbandConfig().bracket(number) for number in range(34)]
    assert [brackets[:17].count(bracket) for bracket in (0, 1, 2)] == [9, 5, 3]
    assert brackets[17:] == brackets[:17]
    assert set(brackets[:4]) == {0, 1, 2}


def test_a_later_bracket_has_more_grace_and_is_judged_among_its_own():
    config = HyperbandConfig(grace_epochs=1, reduction_factor=3, brackets=3)
    first = {bracket: [n for n in range(60) if config.bracket(n) == bracket] for bracket in (0, 1, 2)}
    losses = {0: 0.1, 1: 0.2, 2: 0.3}
    curves = [(n, dict.fromkeys(range(1, 28), losses[config.bracket(n)])) for n in range(59)]
    limits = [config.limits(first[bracket][-1], curves, epochs=27) for bracket in (0, 1, 2)]
    assert limits == [{1: 0.1, 3: 0.1, 9: 0.1}, {3: 0.2, 9: 0.2}, {9: 0.3}]


def test_one_bracket_is_asha():
    curves = settled([[0.3, 0.2, 0.2], [0.2, 0.1, 0.1], [0.9, 0.3, 0.1]])
    one = HyperbandConfig(grace_epochs=1, reduction_factor=3, brackets=1).limits(3, curves, epochs=9)
    assert one == AshaConfig(grace_epochs=1, reduction_factor=3).limits(3, curves, epochs=9) != {}
