from importlib import metadata

import pytest
from packaging.requirements import Requirement

from uadray.diagnosis import installed as module
from uadray.diagnosis.finding import State
from uadray.diagnosis.installed import installed, mismatch


def test_python_uadray_and_what_results_depend_on_are_shown_with_their_versions():
    found = {finding.about: finding.said for finding in installed()}
    assert {"Python", "uadray", "torch", "ray", "optuna", "mlflow", "requirements"} <= set(found)
    assert found["ray"] == metadata.version("ray")


def test_without_what_strips_whole_heads_there_is_a_warning_with_the_way_to_install_it(monkeypatch):
    monkeypatch.setattr(module, "_version", {"torch": "2.13.0"}.get)
    (finding,) = [finding for finding in installed() if finding.about == "deepbet"]
    assert finding.state is State.WARNING
    assert "whole heads" in finding.said
    assert "--no-deps deepbet" in finding.do
    monkeypatch.setattr(module, "_version", {"deepbet": "1.0.2"}.get)
    (finding,) = [finding for finding in installed() if finding.about == "deepbet"]
    assert (finding.state, finding.said) == (State.OK, "1.0.2")


@pytest.mark.parametrize(
    ("found", "said"),
    [("2.13.0+cu128", ""), ("2.13.0rc1", ""), ("2.9.1", "torch 2.9.1, must be"), (None, "torch missing, must be")],
)
def test_a_version_outside_of_what_is_required_is_told(found, said):
    told = mismatch(Requirement("torch>=2.10,<3"), found)
    assert told.startswith(said) if said else told == ""


def test_what_is_required_and_missing_is_a_problem_with_the_way_to_install_it(monkeypatch):
    monkeypatch.setattr(module, "requires", lambda name: ["torch>=99", "numpy", 'colorama; sys_platform == "win32"'])
    (finding,) = [finding for finding in installed() if finding.about == "requirements"]
    assert finding.state is State.PROBLEM
    assert finding.said.startswith("torch ")
    assert "colorama" not in finding.said
    assert "--constraint constraints.txt" in finding.do
