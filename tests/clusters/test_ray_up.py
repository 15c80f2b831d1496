"""The files of `ray up`, held against Ray's own validation and against what keeps them private."""

import copy
import json
import re
import subprocess
from pathlib import Path

import pytest
import ray.autoscaler
import ray.autoscaler._private._azure as azure
import yaml
from cluster_files import CLUSTERS, PINS, RAY_UP, ROOT, documents, leaves
from jsonschema import ValidationError
from ray.autoscaler._private.util import prepare_config, validate_config

CLOUDS = [name for name in RAY_UP if name != "local"]
APT = """echo "$1" >> "$AT/asked"
case "$1" in
    update) [ "$(grep -c update "$AT/asked")" = 2 ] ;;
    install) touch "$AT/mount.nfs4" ;;
esac"""  # the first update finds another at work


@pytest.fixture(params=RAY_UP)
def cluster(request):
    return documents(request.param)[0]


@pytest.fixture(params=CLOUDS)
def cloud(request):
    return documents(request.param)[0]


def commands(cluster):
    stages = ("initialization", "setup", "head_setup", "worker_setup", "head_start_ray", "worker_start_ray")
    return "\n".join(command for stage in stages for command in cluster.get(f"{stage}_commands", []))


def clients(text):
    """(package, version or nothing) of each client of Azure that is named."""
    return sorted(re.findall(r"\b(azure-[a-z-]+|msrest[a-z]*)(?:==([\w.]+))?", text))


def starts(cluster):
    """The commands that start Ray, of the head and of a worker."""
    return [cluster[f"{node}_start_ray_commands"][-1] for node in ("head", "worker")]


def test_ray_accepts_the_file(cluster):
    validate_config(prepare_config(copy.deepcopy(cluster)))


def test_ray_would_refuse_a_misspelt_key(cluster):
    with pytest.raises(ValidationError, match="idle_timeout_minute"):
        validate_config(prepare_config({**cluster, "idle_timeout_minute": 3}))


