"""What a trial finds on a node whose cache is older than the study."""

from dataclasses import replace

import pytest
from making import made_task

from uadray.remote.mirror import Here, There
from uadray.remote.objects import Objects
from uadray.study import trial
from uadray.study.trial import run_trial


@pytest.fixture
def begin(tmp_path, monkeypatch):
    """Begin trial 3 on a node with such a mirror; returns whether it had a record when its training began."""

    def begun(mirror):
        found = []
        monkeypatch.setattr(trial, "fit", lambda task, *_: found.append(task.record.is_file()))
        task = replace(made_task({}, folder), mirror=mirror)
        run_trial({"index": 3, "run": {}, "limits": []}, task, None, {})
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
