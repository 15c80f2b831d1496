"""Draws that a kill cut in two, with a real Optuna database."""

import pytest
from searching import made_plan, run_study, searcher

SAMPLERS = [
    "{kind: random}",
    "{kind: qmc}",
    "{kind: tpe, startup_trials: 3}",
    "{kind: gp, startup_trials: 3}",
    "{kind: nsga2, population_size: 3}",
]


class Killed(BaseException):
    """What no handler of the searcher's may catch."""


def cut(search, writes):
    """Let a searcher's storage take so many values, and kill it at the next."""
    storage, left = search._ot_study._storage, [writes]
    write = storage.set_trial_param

    def counted(*arguments):
        if not left[0]:
            raise Killed
        left[0] -= 1
        write(*arguments)

    storage.set_trial_param = counted
    return search


@pytest.mark.slow
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_study_killed_between_two_values_of_a_draw_goes_on_with_the_values_of_an_undisturbed_one(sampler, tmp_path):
    plan = made_plan(("{kind: tpe, startup_trials: 3}", sampler), ("trials: 9", "trials: 7"))
    undisturbed = run_study(searcher(plan, tmp_path / "undisturbed"))
    for writes in range(1, 3 * len(undisturbed), 3):
        folder = tmp_path / str(writes)
        with pytest.raises(Killed):
            run_study(cut(searcher(plan, folder), writes))
        search = searcher(plan, folder)
        kept = {record.index for record in search.ledger.records()}
        again = run_study(search)
        assert again == {index: undisturbed[index] for index in undisturbed if index not in kept}