def test_authentication_is_on_for_every_process_of_ray_and_the_token_is_there_for_its_owner_alone(cluster):
    options = " ".join(cluster.get("docker", {}).get("run_options", []))
    for start in starts(cluster):
        assert "RAY_AUTH_MODE=token" in options + start
        assert "RAY_USAGE_STATS_ENABLED=0" in options + start
    assert cluster["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"
    assert "chmod 600 ~/.ray/auth_token" in commands(cluster)


def test_the_dashboard_listens_on_loopback_and_nothing_on_all_addresses(cluster):
    assert "--dashboard-host=127.0.0.1" in starts(cluster)[0]
    assert "0.0.0.0" not in str(cluster)


def test_the_head_runs_no_trial(cluster):
    assert "--num-cpus=0" in starts(cluster)[0]
    assert "--autoscaling-config=~/ray_bootstrap_config.yaml" in starts(cluster)[0]


def test_what_is_copied_is_code_that_exists_and_holds_no_data(cluster):
    copied = {local for local in cluster["file_mounts"].values() if not local.startswith("~")}
    assert all((ROOT / local).exists() for local in copied)
    assert copied == {"uadray", "search_spaces", "constraints.txt", "pyproject.toml", "README.md", "LICENSE"}


def test_installed_is_what_the_constraints_pin(cluster):
    assert "--constraint ~/uadray/constraints.txt" in commands(cluster)
    assert f"'ray[default]=={PINS['ray']}'" in commands(cluster)


def test_what_strips_whole_heads_is_installed_on_every_node(cluster):
    assert "--constraint ~/uadray/constraints.txt --no-deps deepbet" in "\n".join(cluster["setup_commands"])
    assert "deepbet" in PINS


def test_images_are_of_the_tested_ray_and_of_one_python(cloud):
    images = [cloud["docker"]["head_image"], cloud["docker"]["worker_image"]]
    assert images == [f"rayproject/ray:{PINS['ray']}-py311", f"rayproject/ray:{PINS['ray']}-py311-gpu"]


def test_gpu_workers_are_spot_from_zero_and_the_idle_ones_go(cloud):
    workers = cloud["available_node_types"]["gpu_spot"]
    assert (workers["min_workers"], workers["max_workers"]) == (0, cloud["max_workers"])
    assert workers["resources"]["GPU"] == 1
    spot = {("MarketType", "spot"), ("provisioningModel", "SPOT"), ("priority", "Spot")}
    plain = {(key, value) for key, value in leaves(workers) if isinstance(value, str)}
    assert spot & plain
    head = cloud["available_node_types"][cloud["head_node_type"]]
    assert not spot & {(key, value) for key, value in leaves(head) if isinstance(value, str)}
    assert head["resources"] == {"CPU": 0}
    assert cloud["idle_timeout_minutes"] == 10


def test_no_machine_has_a_public_address(cloud):
    assert cloud["provider"]["use_internal_ips"] is True
    assert "use_external_head_ip" not in cloud["provider"]
    assert "accessConfigs" not in dict(leaves(cloud))
    nodes = [node["node_config"] for node in cloud["available_node_types"].values()]
    if cloud["provider"]["type"] == "aws":  # elsewhere the provider's use_internal_ips or the missing accessConfigs do
        assert [node["NetworkInterfaces"][0]["AssociatePublicIpAddress"] for node in nodes] == [False, False]
    if cloud["provider"]["type"] == "gcp":
        assert all(node["networkInterfaces"] for node in nodes)


def test_every_node_mounts_the_share_before_its_container_starts(cloud):
    assert "-v /mnt/uadray:/mnt/uadray" in cloud["docker"]["run_options"]
    mounts = "\n".join(cloud["initialization_commands"])
    assert "mountpoint -q /mnt/uadray" in mounts
    assert "sudo mount -t nfs" in mounts


def test_what_mounts_the_share_is_installed_where_an_image_lacks_it(cloud, tmp_path):
    _, install, mount, _ = cloud["initialization_commands"]
    assert "sudo mount -t nfs" in mount
    assert install.startswith("test -e /sbin/mount.nfs4 ||")
    for name, body in {"sudo": 'exec "$@"', "sleep": "", "apt-get": APT}.items():
        stand_in = tmp_path / name
        stand_in.write_text(f"#!/bin/sh\n{body}\n")
        stand_in.chmod(0o755)
    there = install.replace("/sbin/mount.nfs4", str(tmp_path / "mount.nfs4"))
    for _ in range(2):  # by the second time it is there
        done = subprocess.run(["bash", "-c", there], env={"PATH": f"{tmp_path}:/usr/bin:/bin", "AT": str(tmp_path)})
        assert done.returncode == 0
    assert (tmp_path / "asked").read_text().split() == ["update", "update", "install"]


def test_idle_machines_are_deleted_and_not_kept_with_their_disks(cloud):
    kept = {"aws": True, "azure": True, "gcp": False}  # Ray's defaults
    assert cloud["provider"].get("cache_stopped_nodes", kept[cloud["provider"]["type"]]) is False


def test_the_account_of_the_head_too_may_use_the_bucket_since_the_driver_runs_there():
    head = re.search(r"#   CHANGE_ME_HEAD_PROFILE(.*?)#   CHANGE_ME", (CLUSTERS / "aws.yaml").read_text(), re.DOTALL)
    assert "bucket" in head[1]
    for name in ("gcp.yaml", "README.md"):  # objectAdmin, which Ray gives, lacks storage.buckets.get
        text = (CLUSTERS / name).read_text()
        assert "ray-autoscaler-sa-v1" in text
        assert "roles/storage.legacyBucketReader" in text


def test_disks_are_encrypted_where_the_cloud_does_not_do_so_by_itself():
    nodes = documents("aws")[0]["available_node_types"].values()
    for node in nodes:
        assert [disk["Ebs"]["Encrypted"] for disk in node["node_config"]["BlockDeviceMappings"]] == [True]
        assert node["node_config"]["MetadataOptions"]["HttpTokens"] == "required"


def test_all_clouds_install_and_start_in_the_same_way():
    same = ("docker", "file_mounts", "setup_commands", "head_start_ray_commands", "worker_start_ray_commands")
    first, *others = [documents(name)[0] for name in CLOUDS]
    for other in others:
        assert {key: other[key] for key in same} == {key: first[key] for key in same}


def test_azures_clients_are_of_the_versions_that_ray_can_import_on_the_head_and_where_ray_up_is_typed():
    defaults = yaml.safe_load((Path(ray.autoscaler.__file__).parent / "azure" / "defaults.yaml").read_text())
    of_ray = clients("\n".join(defaults["head_setup_commands"]))
    assert "azure-mgmt-resource" in dict(of_ray)
    assert clients("\n".join(documents("azure")[0]["head_setup_commands"])) == of_ray
    assert clients((CLUSTERS / "README.md").read_text()) == of_ray


def test_azure_parameters_are_those_of_rays_template():
    template = json.loads((Path(azure.__file__).parent / "azure-vm-template.json").read_text())
    for node in documents("azure")[0]["available_node_types"].values():
        assert set(node["node_config"]["azure_arm_parameters"]) - {"availability_zone"} <= set(template["parameters"])
