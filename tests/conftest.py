"""Fixtures that several tests share."""

import pytest
from making import made_slices


@pytest.fixture
def patients():
    return made_slices()


@pytest.fixture
def healthy():
    return made_slices(seed=1, lesion=False)
