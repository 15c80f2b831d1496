"""The main job on a Ray cluster of several nodes, which here are raylets of one machine."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from ray.cluster_utils import Cluster
from sweeping import RANDOM, run, table

ROOT = Path(__file__).parents[1]


def command(folder, *options):
    """The sweep of RANDOM in a folder."""
    folder.mkdir(exist_ok=True)
    (folder / "tiny.yaml").write_text(RANDOM)
    arguments = [str(folder / "tiny.yaml"), "--workspace", str(folder / "runs"), *options]
    return [sys.executable, "-m", "uadray.sweep", *arguments]


def sweep(folder, *options):
    return run(command(folder, *options), env={**os.environ, "PYTHONPATH": str(ROOT)})


def slices(folder):
    """The bytes of the files of a store, by name."""
    parts = folder.glob("runs/stores/**/*.parquet")
    return {path.relative_to(folder): path.read_bytes() for path in parts}


@contextmanager
def cluster(cores):
    """A cluster whose head has so many cores."""
    found = Cluster(initialize_head=True, head_node_args={"num_cpus": cores, "include_dashboard": False})
    try:
        yield found
    finally:
        found.shutdown()


@contextmanager
def stranger(found, workspace):
    """One more node, which sees an empty folder where the others see the workspace."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"]).returncode != 0:
        pytest.skip("a node with a file system of its own takes a root that may mount")
    start = f"mount -t tmpfs none {workspace} && exec {sys.executable} -m ray.scripts.scripts start"
    start += f" --address {found.address} --num-cpus 1 --block"
    nodes = len(found.global_state.node_table())
    node = subprocess.Popen(["unshare", "--mount", "bash", "-c", start], stdout=subprocess.DEVNULL)
    try:
        until(lambda: len(found.global_state.node_table()) > nodes)
        yield
    finally:
        node.terminate()
        node.wait()


def until(happened, seconds=60):
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert happened()


@pytest.mark.slow
def test_a_study_on_two_nodes_gives_the_table_of_one_machine_digit_for_digit(undisturbed_random, tmp_path):
    with cluster(cores=0) as found:
        found.add_node(num_cpus=2)  # what trials need is on the other node
        there = sweep(tmp_path / "there", "--address", found.address)
    assert there.returncode == 0, there.stderr + there.stdout
    assert "cluster: 2 nodes, 2 cores, 0 GPUs" in there.stdout
    assert "scans: 12 prepared by the cluster's cores, 0 by this process" in there.stdout
    assert there.stderr == ""
    assert table(tmp_path / "there") == table(undisturbed_random)
    assert slices(tmp_path / "there") == slices(undisturbed_random)


@pytest.mark.slow
def test_a_node_without_the_workspace_is_named_before_anything_is_computed(tmp_path):
    (tmp_path / "runs").mkdir()
    with cluster(cores=1) as found, stranger(found, tmp_path / "runs"):
        done = sweep(tmp_path, "--address", found.address)
        address = found.head_node.node_ip_address
    assert done.returncode == 2, done.stderr + done.stdout
    assert done.stderr.count("UAD-443") == 1
    assert f"UAD-443 node {address}" in done.stderr
    assert "No such file or directory when it was read there" in done.stderr
    assert "NFS" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.slow
def test_a_trial_that_comes_to_a_node_without_the_workspace_ends_the_study_and_leaves_no_record(tmp_path):
    (tmp_path / "runs").mkdir()
    trials = tmp_path / "runs" / "studies" / "tiny" / "trials"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with cluster(cores=0) as found:
        node = found.add_node(num_cpus=1)
        arguments = command(tmp_path, "run.train.epochs=600", "--address", found.address)
        study = subprocess.Popen(
            arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
        )
        until(lambda: (trials / "0000").is_dir())
        with stranger(found, tmp_path / "runs"):  # joins in mid-study, and is the only one left to go on with
            found.remove_node(node)
            _, said = study.communicate(timeout=120)
    assert study.returncode == 1, said
    assert "UAD-445" in said
    assert "Traceback" not in said
    assert not (trials / "0000" / "trial.json").exists()


@pytest.mark.slow
def test_an_address_where_no_cluster_answers_is_refused(tmp_path):
    done = sweep(tmp_path, "--address", "127.0.0.1:1")
    assert done.returncode == 2, done.stderr + done.stdout
    assert "UAD-442 --address 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()
