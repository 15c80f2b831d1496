"""The files of KubeRay, by their structure: Kubernetes itself is not asked."""

import re

import pytest
from cluster_files import CLUSTERS, KUBERAY, PINS, documents


@pytest.fixture(params=KUBERAY)
def files(request):
    return documents(request.param)


@pytest.fixture
def workspace():
    """The claim and the network policy."""
    return documents("kuberay-workspace")


@pytest.fixture
def cluster(files):
    spec = files[0]["spec"]
    return spec.get("rayClusterSpec", spec)


def pods(files, cluster):
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    submitters = [files[0]["spec"][key] for key in ("submitterPodTemplate",) if key in files[0]["spec"]]
    return [group["template"]["spec"] for group in groups] + [template["spec"] for template in submitters]


def containers(files, cluster):
    return [container for pod in pods(files, cluster) for container in pod["containers"]]


def test_it_is_a_ray_resource_and_takes_nothing_with_it_when_it_is_deleted(files):
    assert [file["apiVersion"] for file in files] == ["ray.io/v1"]
    assert files[0]["kind"] in ("RayJob", "RayCluster")


def test_claim_and_network_policy_have_a_file_of_their_own(workspace):
    assert [file["kind"] for file in workspace] == ["PersistentVolumeClaim", "NetworkPolicy"]
    assert workspace[0]["spec"]["accessModes"] == ["ReadWriteMany"]


def test_the_page_deletes_files_only_where_it_says_that_the_results_go():
    page = (CLUSTERS / "README.md").read_text()
    deleted = re.findall(r"kubectl delete (?:--filename|-f) (\S+) *(.*)", page)
    assert deleted == [("~/my-workspace.yaml", "removes the results")]


def test_a_job_that_is_over_is_deleted_by_its_name_and_applied_again():
    name = documents("kuberay-rayjob")[0]["metadata"]["name"]
    again = f"kubectl delete rayjob {name} && kubectl apply --filename ~/my-rayjob.yaml"
    assert again in (CLUSTERS / "README.md").read_text()


def test_ray_is_the_tested_one(files, cluster):
    assert cluster["rayVersion"] == PINS["ray"]
    assert {container["image"] for container in containers(files, cluster)} == {f"CHANGE_ME_IMAGE:{PINS['ray']}"}


def test_the_image_is_built_on_the_tested_ray_and_does_not_end_as_root():
    lines = (CLUSTERS / "Dockerfile").read_text().splitlines()
    assert f"FROM rayproject/ray:{PINS['ray']}-py311-gpu" in lines
    assert [line for line in lines if line.startswith("USER")] == ["USER 1000"]
    assert f"'ray[default]=={PINS['ray']}'" in "\n".join(lines)


def test_the_token_is_a_secret_and_authentication_is_on(cluster):
    assert cluster["authOptions"] == {"mode": "token", "secretName": "uadray-ray-token"}


def test_nothing_runs_as_root_or_may_become_it(files, cluster):
    for pod in pods(files, cluster):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 1000
    every = [*containers(files, cluster), cluster["autoscalerOptions"]]
    for container in every:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_every_container_asks_for_what_it_needs_and_is_bounded(files, cluster):
    for container in [*containers(files, cluster), cluster["autoscalerOptions"]]:
        for bound in ("requests", "limits"):
            assert {"cpu", "memory"} <= set(container["resources"][bound])
    (worker,) = cluster["workerGroupSpecs"][0]["template"]["spec"]["containers"]
    assert worker["resources"]["limits"]["nvidia.com/gpu"] == "1"


def test_gpu_workers_come_from_zero_and_go_when_idle(cluster):
    (workers,) = cluster["workerGroupSpecs"]
    assert (workers["replicas"], workers["minReplicas"]) == (0, 0)
    assert workers["maxReplicas"] > 0
    assert cluster["enableInTreeAutoscaling"] is True
    assert cluster["autoscalerOptions"]["idleTimeoutSeconds"] == 600
    assert {"key": "cloud.google.com/gke-spot", "operator": "Exists"} in workers["template"]["spec"]["tolerations"]
    assert cluster["headGroupSpec"]["rayStartParams"] == {"num-cpus": "0"}


def test_secrets_are_named_and_never_written_down(files, cluster):
    for container in containers(files, cluster):
        assert all(re.match(r"RAY_USAGE|MLFLOW_DISABLE", entry["name"]) for entry in container.get("env", []))
    workers = cluster["workerGroupSpecs"][0]["template"]["spec"]
    assert "envFrom" not in workers["containers"][0]
    assert workers["automountServiceAccountToken"] is False
    (head,) = cluster["headGroupSpec"]["template"]["spec"]["containers"]
    assert head["envFrom"] == [{"secretRef": {"name": "uadray-mlflow", "optional": True}}]


def test_telemetry_is_off_in_every_node(cluster):
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        (container,) = group["template"]["spec"]["containers"]
        environment = {entry["name"]: entry["value"] for entry in container["env"]}
        assert environment["RAY_USAGE_STATS_ENABLED"] == "0"
        assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_only_the_cluster_and_the_operator_reach_it(files, cluster, workspace):
    policy = workspace[1]["spec"]
    labels = policy["podSelector"]["matchLabels"]
    templates = [cluster["headGroupSpec"]["template"], *[group["template"] for group in cluster["workerGroupSpecs"]]]
    templates += [files[0]["spec"][key] for key in ("submitterPodTemplate",) if key in files[0]["spec"]]
    assert all(template["metadata"]["labels"] == labels for template in templates)
    assert policy["policyTypes"] == ["Ingress"]
    operator = {"app.kubernetes.io/component": "kuberay-operator"}  # of its pods, by Helm's chart and by kustomize
    ((own, other),) = [rule["from"] for rule in policy["ingress"]]
    assert own == {"podSelector": {"matchLabels": labels}}
    assert other == {"namespaceSelector": {}, "podSelector": {"matchLabels": operator}}
    assert "serviceType" not in cluster["headGroupSpec"]  # ClusterIP


def test_head_and_workers_share_the_workspace(cluster, workspace):
    claim = workspace[0]["metadata"]["name"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        volumes = {volume["name"]: volume for volume in group["template"]["spec"]["volumes"]}
        assert volumes["workspace"]["persistentVolumeClaim"]["claimName"] == claim
        (container,) = group["template"]["spec"]["containers"]
        assert {"name": "workspace", "mountPath": "/workspace"} in container["volumeMounts"]


def test_a_job_ends_with_its_cluster_and_is_not_repeated_blindly():
    spec = documents("kuberay-rayjob")[0]["spec"]
    assert spec["shutdownAfterJobFinishes"] is True
    assert spec["backoffLimit"] == 0
    assert spec["activeDeadlineSeconds"] > 0
    assert "--address auto --workspace /workspace" in spec["entrypoint"]


def test_a_job_and_a_kept_cluster_differ_in_nothing_but_the_job():
    job, cluster = (documents(name) for name in KUBERAY)
    assert job[0]["spec"]["rayClusterSpec"] == cluster[0]["spec"]
