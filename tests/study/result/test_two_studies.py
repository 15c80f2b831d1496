"""Two trials on the same patients, whose scores the test makes."""

from dataclasses import replace

import pytest
from making import made_card

from uadray.config import RunConfig
from uadray.errors import DataError
from uadray.files import write_json
from uadray.study.ledger import Ledger
from uadray.study.result.two_studies import Side, markdown, match


def side(folder, study, dices, store="key", cohort="{}"):
    """A study's selected trial with these Dice by patient; the AUPRC is half of it."""
    card = made_card(0.1, 0.1)
    patients = [replace(card.patients[0], subject=name, dice=dice, auprc=dice / 2) for name, dice in dices.items()]
    write_json(folder / study / "selection.json", {"trial": 0})
    run = RunConfig.parse({"model": "sAE3"})
    return Side(study, store, cohort, 0, run, replace(card, patients=tuple(patients)), Ledger(folder / study))


def test_the_difference_is_that_of_each_patient(tmp_path):
    ours = side(tmp_path, "a", {"sub-1": 0.5, "sub-2": 0.75, "sub-3": 0.25})
    theirs = side(tmp_path, "b", {"sub-3": 0.0, "sub-1": 0.25, "sub-2": 0.5})
    found = match(ours, theirs)
    assert found.scores["Dice"].difference.value == pytest.approx(0.25)
    assert found.scores["AUPRC"].difference.value == pytest.approx(0.125)
    assert (found.scores["Dice"].better, found.scores["Dice"].worse) == (3, 0)
    assert match(theirs, ours).scores["Dice"].difference.value == pytest.approx(-0.25)


def test_tests_are_adjusted_for_both_scores(tmp_path):
    ours, theirs = (
        side(tmp_path, "a", {f"sub-{n}": 0.5 for n in range(8)}),
        {f"sub-{n}": 0.1 + n / 99 for n in range(8)},
    )
    found = match(ours, side(tmp_path, "b", theirs))
    assert found.scores["Dice"].permutation_p == 2 / 2**8
    assert found.adjusted["Dice"][0] == 2 * 2 / 2**8
    assert found.plain()["scores"]["Dice"]["permutation_holm"] == 2 * 2 / 2**8


def test_other_patients_are_refused_and_named(tmp_path):
    ours = side(tmp_path, "a", {"sub-1": 0.5, "sub-2": 0.75})
    theirs = side(tmp_path, "b", {"sub-1": 0.5, "sub-9": 0.75})
    with pytest.raises(DataError, match=r"UAD-350.*only in a: sub-2; only in b: sub-9"):
        match(ours, theirs)


@pytest.mark.parametrize(
    ("store", "cohort", "said"),
    [
        ("key", "{}", "the same slices"),
        ("other", "{}", "prepared in two ways"),
        ("other", "[]", "make sure that they are"),
    ],
)
def test_how_far_the_patients_are_the_same_is_said(tmp_path, store, cohort, said):
    dices = {"sub-1": 0.5, "sub-2": 0.75}
    found = match(side(tmp_path, "a", dices), side(tmp_path, "b", dices, store, cohort))
    assert said in markdown(found)
    assert markdown(found).count("the threshold was fitted on healthy validation slices") == 2
