"""Fixtures that several tests share."""

import signal

import pytest
import ray
from making import made_slices
from sweeping import RANDOM, command, run


@pytest.fixture
def patients():
    return made_slices()


@pytest.fixture
def healthy():
    return made_slices(seed=1, lesion=False)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """The folder of a study that ran to its end, which no test may change, and what it said."""
    folder = tmp_path_factory.mktemp("undisturbed")
    done = run(command(folder))
    assert done.returncode == 0, done.stderr + done.stdout
    return folder, done


@pytest.fixture(scope="session")
def undisturbed_random(tmp_path_factory):
    """The folder of the random study that ran to its end on this machine alone, which no test may change."""
    folder = tmp_path_factory.mktemp("undisturbed_random")
    done = run(command(folder, space=RANDOM))
    assert done.returncode == 0, done.stderr + done.stdout
    return folder


@pytest.fixture(scope="module")
def two_cores():
    """A Ray of two cores in this process."""
    interrupt = signal.getsignal(signal.SIGINT)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield
    ray.shutdown()
    signal.signal(signal.SIGINT, interrupt)  # Ray Train leaves its own
