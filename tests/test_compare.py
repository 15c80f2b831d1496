"""The entry point that compares two studies."""

import json

import pytest
from commanding import command
from studies import begun, made_cohort, made_plan, made_study

from uadray.compare import compare
from uadray.study.result.held_out import openings


def run(*arguments):
    return command(compare, *arguments)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    store = made_cohort(folder)
    return folder, store, made_study(folder, store, made_plan()), made_study(folder, store, made_plan("other"))


def test_two_studies_are_compared_on_screen_in_markdown_and_in_json(made, tmp_path):
    _, store, first, second = made
    done = run(first.folder, second.folder, "-o", tmp_path)
    assert done.exit_code == 0, done.output
    assert "2 test patients" in done.output
    assert "Both were tested on the same slices." in done.output
    (page,) = tmp_path.glob("*.md")
    assert "| Dice |" in page.read_text()
    assert page.read_text().count("was opened") == 2
    plain = json.loads(page.with_suffix(".json").read_text())
    assert plain["scores"]["AUPRC"]["difference"]["value"] == 0  # the same study under another name
    assert not [subject for subject in store.manifest.subjects if subject in page.with_suffix(".json").read_text()]


def test_a_trial_that_was_not_tested_is_tested_now_and_that_is_written_down(made, tmp_path):
    _, _, first, _ = made
    winner = json.loads((first.folder / "selection.json").read_text())["trial"]
    done = run(first.folder, first.folder, "--other", (winner + 1) % 3, "-o", tmp_path)
    assert done.exit_code == 0, done.output
    assert openings(first)[-1]["for"] == "evaluate"
    assert "was not selected by its study" in next(tmp_path.glob("*.md")).read_text()


def test_what_cannot_be_compared_is_refused_without_a_traceback(made, tmp_path):
    folder, store, first, _ = made
    unfinished = begun(folder, store, made_plan("unfinished"))
    for problem, code, done in (
        ("UAD-304", 2, run(first.folder, tmp_path)),
        ("UAD-351", 1, run(first.folder, unfinished.folder)),
        ("UAD-332", 1, run(first.folder, first.folder, "--trial", 9)),
    ):
        assert done.exit_code == code
        assert problem in done.output
        assert "Traceback" not in done.output
