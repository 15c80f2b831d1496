"""Who leads a study is who would be selected if it ended now."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from making import made_card

from uadray.config import RunConfig
from uadray.files import write_json
from uadray.study.ledger import Ledger, Record
from uadray.study.reading.checking import check
from uadray.study.result.selection import select
from uadray.study.screen.leading import Leading
from uadray.yaml_file import parse

RUN = RunConfig.parse({"model": "dVAE"})


def plan(more):
    return check(parse(f"study: toy\ncohort: {{kind: phantom}}\nrun: {{model: dVAE}}\n{more}", "toy.yaml"))


def record(index, auprc, seconds=0.1):
    card = None if auprc is None else made_card(auprc, 0.25)
    return Record(index, "completed", RUN, (), val=card, timing={"model": seconds})


def leader(more, records):
    leading = Leading(plan(more))
    for each in records:
        leading.add(each)
    return leading.trial


def test_a_trial_that_breaks_a_constraint_does_not_lead():
    slow, quick = record(0, 0.9, seconds=0.5), record(1, 0.6)
    bound = "constraints: {val/seconds_per_slice: {at_most: 0.2}}"
    assert leader(bound, [slow, quick]) == 1
    assert leader(bound, [slow]) is None
    assert leader("", [slow, quick]) == 0


def test_the_best_mean_of_all_seeds_leads_not_the_luckiest_one():
    lucky, even = (0.1, 0.9, 0.1), (0.5, 0.6, 0.4)
    records = [record(index, auprc) for index, auprc in enumerate(lucky + even)]
    assert leader("repeats: 3", records) == leader("repeats: 3", records[::-1]) == 3  # the median of the second three
    assert leader("repeats: 3", records[:-1]) == 0  # while the second three are not finished


def test_of_equal_ones_the_earlier_leads_and_lost_ones_never_do():
    records = [record(0, None), record(1, 0.5), record(2, 0.5)]
    assert leader("", records) == leader("", records[::-1]) == 1
    assert leader("", records[:1]) is None
    assert leader("objectives: {val/auprc: min}", [record(0, 0.4), record(1, 0.3)]) == 1


@pytest.mark.parametrize("repeats", [1, 2, 3])
def test_the_leading_trial_is_the_one_that_is_selected_in_the_end(tmp_path, repeats):
    study, ledger = plan(f"repeats: {repeats}"), Ledger(tmp_path / "toy")
    records = [record(index, (index * 7 % 12) / 12) for index in range(12)]
    for each in records:
        content = {**vars(replace(each, val=None)), "run": RUN.plain(), "val": each.val.plain()}
        write_json(ledger.trial(each.index) / "trial.json", content)
    assert leader(f"repeats: {repeats}", records) == select(study, ledger, SimpleNamespace(key="key"), "the end").index
