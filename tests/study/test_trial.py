"""A trial in its own process, before it trains."""

import pytest
from making import made_task

from uadray.config import RunConfig
from uadray.study.trial import Astray, run_trial
from uadray.training.resources import ResourcesConfig

RUN = RunConfig.parse({"model": "dAE"}).plain()


def test_a_node_with_other_libraries_than_the_driver_computes_nothing(tmp_path):
    config = {"index": 0, "run": RUN, "limits": []}
    with pytest.raises(Astray, match=r"UAD-444 node .*torch 0\.0"):
        run_trial(config, made_task(RUN, tmp_path), ResourcesConfig(), "torch 0.0", {})
    assert list(tmp_path.iterdir()) == []
