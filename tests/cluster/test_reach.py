"""Whether nodes have the workspace; here nodes are threads of this process, each with a folder that it takes for it."""

import fcntl

import pytest

from uadray.cluster import reach
from uadray.cluster.nodes import Node

HERE, OTHER = Node("10.0.0.1", "head", "a" * 4), Node("10.0.0.2", "worker", "b" * 4)


@pytest.fixture
def asked(monkeypatch):
    """Ask nodes in this process; `seeing` says what the folder is called where a node is."""
    seeing = {}

    def on_each(nodes, ask, folder, token, patience_s):
        return {node: ask(node.id, seeing.get(node, lambda path: path)(folder), token) for node in nodes}

    monkeypatch.setattr(reach, "on_each", on_each)
    monkeypatch.setattr(reach, "SEEN_S", 0.2)
    return seeing


def test_nodes_that_read_and_write_the_workspace_have_it_and_leave_nothing_in_it(asked, tmp_path):
    assert reach.unreached(tmp_path / "runs", [HERE, OTHER]) == {}
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_node_without_the_folder_is_named_with_its_address(asked, tmp_path):
    asked[OTHER] = lambda path: path + "-elsewhere"
    (why,) = reach.unreached(tmp_path, [HERE, OTHER]).items()
    assert why == (OTHER, "No such file or directory when it was read there")
    assert str(OTHER) == "10.0.0.2 (worker)"


def test_a_node_with_another_folder_of_that_name_is_found_out(asked, tmp_path):
    def another(path):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "token").write_text("former")
        return str(tmp_path / "other")

    asked[OTHER] = another
    assert reach.unreached(tmp_path, [OTHER]) == {OTHER: "another file there"}


def test_a_node_that_may_only_read_is_found_out(asked, tmp_path, monkeypatch):
    def refused(path):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(reach, "_locked", refused)
    assert reach.unreached(tmp_path, [OTHER]) == {OTHER: "Read-only file system when it was written there"}


def test_locks_that_end_at_a_machine_are_found_out(asked, tmp_path, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)  # as NFS with nolock answers
    assert reach.unreached(tmp_path, [OTHER]) == {OTHER: "file locks that do not reach the other nodes"}


def test_what_a_node_wrote_must_be_seen_here(asked, tmp_path, monkeypatch):
    monkeypatch.setattr(reach, "answer", lambda name, folder, token: "")
    assert reach.unreached(tmp_path, [OTHER]) == {OTHER: "what was written there was not seen here in 0 s"}
