"""The same board on the screen that runs a study and in another terminal."""

import json
from dataclasses import replace

import pytest
from commanding import command
from making import made_card
from rich.console import Console

from uadray.config import RunConfig
from uadray.status import status
from uadray.study.ledger import Record
from uadray.study.objectives import BoundConfig
from uadray.study.reading.checking import check
from uadray.study.screen.board import LIVE, Board
from uadray.study.screen.progress import Progress
from uadray.study.workspace.folder import held
from uadray.yaml_file import parse

PLAN = check(parse("study: toy\ncohort: {kind: phantom}\nbudget: {trials: 4}\nrun: {model: dVAE}", "toy.yaml"))
RUN = RunConfig.parse({"model": "dVAE", "train": {"epochs": 10}})


def record(index, auprc=None, status="completed", reason=""):
    card = None if auprc is None else made_card(auprc, 0.25)
    return Record(index, status, RUN, ({"val/l1": 0.125, "seconds": 1.0},) * 10, val=card, reason=reason)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def study(tmp_path):
    """Progress of a study after 20 s: a trial done, the second half-way, the third lost."""
    clock = Clock()
    with Progress(PLAN, tmp_path, Console(quiet=True), clock) as progress:
        for index in range(3):
            progress.started(index, RUN)
        clock.now = 20.0
        progress.epoch(1, 5, 0.5)
        progress.finished(record(0, auprc=0.75))
        progress.finished(record(2, status="failed", reason="out of memory"))
        yield progress, tmp_path


def test_the_file_holds_what_the_screen_shows(study):
    progress, folder = study
    written = Board.parse(json.loads((folder / LIVE).read_text()))
    assert written == progress.board()
    assert (written.settled, written.best) == (2, 0)
    assert written.state == "2 of 4 trials done, 20 s passed, about 13 s left"


def test_a_trial_that_breaks_a_constraint_does_not_lead(tmp_path):
    plan = PLAN.model_copy(update={"constraints": {"val/seconds_per_slice": BoundConfig(at_most=0.2)}})
    slow, quick = (replace(record(n, auprc=0.9 - n / 4), timing={"model": 0.5 - n / 4}) for n in (0, 2))
    with Progress(plan, tmp_path, Console(quiet=True)) as progress:
        progress.known(slow)
        assert progress.board().best is None
        progress.started(2, RUN)
        progress.finished(quick)
        assert progress.board().best == 2


def test_a_board_that_an_older_version_wrote_can_be_read(study):
    progress, _ = study
    older = {key: value for key, value in progress.board().plain().items() if key != "best"}
    assert Board.parse(older).best is None
    assert Board.parse(older).state == progress.board().state


class SlowClock(Clock):
    """Between two looks at it a second passes."""

    def __call__(self):
        self.now += 1.0
        return self.now


def test_the_file_of_a_large_study_is_written_seldom_and_in_the_end(tmp_path):
    def settled():
        return Board.parse(json.loads((tmp_path / LIVE).read_text())).settled

    with Progress(PLAN, tmp_path, Console(quiet=True), SlowClock()) as progress:
        for index in range(3):
            progress.started(index, RUN)
            progress.finished(record(index, auprc=0.5))
        assert settled() == 0  # writing took seconds
    assert settled() == 3


def test_the_leading_trial_and_the_reasons_of_lost_ones_are_seen(study):
    progress, _ = study
    console = Console(record=True, width=120)
    console.print(progress)
    shown = console.export_text()
    assert "0.750" in shown
    assert "5/10" in shown
    assert "trial 2 failed: out of memory" in shown


def asked(folder):
    return command(status, folder)


def test_another_terminal_learns_who_runs_the_study_and_that_nobody_does(tmp_path):
    with held(tmp_path / "toy", PLAN, "key") as ledger:
        with Progress(PLAN, ledger.folder, Console(quiet=True)) as progress:
            progress.started(0, RUN)
        assert "It is run by process" in asked(ledger.folder).output
    assert "the command that began it goes on from here" in asked(ledger.folder).output
    (ledger.folder / "selection.json").write_text(json.dumps({"trial": 3, "ending": "all 4 trials are done"}))
    assert "It ended: all 4 trials are done; trial 3 was selected." in asked(ledger.folder).output


def test_of_a_running_study_that_was_brought_home_it_is_said_who_ran_it_and_until_when(tmp_path):
    with held(tmp_path / "toy", PLAN, "key") as ledger:
        pass
    lease = {"owner": "x", "host": "elsewhere", "pid": 7, "since": "2026-11-22 10:00 UTC", "renewed": 1795345200.0}
    (ledger.folder / "lease.json").write_text(json.dumps(lease))
    said = asked(ledger.folder).output
    assert "process 7 on elsewhere since 2026-11-22 10:00 UTC, last heard of 2026-11-22 11:00 UTC" in said
    assert "Nobody runs it" not in said


def test_a_folder_without_a_study_is_refused(tmp_path):
    done = asked(tmp_path)
    assert done.exit_code == 2
