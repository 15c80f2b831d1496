import json
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tracked import held, runs_of

from uadray.files import write_json
from uadray.pseudonyms import pseudonym
from uadray.study import ledger
from uadray.study.result.verdict import read_verdict
from uadray.tracking.mirror import Mirror
from uadray.tracking.server import Server


def client_of(mirror):
    return mirror.server.client


def dumped(database):
    with sqlite3.connect(database) as connection:
        return list(connection.iterdump())


def test_a_study_is_one_parent_run_and_one_child_a_trial_and_the_baseline(undisturbed):
    runs, _ = undisturbed
    assert runs.keys() == {"study", "trial 0", "trial 1", "trial 2", "trial 3", "intensity"}
    status = {key: run[1] for key, run in runs.items()}
    assert status == {**dict.fromkeys(runs, "FINISHED"), "trial 3": "FAILED"}


def test_every_child_has_the_same_parameters_and_the_steps_of_curves_are_epochs(undisturbed):
    runs, _ = undisturbed
    children = {key: run for key, run in runs.items() if key != "study"}
    assert len({frozenset(run[3]) for run in children.values()}) == 1
    assert children["intensity"][3]["trial"] == "-1"
    assert [step for step, *_ in children["trial 0"][4]["val/l1"]] == [1, 2]
    assert [step for step, *_ in children["trial 0"][4]["val/dice_mean"]] == [0]


def test_every_tested_trial_has_its_test_scores_and_its_patients_by_pseudonym(mirror):
    mirror.everything()
    verdict = read_verdict(mirror.ledger)
    cards = {verdict.trial: verdict.winner.test, **verdict.others}
    assert len(cards) == 3
    for index, card in cards.items():
        run = runs_of(client_of(mirror))[f"trial {index}"]
        assert run.data.metrics["test/auprc"] == card.auprc
        for split, own in (("test", card), ("val", mirror.ledger.record(index).val)):
            path = client_of(mirror).download_artifacts(run.info.run_id, f"tables/{split}_patients.parquet")
            rows = pq.read_table(path).to_pylist()
            assert [row["subject"] for row in rows] == [pseudonym(each.subject) for each in own.patients]
            assert [row["dice"] for row in rows] == [each.dice for each in own.patients]
        percentiles = client_of(mirror).download_artifacts(run.info.run_id, "tables/percentiles.json")
        assert json.loads(Path(percentiles).read_text()) == mirror.ledger.record(index).percentiles


def test_the_winner_and_what_no_other_beats_are_tagged_and_every_trial_has_its_configuration(mirror):
    mirror.everything()
    runs = runs_of(client_of(mirror))
    selection = json.loads((mirror.ledger.folder / "selection.json").read_text())
    for tag, trials in (("selected", [selection["trial"]]), ("pareto", selection["pareto"]), ("infeasible", [])):
        assert {key for key, run in runs.items() if run.data.tags.get(f"uadray.{tag}")} == {
            f"trial {n}" for n in trials
        }
    assert [runs[f"trial {n}"].data.tags["uadray.configuration"] for n in range(4)] == ["0", "1", "2", "3"]


def test_the_parent_has_what_the_study_left(undisturbed):
    runs, _ = undisturbed
    left = {"study.json", "selection.json", "test.json", "comparison.json", "comparison.md", "importance.json"}
    assert runs["study"][-1].keys() == left | {"ranks.png", "test_panels.png"}
    assert {"test/auprc", "test/intensity/auprc", "test/healthy_share_of_brain"} <= runs["study"][4].keys()


def test_the_runs_say_what_they_were_made_with(undisturbed):
    runs, _ = undisturbed
    for *_, tags, inputs, _ in runs.values():
        assert {"uadray.version", "env.python", "env.torch", "env.gpu"} <= tags.keys()
        assert inputs == [("slices", "made")]


def test_to_log_a_study_twice_changes_nothing(mirror, database):
    mirror.everything()
    before = dumped(database)
    Mirror(mirror.ledger.folder, Server(mirror.server.uri, database.parent)).everything()
    assert dumped(database) == before


@pytest.mark.parametrize(
    ("action", "call"),
    [
        ("create_run", 2),
        ("log_inputs", 1),
        ("log_batch", 5),
        ("log_artifact", 2),
        ("log_artifacts", 3),
        ("set_terminated", 6),
        ("log_model_artifacts", 1),
        ("create_model_version", 2),
    ],
)
def test_a_log_that_was_cut_off_anywhere_is_completed(mirror, workspace, undisturbed, monkeypatch, action, call):
    client, calls = client_of(mirror), []

    def cut(*arguments, **options):
        calls.append(arguments)
        if len(calls) == call:
            raise ConnectionError
        return whole(*arguments, **options)

    whole = getattr(client, action)
    monkeypatch.setattr(client, action, cut)
    with suppress(ConnectionError):  # a registry that takes nothing is said, not raised
        mirror.everything()
    assert len(calls) >= call
    monkeypatch.undo()
    Mirror(mirror.ledger.folder, Server(mirror.server.uri, workspace)).everything()
    assert held(client) == undisturbed


