"""A study that has ended, made once, and copies of it that a test may change."""

import shutil

import pytest
from studies import made_cohort, made_plan, made_study

from uadray.study.ledger import Ledger


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    store = made_cohort(folder)
    made_study(folder, store, made_plan(tested={"kind": "every_trial"}))
    return folder, store


@pytest.fixture
def study(workspace, tmp_path):
    """The ledger of a copy."""
    shutil.copytree(workspace[0], tmp_path / "workspace")
    return Ledger(tmp_path / "workspace" / "studies" / "toy")
