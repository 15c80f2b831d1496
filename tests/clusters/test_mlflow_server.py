"""The MLflow server's compose file, by its structure and against MLflow's own options."""

import re
import shlex

import pytest
from cluster_files import CLUSTERS, PINS, documents
from mlflow.cli import cli


@pytest.fixture
def services():
    return documents("mlflow-compose")[0]["services"]


def test_it_listens_on_loopback_and_the_database_publishes_nothing(services):
    assert services["mlflow"]["ports"] == ["127.0.0.1:5000:5000"]
    assert "ports" not in services["postgres"]
    assert services["mlflow"]["networks"] == services["postgres"]["networks"]


def test_it_asks_for_names_and_passwords_and_sends_nothing(services):
    environment = services["mlflow"]["environment"]
    assert "--app-name basic-auth" in services["mlflow"]["command"]
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def test_its_options_are_mlflows(services):
    options = {option for parameter in cli.commands["server"].params for option in parameter.opts}
    asked = {word for word in shlex.split(services["mlflow"]["command"]) if word.startswith("--")}
    assert asked <= options


def test_without_its_secrets_it_does_not_start_and_the_page_makes_each(services):
    wanted = set(re.findall(r"\$\{(\w+):\?\}", str(services)))
    assert wanted == set(re.findall(r"\$\{(\w+)", str(services)))  # none has a default
    page = (CLUSTERS / "mlflow-server.md").read_text()
    assert all(f"{name}=" in page for name in wanted)
    listed = re.findall(r"^#   ([A-Z_]+) ", (CLUSTERS / "mlflow-compose.yaml").read_text(), re.MULTILINE)
    assert set(listed) == wanted


def test_the_server_is_the_tested_one_and_the_database_has_a_version(services):
    assert f"mlflow[auth]=={PINS['mlflow']}" in (CLUSTERS / "mlflow.Dockerfile").read_text()
    assert f"MLflow {PINS['mlflow']}" in (CLUSTERS / "mlflow-server.md").read_text()
    assert re.fullmatch(r"postgres:\d+\.\d+", services["postgres"]["image"])


def test_it_does_not_run_as_root():
    lines = (CLUSTERS / "mlflow.Dockerfile").read_text().splitlines()
    assert lines[-1] == "USER mlflow"
