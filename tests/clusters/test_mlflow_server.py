"""The MLflow server's compose file, by its structure and against MLflow's own options."""

import gzip
import re
import shlex
import sqlite3
import subprocess
import sys

import pytest
from cluster_files import CLUSTERS, PINS, documents
from mlflow.cli import cli
from mlflow.server import security_utils as security

PAGE = (CLUSTERS / "mlflow-server.md").read_text().replace("\\\n", " ")


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
    assert all(f"{name}=" in PAGE for name in wanted)
    listed = re.findall(r"^#   ([A-Z_]+) ", (CLUSTERS / "mlflow-compose.yaml").read_text(), re.MULTILINE)
    assert set(listed) == wanted


@pytest.fixture
def behind_a_proxy(services, monkeypatch):
    """MLflow's own settings as the page has them behind Caddy, and the server's name there."""
    told = dict(re.findall(r"`(ALLOWED_\w+)` is `([^`]+)`", PAGE))
    for name, value in services["mlflow"]["environment"].items():
        for variable in told:
            if value == f"${{{variable}:?}}":
                monkeypatch.setenv(name, told[variable])
    return re.search(r"^(\S+) \{\n +reverse_proxy 127.0.0.1:5000$", PAGE, re.MULTILINE)[1]


def test_behind_a_proxy_its_pages_may_write_and_those_of_others_may_not(behind_a_proxy):
    assert security.is_allowed_host_header(security.get_allowed_hosts_from_env(), behind_a_proxy)
    origins = security.get_allowed_origins_from_env()
    assert not security.should_block_cors_request(f"https://{behind_a_proxy}", "POST", origins)
    assert not security.should_block_cors_request("http://localhost:5000", "POST", origins)
    assert security.should_block_cors_request("https://elsewhere.example.org", "POST", origins)


def test_every_command_of_compose_knows_the_secrets_without_which_it_refuses():
    commands = re.findall(r"^docker compose .*$", PAGE, re.MULTILINE)
    assert len(commands) >= 4
    assert all("--env-file ~/.uadray-mlflow --file clusters/mlflow-compose.yaml " in command for command in commands)


def test_a_backup_that_fails_is_seen_and_holds_database_and_accounts(tmp_path):
    lines = next(block for block in PAGE.split("```") if "pg_dump" in block).splitlines()
    dumps = [line for line in lines if " | gzip > " in line]
    assert all(lines.index("set -o pipefail") < lines.index(dump) for dump in dumps)
    assert [re.search(r"exec -T (\w+)", dump)[1] for dump in dumps] == ["postgres", "mlflow"]
    with sqlite3.connect(tmp_path / "basic_auth.db") as users:
        users.execute("create table users (name)")
        users.execute("insert into users values ('studies')")
    inside = f"set -o pipefail; {sys.executable} {dumps[1].partition('exec -T mlflow python ')[2]}"
    subprocess.run(["bash", "-c", inside], cwd=tmp_path, check=True)
    dump = gzip.decompress((tmp_path / "users.sql.gz").read_bytes()).decode()
    restored = sqlite3.connect(":memory:")
    restored.executescript(dump)
    assert restored.execute("select name from users").fetchall() == [("studies",)]


def test_every_file_of_credentials_is_made_by_a_page_for_its_owner_alone():
    named = set(re.findall(r"\.uadray-[a-z-]+", PAGE + (CLUSTERS / "README.md").read_text()))
    assert named == {".uadray-mlflow", ".uadray-mlflow-client"}
    for file in named:
        (block,) = [block for block in PAGE.split("```") if re.search(rf"> ~/{file}$", block, re.MULTILINE)]
        assert block.startswith("\numask 077\n")


def test_the_server_is_the_tested_one_and_the_database_has_a_version(services):
    assert f"mlflow[auth]=={PINS['mlflow']}" in (CLUSTERS / "mlflow.Dockerfile").read_text()
    assert f"MLflow {PINS['mlflow']}" in PAGE
    assert re.fullmatch(r"postgres:\d+\.\d+", services["postgres"]["image"])


def test_it_does_not_run_as_root():
    lines = (CLUSTERS / "mlflow.Dockerfile").read_text().splitlines()
    assert lines[-1] == "USER mlflow"