def test_points_that_a_cut_off_log_has_are_not_logged_again(mirror, undisturbed):
    mirror.everything()
    client = client_of(mirror)
    run = runs_of(client)["trial 1"]
    client.update_run(run.info.run_id, status="RUNNING")
    os.utime(mirror.ledger.trial(1) / "trial.json")  # with other times than at first
    mirror.trial(1)
    found, expected = held(client)[0]["trial 1"], undisturbed[0]["trial 1"]
    assert found[1] == "FINISHED"
    assert found[4] == expected[4]


def test_a_trial_that_was_made_again_replaces_its_run(mirror):
    mirror.everything()
    path = mirror.ledger.trial(3) / "trial.json"
    write_json(path, {**json.loads(path.read_text()), "reason": "another"})
    ledger._read.cache_clear()  # as in another process
    Mirror(mirror.ledger.folder, mirror.server).everything()
    assert runs_of(client_of(mirror))["trial 3"].data.tags["uadray.reason"] == "another"


def test_a_study_whose_budget_grew_has_one_winner_and_ends_again(mirror):
    mirror.everything()
    folder, client = mirror.ledger.folder, client_of(mirror)
    selection = json.loads((folder / "selection.json").read_text())
    former, other = selection["trial"], next(n for n in range(3) if n != selection["trial"])
    (folder / "selection.json").rename(folder / "selection-1.json")
    (folder / "test.json").rename(folder / "test-1.json")
    again = Mirror(folder, mirror.server)
    again.trial(0)
    again.ending()
    assert runs_of(client)["study"].info.status == "RUNNING"
    tested = json.loads((folder / "test-1.json").read_text())
    others = {**tested["others"], str(former): tested["winner"]["test"]}
    winner = {**tested["winner"], "test": others.pop(str(other))}
    write_json(folder / "selection.json", {**selection, "trial": other})
    write_json(folder / "test.json", {**tested, "trial": other, "winner": winner, "others": others})
    again.everything()
    runs = runs_of(client)
    assert [key for key, run in runs.items() if "uadray.selected" in run.data.tags] == [f"trial {other}"]
    assert runs["study"].info.status == "FINISHED"
    assert runs["study"].data.metrics["test/auprc"] == winner["test"]["auprc"]
    assert client.get_model_version_by_alias("uadray-toy", "champion").tags["uadray.trial"] == str(other)


def test_a_study_that_is_half_done_is_there_as_far_as_it_is(mirror):
    for name in ("selection.json", "test.json"):
        (mirror.ledger.folder / name).unlink()
    mirror.everything()
    runs = runs_of(client_of(mirror))
    assert runs.keys() == {"study", "trial 0", "trial 1", "trial 2", "trial 3"}
    assert runs["study"].info.status == "RUNNING"


LOG = """\
import sys
from contextlib import suppress
from pathlib import Path
import mlflow
from uadray.tracking.mirror import Mirror
from uadray.tracking.server import Server, tracking_uri
Mirror(Path(sys.argv[1]), Server(tracking_uri(Path(sys.argv[2])), Path(sys.argv[2]))).everything()
"""


def test_no_subject_no_path_no_user_and_no_machine_is_in_a_whole_store(database, workspace, tmp_path):
    elsewhere = tmp_path / "cwd-canary"
    elsewhere.mkdir()
    environment = {**os.environ, "LOGNAME": "usercanary", "USER": "usercanary", "MLFLOW_TRACKING_URI": ""}
    package = str(Path(__file__).parents[2])
    told = [sys.executable, "-c", LOG, str(workspace / "studies" / "toy"), str(workspace)]
    done = subprocess.run(
        told, cwd=elsewhere, env={**environment, "PYTHONPATH": package}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert list(elsewhere.iterdir()) == []  # nor did it make a database of its own there
    own = [path.as_posix() for path in (workspace, elsewhere, tmp_path, Path.home())]
    secrets = ["usercanary", "cwd-canary", "/data/hospital", "sub-lesion", "sub-healthy", "case_one", *own]
    place = (workspace / "mlartifacts").as_uri()
    lines = [
        line.replace(place, "(artifacts)") for line in dumped(database) if 'INTO "experiments" VALUES(0,' not in line
    ]
    texts = {f"line {number}": line.encode() for number, line in enumerate(lines)}
    files = [path for path in (workspace / "mlartifacts").rglob("*") if path.is_file()]
    assert len(files) > 20
    texts |= {str(path.relative_to(workspace)): path.read_bytes() for path in files}
    found = [(secret, where) for secret in secrets for where, text in texts.items() if secret.encode() in text]
    assert found == []
    reason = next(line for line in lines if "OSError" in line)
    assert socket.gethostname() not in reason.split("OSError")[1]
    assert pseudonym("sub-lesion01") in reason
