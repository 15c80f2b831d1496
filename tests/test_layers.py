"""The layers of the package: imports go down only, and Ray and MLflow stay at the rim."""

import ast
from pathlib import Path

import pytest

import uadray

ROOT = Path(uadray.__file__).parent
LAYERS = [  # from the bottom; a module may import from its own layer and from those before it
    ["errors", "section", "files", "layout", "interrupts", "pseudonyms", "yaml_document", "yaml_file"],
    ["remote"],
    ["cluster"],
    ["data"],
    ["models"],
    ["scoring"],
    ["training.settings", "training.resources"],
    ["training.precision", "training.loop", "training.checkpoint", "training.health", "training.room"],
    ["config"],
    ["training.reuse", "training.kept_maps", "training.task", "training.arrival"],
    ["training.worker", "training.trainer"],
    ["study.ledger", "study.objectives", "study.quiet", "study.token"],
    ["study.configurations", "study.space"],
    ["study.design"],
    ["study.reading", "study.screen"],
    ["study.workspace", "study.machine"],
    ["study.search", "study.result"],
    ["reporting"],
    ["bundle"],
    ["prediction.scans", "prediction.extent", "prediction.lesions", "prediction.way_back"],
    ["prediction.blocked"],
    ["prediction.openvino"],
    ["prediction.runtime"],
    ["prediction.predicting"],
    ["viewing"],
    ["prediction"],
    ["tracking"],
    ["diagnosis"],
    ["console", "options"],
    ["preparing"],
    ["prepare", "fsck", "qc", "schema"],
    ["conduct", "dry_run", "opening", "assess"],
    ["sweep", "train", "retrain", "status", "evaluate", "report", "compare", "ui", "mlflow_sync", "fetch", "doctor"],
    ["export", "predict", "bids_app"],
    ["__main__"],
]
RAY = [
    "data.batches",
    "data.mapping",
    "training.trainer",
    "cluster.nodes",
    "study.search",
    "study.workspace",
    "study.machine",
    "diagnosis.cluster",
]
MLFLOW = ["tracking"]


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        if path.name != "__init__.py":
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


def imports(path):
    """Every module that is imported anywhere in a file."""
    return named(ast.walk(ast.parse(path.read_text())))


def imports_at_once(path):
    """Those that are imported as soon as the file is: not inside a function, and not for annotations alone."""
    return named(run_at_once(ast.parse(path.read_text())))


def run_at_once(node):
    for child in ast.iter_child_nodes(node):
        for_annotations = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        if not for_annotations and not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield child
            yield from run_at_once(child)


def named(nodes):
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def under(name, places):
    return any(name == place or name.startswith(f"{place}.") for place in places)


def layer(name):
    return next((number for number, places in enumerate(LAYERS) if under(name, places)), None)


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda value: value if isinstance(value, str) else "")
def test_imports_go_down_only(name, path):
    assert layer(name) is not None, f"{name} has no layer"
    own = [found.removeprefix("uadray.") for found in imports(path) if found.startswith("uadray.")]
    upward = [found for found in own if layer(found) is not None and layer(found) > layer(name)]
    assert not upward


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda value: value if isinstance(value, str) else "")
def test_ray_and_mlflow_stay_at_the_rim(name, path):
    roots = {found.split(".")[0] for found in imports(path)}
    assert "ray" not in roots or under(name, RAY)
    assert "mlflow" not in roots or under(name, MLFLOW)


ANALYSIS = {path.stem for path in (ROOT.parent / "analysis").glob("*.py")}


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda value: value if isinstance(value, str) else "")
def test_nothing_in_the_package_imports_the_analysis(name, path):
    assert "table1" in ANALYSIS
    assert {found.split(".")[0] for found in imports(path)} & {*ANALYSIS, "analysis"} == set()


def test_no_import_cycle():
    graph = {}
    for name, path in modules():
        graph[name] = {found.removeprefix("uadray.") for found in imports_at_once(path) if found.startswith("uadray.")}
    done = set()

    def visit(name, trail):
        assert name not in trail, f"cycle: {' -> '.join([*trail, name])}"
        if name not in done:
            for other in graph.get(name, ()):
                visit(other, [*trail, name])
            done.add(name)

    for name in graph:
        visit(name, [])


def test_no_file_has_grown_past_300_lines():
    long = {str(path): len(path.read_text().splitlines()) for _, path in modules()}
    assert {path: lines for path, lines in long.items() if lines > 300} == {}
