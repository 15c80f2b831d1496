"""Whether nodes can use the object store; here the store is a folder, and the node a Ray in this process."""

import pytest

from uadray.cluster.access import require_access
from uadray.errors import ConfigError
from uadray.remote.objects import Objects


@pytest.fixture
def objects(tmp_path):
    return Objects(f"file://{tmp_path}/store")


@pytest.mark.slow
def test_nodes_that_use_the_store_leave_nothing_in_it(two_cores, objects, tmp_path):
    (node,) = require_access(objects, tmp_path / "cache")
    assert node.address
    assert objects.sizes() == {}
    assert (tmp_path / "cache").is_dir()


@pytest.mark.slow
def test_a_node_without_a_place_for_its_cache_is_named_with_its_address(two_cores, objects, tmp_path):
    (tmp_path / "cache").write_text("no folder")
    with pytest.raises(ConfigError) as caught:
        require_access(objects, tmp_path / "cache" / "runs")
    (problem,) = caught.value.problems
    assert problem.code == "UAD-449"
    assert "Not a directory" in problem.got
    assert "UADRAY_SCRATCH" in problem.do
    assert objects.sizes() == {}
