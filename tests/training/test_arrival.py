"""A trial comes to a node that may be new, or have a cache older than the study."""

import json
from dataclasses import replace

import pytest
from making import made_task

from uadray.cluster.versions import installed
from uadray.remote.mirror import Here, There
from uadray.remote.objects import Objects
from uadray.training.arrival import Astray, arrive
from uadray.training.loop import Rank

SECOND = Rank(1, 2)


@pytest.mark.parametrize("rank", [Rank(), SECOND])
def test_a_node_with_other_libraries_than_the_driver_computes_nothing(tmp_path, rank):
    with pytest.raises(Astray, match=r"UAD-444 node .*torch 0\.0"):
        arrive(replace(made_task({}, tmp_path / "trials" / "0000"), libraries="torch 0.0"), rank)
    assert list(tmp_path.iterdir()) == []


def test_the_first_worker_alone_needs_the_study(tmp_path):
    task = replace(made_task({}, tmp_path / "a" / "trials" / "0000"), libraries=installed())
    with pytest.raises(Astray, match="UAD-445"):
        arrive(task, Rank(0, 2))
    arrive(task, SECOND)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def node(tmp_path):
    """The cache of a node that had a study of this name: trials 3 and 4 of it."""
    folder = tmp_path / "cache" / "studies" / "a"
    for trial in ("0003", "0004"):
        (folder / "trials" / trial / "checkpoints").mkdir(parents=True)
        (folder / "trials" / trial / "trial.json").write_text('{"of": "a former study"}')
    (folder / "study.json").write_text('{"id": "former"}')
    return folder


@pytest.fixture
def there(tmp_path):
    return There(Objects((tmp_path / "there").as_uri()), str(tmp_path / "cache"))


def come(node, mirror):
    """Come to the node as trial 3."""
    arrive(replace(made_task({}, node / "trials" / "0003"), mirror=mirror), Rank())


def test_nothing_of_a_study_that_was_deleted_at_the_url_is_left_for_its_successor(node, there):
    there.objects.write("studies/a/study.json", b'{"id": "now"}')
    come(node, there)
    assert json.loads((node / "study.json").read_text()) == {"id": "now"}
    assert [path.name for path in (node / "trials").rglob("*") if not path.name.startswith(".")] == ["0003"]


def test_what_a_trial_left_that_has_no_record_at_the_url_is_not_sent_with_its_next_one(node, there):
    there.objects.write("studies/a/study.json", b'{"id": "former"}')
    come(node, there)
    assert [path.name for path in (node / "trials" / "0003").glob("[!.]*")] == []
    assert (node / "trials" / "0004" / "trial.json").is_file()


def test_a_record_that_is_at_the_url_or_in_the_folder_that_all_share_stays(node, there):
    there.objects.write("studies/a/study.json", b'{"id": "former"}')
    there.objects.write("studies/a/trials/0003/trial.json", b'{"of": "this study"}')
    come(node, there)
    assert (node / "trials" / "0003" / "trial.json").read_text() == '{"of": "this study"}'
    come(node, Here())
    assert (node / "trials" / "0003" / "trial.json").is_file()
