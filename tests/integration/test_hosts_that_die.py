"""A study on hosts that die, by the commands of clusters/README.md, to the table of the undisturbed study."""

import sqlite3

import lab
import pytest
from ray_up import Terminal, cluster_file, dashboard, wait_for
from sweeping import SPACE, table

TRAINING = "ray::ImplicitFunc.train"


@pytest.fixture
def study(tmp_path):
    """A folder that all hosts share, with a study to run in it."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "tiny.yaml").write_text(SPACE)
    return tmp_path / "shared"


@pytest.mark.slow
@pytest.mark.skipif(lab.missing() != "", reason=lab.missing())
def test_a_study_outlives_a_worker_and_a_head_and_gives_the_table_of_the_undisturbed_one(undisturbed, study, tmp_path):
    runs = study / "runs"
    trials = runs / "studies" / "tiny" / "trials"
    sweep = ["python", "-m", "uadray.sweep", study / "tiny.yaml", "--address", "auto", "--workspace", runs]
    submit = ["ray", "job", "submit", "--working-dir", "."]

    def finished():
        return {path: path.stat().st_mtime_ns for path in trials.glob("*/trial.json")}

    with lab.hosts(tmp_path / "lab", "head", "left", "right", "spare") as hosts:
        terminal = Terminal(tmp_path / "home")
        terminal.type("ray", "get-auth-token", "--generate")
        workers = [hosts["left"], hosts["right"]]
        first = cluster_file(tmp_path / "lab", "first", hosts["head"], workers, study)
        terminal.type("ray", "up", "--yes", first)
        with dashboard(terminal, first):
            terminal.type(*submit, "--no-wait", "--submission-id", "before", "--", *sweep)
            wait_for("a trial", lambda: any(host.runs(TRAINING) for host in workers))
            victim = next(host for host in workers if host.runs(TRAINING))
            victim.kill()
            wait_for("two trials", lambda: len(finished()) >= 2, timeout=240)
            hosts["head"].kill()
        before = finished()
        assert 2 <= len(before) < 5

        survivor = next(host for host in workers if host is not victim)
        second = cluster_file(tmp_path / "lab", "second", hosts["spare"], [survivor], study)
        terminal.type("ray", "up", "--yes", second)
        with dashboard(terminal, second):
            terminal.type(*submit, "--submission-id", "after", "--", *sweep)
        terminal.type("ray", "down", "--yes", second)

    assert {path: finished()[path] for path in before} == before  # no finished trial ran again
    assert table(study) == table(undisturbed[0])
    assert _tracked(runs) == sorted(range(-1, 5))


def _tracked(runs):
    """The trials that MLflow has a run of, each as often as it has one; the baseline is -1."""
    database = sqlite3.connect(runs / "mlflow.db")
    return sorted(int(value) for (value,) in database.execute("select value from params where key = 'trial'"))
