"""What the pages of clusters/ tell people to type exists, and what they must change is listed."""

import re
import shlex

import pytest
import typer
from cluster_files import CLUSTERS, PINS, ROOT, placeholders, uncommented

from uadray.__main__ import app

PAGES = sorted(CLUSTERS.glob("*.md"))
FILES = sorted(path for path in CLUSTERS.iterdir() if path.suffix in {".yaml", ".sbatch"})
TEXTS = [*PAGES, *FILES]


def identity(value):
    return value.name if hasattr(value, "name") else ""


def commands(text):
    """(module, its arguments) of each command of uadray, lines that a backslash joins being one."""
    for line in text.replace("\\\n", " ").replace(">-\n", " ").splitlines():
        for module, rest in re.findall(r"python -m uadray\.(\w+)([^`'|&]*)", line):
            yield module, shlex.split(re.split(r"\s{4,}[a-z]", rest)[0].replace('"', ""), comments=True)


def options_of(module):
    groups = typer.main.get_command(app).commands
    return {option for parameter in groups[module.replace("_", "-")].params for option in parameter.opts}


@pytest.mark.parametrize("path", TEXTS, ids=identity)
def test_every_command_that_is_named_is_one_with_these_options(path):
    for module, arguments in commands(path.read_text()):
        assert (ROOT / "uadray" / f"{module}.py").is_file(), module
        asked = {word.partition("=")[0] for word in arguments if word.startswith("-")}
        assert asked <= options_of(module), f"{module}: {asked}"


def test_commands_are_found_where_they_are():
    found = [module for page in PAGES for module, _ in commands(page.read_text())]
    assert {"sweep", "doctor", "status", "fetch", "report", "mlflow_sync"} <= set(found)
    text = "python -m uadray.sweep a.yaml --bids b \\\n    --address auto budget.trials=3\nray x 'python -m uadray.doctor --json'"
    assert list(commands(text)) == [
        ("sweep", ["a.yaml", "--bids", "b", "--address", "auto", "budget.trials=3"]),
        ("doctor", ["--json"]),
    ]


def test_overrides_that_are_named_are_keys_of_a_study():
    from uadray.study.reading.checking import load

    text = "\n".join(path.read_text() for path in TEXTS)
    found = set(re.findall(r"\b(?:resources|budget)\.\w+=[\d.]+", text))
    assert len(found) >= 3
    load(ROOT / "search_spaces" / "latent.yaml", None, sorted(found))


@pytest.mark.parametrize("path", PAGES, ids=identity)
def test_links_and_files_that_are_named_exist(path):
    text = path.read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("https://") or (path.parent / target).exists(), target
    for file in re.findall(r"(?<![\w/.-])(?:clusters|search_spaces|docs)/[\w./-]+\.\w+", text):
        assert (ROOT / file).is_file(), file


def test_the_page_tells_of_every_file():
    page = (CLUSTERS / "README.md").read_text()
    assert all(f"]({path.name})" in page for path in FILES)


@pytest.mark.parametrize("path", [path for path in FILES if "mlflow" not in path.name], ids=identity)
def test_what_must_be_changed_is_marked_in_one_way_and_listed_at_the_top(path):
    text = path.read_text()
    listed = set(re.findall(r"^#   (CHANGE_ME_\w+) ", text, re.MULTILINE))
    assert "# Change before use:\n" in text
    assert listed == placeholders(uncommented(text))


@pytest.mark.parametrize("path", [*FILES, *CLUSTERS.glob("*ockerfile")], ids=identity)
def test_no_address_is_public_and_no_secret_is_written_down(path):
    text = path.read_text()
    addresses = set(re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", text)) - {"127.0.0.1", "127.0.1.1"}
    assert all(address.startswith("10.") or path.name.startswith("mlflow") for address in addresses)
    assert "LoadBalancer" not in text
    assert "NodePort" not in text
    assert not re.search(r"(?i)(password|secret|token)\w*\s*[:=]\s*[\"']?[0-9a-f]{8,}", text)


@pytest.mark.parametrize("path", [*TEXTS, *CLUSTERS.glob("*ockerfile")], ids=identity)
def test_every_version_is_the_tested_one(path):
    text = path.read_text()
    for package, version in re.findall(r"'?\b(ray|mlflow)(?:\[\w+\])?==([\d.]+\d)", text):
        assert version == PINS[package]
    for version in re.findall(r"(?:rayproject/ray|uadray):(\d[\d.]*\d)", text):
        assert version == PINS["ray"]


@pytest.mark.parametrize("name", ["README.md", "Dockerfile"])
def test_what_strips_whole_heads_is_installed_with_the_rest(name):
    lines = (CLUSTERS / name).read_text().splitlines()
    rest = next(number for number, line in enumerate(lines) if "'ray[default]" in line)
    assert re.search(r"pip install .*--constraint \S*constraints.txt --no-deps deepbet", lines[rest + 1])


def test_lines_of_files_fit_on_a_screen():
    assert [path.name for path in FILES if any(len(line) > 120 for line in path.read_text().splitlines())] == []
