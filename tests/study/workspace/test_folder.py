import subprocess
import sys

import pytest

from uadray.errors import ConfigError
from uadray.study.reading.checking import check
from uadray.study.workspace.folder import held, with_larger_budget
from uadray.yaml_file import parse

PLAN = "study: toy\ncohort: {kind: phantom}\nbudget: {trials: 3}\nrun: {model: intensity, train: {epochs: 2}}"


def plan(text=PLAN):
    return check(parse(text, "toy.yaml"))


def test_the_same_study_goes_on_in_its_folder(tmp_path):
    for _ in range(2):
        with held(tmp_path / "toy", plan(), "key") as ledger:
            assert ledger.folder == (tmp_path / "toy").resolve()


def test_a_changed_study_is_refused_with_what_changed(tmp_path):
    with held(tmp_path / "toy", plan(), "key"):
        pass
    changed = plan(PLAN.replace("epochs: 2", "epochs: 9"))
    with (
        pytest.raises(ConfigError, match=r"UAD-301 toy run.train.epochs: .*got 9, was 2"),
        held(tmp_path / "toy", changed, "key"),
    ):
        pass
    with pytest.raises(ConfigError, match=r"UAD-301 toy store"), held(tmp_path / "toy", plan(), "other slices"):
        pass


@pytest.mark.parametrize(
    ("former", "now", "said"),
    [
        ("sampler: {kind: tpe, startup_trials: 6}", "sampler: {kind: random}", "startup_trials: .*got nothing, was 6"),
        ("enqueue: []", "enqueue: [sVAE]", 'enqueue.0: .*got "sVAE", was nothing'),
    ],
)
def test_what_a_study_had_not_or_has_no_longer_is_called_nothing(tmp_path, former, now, said):
    text = PLAN.replace("model: intensity", "model: {choice: [intensity, sVAE]}")
    with held(tmp_path / "toy", plan(f"{text}\n{former}"), "key"):
        pass
    with (
        pytest.raises(ConfigError, match=said) as caught,
        held(tmp_path / "toy", plan(f"{text}\n{now}"), "key"),
    ):
        pass
    assert "order" not in str(caught.value)


def grown(**budget):
    text = PLAN.replace("{trials: 3}", "{" + ", ".join(f"{name}: {value}" for name, value in budget.items()) + "}")
    return plan(text)


def test_a_budget_may_grow_where_that_was_asked_for(tmp_path):
    with held(tmp_path / "toy", plan(), "key") as ledger:
        identity = ledger.study_id
    names = ("selection", "test", "comparison", "importance")
    for name in names:
        (tmp_path / "toy" / f"{name}.json").write_text("former")
    with held(tmp_path / "toy", grown(trials=9), "key", with_larger_budget) as ledger:
        assert ledger.study_id == identity
    assert not any((tmp_path / "toy" / f"{name}.json").exists() for name in names)  # the longer search chooses anew
    assert [(tmp_path / "toy" / f"{name}-1.json").read_text() for name in names] == ["former"] * 4
    with held(tmp_path / "toy", grown(trials=9), "key"):  # which the study is from now on
        pass


@pytest.mark.parametrize("budget", [{"trials": 2}, {"trials": 3, "concurrent_trials": 4}, {"trials": 9, "hours": 1}])
def test_nothing_else_may_change_when_a_budget_grows(tmp_path, budget):
    with held(tmp_path / "toy", plan(), "key"):
        pass
    with (
        pytest.raises(ConfigError, match="UAD-301 toy budget"),
        held(tmp_path / "toy", grown(**budget), "key", with_larger_budget),
    ):
        pass


PLATEAU = {"trials": 3, "plateau": "{trials: 20, least_gain: 0.01}"}


@pytest.mark.parametrize("plateau", ["null", "{trials: 21, least_gain: 0.01}"])
def test_a_search_that_found_nothing_better_may_go_on_for_longer(tmp_path, plateau):
    with held(tmp_path / "toy", grown(**PLATEAU), "key"):
        pass
    with held(tmp_path / "toy", grown(trials=3, plateau=plateau), "key", with_larger_budget) as ledger:
        assert ledger.plan["budget"]["plateau"] != {"trials": 20, "least_gain": 0.01}


@pytest.mark.parametrize("plateau", ["{trials: 19, least_gain: 0.01}", "{trials: 20, least_gain: 0.02}"])
def test_a_plateau_is_not_made_shorter(tmp_path, plateau):
    with held(tmp_path / "toy", grown(**PLATEAU), "key"):
        pass
    with (
        pytest.raises(ConfigError, match=r"UAD-301 toy budget\.plateau"),
        held(tmp_path / "toy", grown(trials=3, plateau=plateau), "key", with_larger_budget),
    ):
        pass


def test_a_selection_stays_where_the_budget_did_not_grow(tmp_path):
    for _ in range(2):
        with held(tmp_path / "toy", plan(), "key", with_larger_budget) as ledger:
            (ledger.folder / "selection.json").write_text("sealed")
    assert not list((tmp_path / "toy").glob("selection-*"))


HOLD = """\
import sys, time
from pathlib import Path
from uadray.study.reading.checking import check
from uadray.study.workspace.folder import held, with_larger_budget
from uadray.yaml_file import parse
with held(Path(sys.argv[1]), check(parse(sys.argv[2], "toy.yaml")), "key"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_another_order_of_objectives_is_another_study(tmp_path):
    first, second = (
        plan(PLAN + f"\nobjectives: {{{order}}}")
        for order in ("val/auprc: max, val/l1: min", "val/l1: min, val/auprc: max")
    )
    with held(tmp_path / "toy", first, "key"):
        pass
    with (
        pytest.raises(ConfigError, match=r"UAD-301 toy keys: .*got another order\."),
        held(tmp_path / "toy", second, "key"),
    ):
        pass


def test_a_second_process_is_told_who_holds_the_study(tmp_path):
    arguments = [sys.executable, "-c", HOLD, str(tmp_path / "toy"), PLAN]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        message = rf"UAD-302 .*process {other.pid} since"
        with pytest.raises(ConfigError, match=message), held(tmp_path / "toy", plan(), "key"):
            pass
        other.kill()
