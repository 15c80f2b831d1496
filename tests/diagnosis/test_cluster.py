import pytest

from uadray.diagnosis.cluster import required
from uadray.diagnosis.finding import State
from uadray.errors import ConfigError, Problem
from uadray.remote.objects import StoreAway

PROBLEM = Problem("UAD-448", "s3://bucket/runs", "the object store must answer", "no route", "Wait.")


@pytest.mark.parametrize("error", [ConfigError(PROBLEM), StoreAway(PROBLEM)])
def test_whatever_is_refused_is_a_finding_and_no_end_of_the_diagnosis(error):
    def check():
        raise error

    (found,) = required("object store", "can be written", check)
    assert (found.state, found.said, found.do) == (State.PROBLEM, "UAD-448 s3://bucket/runs: no route", "Wait.")


def test_a_workspace_that_may_not_be_made_is_not_taken_for_a_cluster_that_is_away():
    def check():
        raise PermissionError(13, "Permission denied", "/another/runs")

    (found,) = required("shared workspace", "every node has it", check)
    assert (found.about, found.state) == ("shared workspace", State.PROBLEM)
    assert "Permission denied" in found.said


def test_what_is_fine_is_said_in_a_line():
    (found,) = required("object store", "can be written", lambda: None)
    assert (found.state, found.said) == (State.OK, "can be written")
