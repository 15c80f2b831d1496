"""Subjects over the nodes of a cluster, which here are raylets of one machine."""

import os
import time
from functools import partial

import pytest
import ray
from ray.cluster_utils import Cluster

from uadray.data import mapping
from uadray.data.mapping import OverNodes
from uadray.data.preparation import PrepareConfig, prepare, seen
from uadray.errors import ConfigError, Problem

CONFIG = PrepareConfig.parse({"slices": {"kind": "middle", "count": 4}, "canvas": {"kind": "resample", "size": 32}})


@pytest.fixture(scope="module")
def cluster():
    """A head without a core, to which this process is connected; a core comes with each node."""
    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    ray.init(address=found.address, log_to_driver=False, logging_level="ERROR")
    yield found
    ray.shutdown()
    found.shutdown()


@pytest.fixture(scope="module")
def other(cluster):
    """The id of a node with two cores."""
    cluster.add_node(num_cpus=2)
    cluster.wait_for_nodes()
    return next(node["NodeID"] for node in ray.nodes() if node["Resources"].get("CPU"))


def node(item):
    return ray.get_runtime_context().get_node_id()


def process(item):
    return os.getpid()


def fails_elsewhere(item, here):
    if os.getpid() != here:
        raise ConfigError(Problem("UAD-151", "mri_synthstrip", "the program must be on PATH", "no such program", "-"))
    return item**2


def dies_elsewhere(item, here):
    if os.getpid() != here:
        os._exit(1)
    return item**2


def takes_its_time_elsewhere(item, here):
    if os.getpid() != here:
        time.sleep(1 if item < 2 else 600)
    return item**2


def refuse(item):
    raise ConfigError(Problem("UAD-150", "deepbet", "it must be installed", "nothing", "Install it."))


@pytest.mark.slow
def test_a_cluster_that_has_no_core_yet_is_not_waited_for(cluster):
    nodes = OverNodes(lambda item: "")
    assert list(nodes(process, range(3))) == [os.getpid()] * 3
    assert (nodes.here, nodes.there) == ({0, 1, 2}, set())


@pytest.mark.slow
def test_another_node_does_the_work_and_the_store_is_the_same_to_the_last_bit(other, small_cohort, tmp_path):
    assert set(OverNodes(lambda item: "")(node, range(4))) == {other}
    one = prepare(small_cohort.subjects(), CONFIG, tmp_path / "one", lambda *_: None)
    nodes = OverNodes(partial(seen, config=CONFIG))
    two = prepare(small_cohort.subjects(), CONFIG, tmp_path / "two", lambda *_: None, nodes)
    assert (len(nodes.here), len(nodes.there)) == (0, 10)
    assert one.key == two.key
    assert [file.sha256 for file in one.manifest.files] == [file.sha256 for file in two.manifest.files]


@pytest.mark.slow
def test_paths_as_seen_from_this_process_are_seen_so_by_the_others(other, small_cohort, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cohort = small_cohort.cohort().model_copy(update={"root": small_cohort.root.relative_to(tmp_path)})
    nodes = OverNodes(partial(seen, config=CONFIG))
    prepare(cohort.subjects(tmp_path), CONFIG, (tmp_path / "stores").relative_to(tmp_path), lambda *_: None, nodes)
    assert (len(nodes.here), len(nodes.there)) == (0, 10)


@pytest.mark.slow
def test_what_a_node_sees_otherwise_is_done_here(other):
    nodes = OverNodes(lambda item: os.getpid() if item == 2 else "")
    assert [found == os.getpid() for found in nodes(process, range(5))] == [False, False, True, False, False]
    assert (nodes.here, nodes.there) == ({2}, {0, 1, 3, 4})


@pytest.mark.slow
@pytest.mark.parametrize("work", [fails_elsewhere, dies_elsewhere])
def test_what_fails_on_a_node_is_done_here(other, work):
    nodes = OverNodes(lambda item: "")
    assert list(nodes(partial(work, here=os.getpid()), range(3))) == [0, 1, 4]
    assert (nodes.here, nodes.there) == ({0, 1, 2}, set())


@pytest.mark.slow
def test_a_mistake_of_the_user_comes_as_it_is_raised_here(other):
    with pytest.raises(ConfigError, match="UAD-150 deepbet"):
        list(OverNodes(lambda item: "")(refuse, range(3)))


@pytest.mark.slow
def test_what_a_lost_last_node_leaves_is_done_here_and_a_new_node_takes_part_again(cluster, other, monkeypatch):
    """It runs last of those with `other`, which it takes away."""
    monkeypatch.setattr(mapping, "GONE_S", 2.0)
    monkeypatch.setattr(mapping, "LOOK_S", 0.2)
    nodes = OverNodes(lambda item: "")
    results = nodes(partial(takes_its_time_elsewhere, here=os.getpid()), range(5))
    assert [next(results), next(results)] == [0, 1]
    (worker,) = cluster.worker_nodes
    cluster.remove_node(worker, allow_graceful=False)
    began = time.monotonic()
    assert list(results) == [4, 9, 16]
    assert time.monotonic() - began < 60
    assert (nodes.here, nodes.there) == ({2, 3, 4}, {0, 1})
    cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    again = OverNodes(lambda item: "")
    assert os.getpid() not in set(again(process, range(3)))
    assert again.there == {0, 1, 2}


def test_other_bytes_and_other_settings_are_seen_as_other(small_cohort):
    first, second, *_ = small_cohort.subjects()
    assert seen(first, CONFIG) == seen(first, CONFIG)
    assert seen(first, CONFIG) != seen(second, CONFIG)
    before = seen(first, CONFIG)
    assert before != seen(first, CONFIG.model_copy(update={"lesion_above": 0.5}))
    content = bytearray(first.image.read_bytes())
    content[-1] ^= 1
    first.image.write_bytes(content)
    assert before != seen(first, CONFIG)
