"""Whether every node shares the workspace, asked of a real Ray of two nodes on this machine."""

import os

import pytest
import ray

from uadray.errors import ConfigError
from uadray.study.nodes import require_reach, unreached

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def two_nodes():
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    yield
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture
def unshared(tmp_path):
    """A path that is a folder in this process, and in no other."""
    folder = os.open(tmp_path, os.O_RDONLY)
    yield f"/proc/self/fd/{folder}"
    os.close(folder)


@pytest.mark.usefixtures("two_nodes")
def test_a_folder_that_all_nodes_have_is_reached_and_left_as_it_was(tmp_path):
    assert len(ray.nodes()) == 2
    assert unreached(str(tmp_path)) == {}
    assert unreached(tmp_path.as_uri()) == {}
    require_reach(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("two_nodes")
def test_a_node_that_lacks_the_folder_is_named_with_the_reason(unshared, tmp_path):
    with pytest.raises(ConfigError) as raised:
        require_reach(unshared)
    assert {problem.code for problem in raised.value.problems} == {"UAD-420"}
    assert all("this process" not in problem.where for problem in raised.value.problems)
    assert all(problem.got for problem in raised.value.problems)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("two_nodes")
def test_a_folder_that_this_process_cannot_write_to_is_told_before_any_node_is_asked(tmp_path):
    assert list(unreached(str(tmp_path / "absent"))) == ["of this process"]
