"""The main job with its workspace in an object store: an S3 server of this machine, on loopback."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3
import mlflow
import pytest
from moto.server import ThreadedMotoServer
from sweeping import RANDOM, run, table
from test_sweep_on_a_cluster import ROOT, cluster, stranger, until

from uadray.remote.mirror import There
from uadray.remote.objects import Objects, cache

SECRET = "not-to-be-written-4711"


@pytest.fixture(scope="module")
def server():
    """An S3 server with a bucket, and the environment that leads to it."""
    there = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    there.start()
    host, port = there.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "name", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true"}
    found = {**keys, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in found.items():
            patch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="studies")
        yield {**os.environ, "PYTHONPATH": str(ROOT)}
    there.stop()


def command(folder, workspace, *options):
    (folder / "tiny.yaml").write_text(RANDOM)
    return [sys.executable, "-m", "uadray.sweep", str(folder / "tiny.yaml"), "--workspace", workspace, *options]


def brought_home(url, folder, server):
    done = run([sys.executable, "-m", "uadray.fetch", url, "-o", str(folder / "runs"), "--study", "tiny"], env=server)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_a_study_whose_machine_is_lost_goes_on_from_the_url_alone_to_the_same_table(
    server, undisturbed_random, tmp_path
):
    url, home = "s3://studies/lost", tmp_path / "scratch"
    environment = {**server, "UADRAY_SCRATCH": str(home)}
    objects = Objects(url)
    first = subprocess.Popen(
        command(tmp_path, url), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    until(lambda: any(name.endswith("trial.json") for name in objects.sizes("studies/tiny")), seconds=120)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    time.sleep(3)  # the killed driver's workers notice and leave
    shutil.rmtree(home)
    finished = {name: objects.read(name) for name in objects.sizes("studies/tiny") if name.endswith("trial.json")}
    assert 1 <= len(finished) <= 3
    assert objects.read("studies/tiny/selection.json") is None
    done = run(command(tmp_path, url), env=environment)
    assert done.returncode == 0, done.stderr
    assert {name: objects.read(name) for name in finished} == finished  # no finished trial ran again
    assert table(brought_home(url, tmp_path, server)) == table(undisturbed_random)
    told = run([sys.executable, "-m", "uadray.report", str(tmp_path / "runs" / "studies" / "tiny")], env=server)
    assert told.returncode == 0, told.stderr

    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{next(home.rglob('mlflow.db'))}")
    runs = client.search_runs([client.get_experiment_by_name("uadray/tiny").experiment_id])
    trials = [each.data.params["trial"] for each in runs if each.data.params.get("trial", "").isdigit()]
    assert sorted(trials) == ["0", "1", "2"]  # one run a trial, rebuilt from the records
    written = [path for path in [*home.rglob("*"), *(tmp_path / "runs").rglob("*")] if path.is_file()]
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]
    assert not [name for name in objects.sizes() if SECRET.encode() in (objects.read(name) or b"")]


@pytest.mark.slow
def test_nodes_that_share_no_folder_give_the_same_table(server, undisturbed_random, tmp_path):
    url, home = "s3://studies/apart", tmp_path / "scratch"
    home.mkdir()
    with cluster(cores=0) as found, stranger(found, home):  # only the stranger computes, in a cache of its own
        done = run(command(tmp_path, url, "--address", found.address), env={**server, "UADRAY_SCRATCH": str(home)})
    assert done.returncode == 0, done.stderr + done.stdout
    assert "cluster: 2 nodes, 1 cores" in done.stdout
    assert "scans: 0 prepared by the cluster's cores, 12 by this process" in done.stdout  # which alone has the files
    assert table(brought_home(url, tmp_path, server)) == table(undisturbed_random)


@pytest.mark.slow
def test_the_workers_of_a_trial_need_share_no_folder_either(server, tmp_path):
    url, home, two = "s3://studies/together", tmp_path / "scratch", ("resources.workers=2", "budget.trials=1")
    home.mkdir()
    with cluster(cores=1) as found, stranger(found, home):  # each has the cores of one worker
        environment = {**server, "UADRAY_SCRATCH": str(home)}
        there = run(command(tmp_path, url, *two, "--address", found.address), env=environment)
    assert there.returncode == 0, there.stderr + there.stdout
    (tmp_path / "alone").mkdir()
    alone = run(command(tmp_path / "alone", str(tmp_path / "alone" / "runs"), *two), env=server)
    assert alone.returncode == 0, alone.stderr + alone.stdout
    assert table(brought_home(url, tmp_path, server)) == table(tmp_path / "alone")


@pytest.mark.slow
def test_a_second_driver_hears_who_has_the_study(server, tmp_path):
    url = "s3://studies/held"
    lease = {"owner": "x", "host": "elsewhere", "pid": 7, "since": "2026-11-22 10:00 UTC", "renewed": time.time()}
    Objects(url).write("studies/tiny/lease.json", json.dumps(lease).encode())
    done = run(command(tmp_path, url), env={**server, "UADRAY_SCRATCH": str(tmp_path)})
    assert done.returncode == 2
    assert "UAD-302" in done.stderr
    assert "process 7 on elsewhere since 2026-11-22 10:00 UTC" in done.stderr


@pytest.mark.slow
def test_a_bucket_that_is_not_there_is_refused_before_anything_is_computed(server, tmp_path):
    done = run(command(tmp_path, "s3://nobodys/runs"), env={**server, "UADRAY_SCRATCH": str(tmp_path / "scratch")})
    assert done.returncode == 2, done.stdout
    assert "UAD-447 s3://nobodys/runs" in done.stderr
    assert "Traceback" not in done.stderr
    assert not cache("s3://nobodys/runs").exists()


@pytest.mark.slow
def test_a_damaged_object_is_found_out_when_it_is_brought_home(server, undisturbed_random, tmp_path):
    url = "s3://studies/damaged"
    objects, runs = Objects(url), (undisturbed_random / "runs").resolve()
    for folder in (runs / "studies" / "tiny", runs / "stores"):
        There(objects, str(runs)).send(folder)
    name = next(found for found in objects.sizes("studies/tiny/trials") if found.endswith("weights.safetensors"))
    whole = objects.read(name)
    objects.write(name, whole[:-1] + b"?")
    fetching = [sys.executable, "-m", "uadray.fetch", url, "-o", str(tmp_path / "runs")]
    done = run(fetching, env=server)
    assert done.returncode == 1
    assert f"UAD-452 {tmp_path / 'runs' / name}" in done.stderr
    objects.write(name, whole)
    assert run(fetching, env=server).returncode == 0
    assert Path(tmp_path / "runs" / name).read_bytes() == whole
