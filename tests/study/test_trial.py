"""A trial in its own process, before it trains: on a node that may be new, or have a cache older than the study."""

from dataclasses import replace

import pytest
from making import made_task

from uadray.cluster.versions import installed
from uadray.config import RunConfig
from uadray.remote.mirror import Here, There
from uadray.remote.objects import Objects
from uadray.study import trial
from uadray.study.trial import Astray, run_trial
from uadray.training.resources import ResourcesConfig

RUN = RunConfig.parse({"model": "dAE"}).plain()


def test_a_node_with_other_libraries_than_the_driver_computes_nothing(tmp_path):
    config = {"index": 0, "run": RUN, "limits": []}
    with pytest.raises(Astray, match=r"UAD-444 node .*torch 0\.0"):
        run_trial(config, made_task(RUN, tmp_path), ResourcesConfig(), "torch 0.0", {})
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def begin(tmp_path, monkeypatch):
    """Begin trial 3 on a node with such a mirror; returns whether it had a record when its training began."""

    def begun(mirror):
        found = []
        monkeypatch.setattr(trial, "fit", lambda task, *_: found.append(task.record.is_file()))
        task = replace(made_task({}, folder), mirror=mirror)
        run_trial({"index": 3, "run": {}, "limits": []}, task, ResourcesConfig(), installed(""), {})
        return found == [True]

    folder = tmp_path / "cache" / "studies" / "a"
    (folder / "trials" / "0003").mkdir(parents=True)
    (folder / "study.json").write_text("{}")
    (folder / "trials" / "0003" / "trial.json").write_text('{"of": "a former study"}')
    return begun


def test_the_record_of_a_study_that_was_deleted_at_the_url_is_not_its_successors(begin, tmp_path):
    there = There(Objects((tmp_path / "there").as_uri()), str(tmp_path / "cache"))
    there.objects.write("studies/a/study.json", b"{}")
    assert not begin(there)


def test_a_record_that_is_at_the_url_or_in_the_folder_that_all_share_stays(begin, tmp_path):
    there = There(Objects((tmp_path / "there").as_uri()), str(tmp_path / "cache"))
    there.objects.write("studies/a/trials/0003/trial.json", b"{}")
    assert begin(there)
    assert begin(Here())
