"""What Ray Tune tells of trials, carried to a study."""

import os
import signal
from types import SimpleNamespace

import pytest
import ray
import ray.train
import ray.train.torch
import torch
from ray.train.v2.api.exceptions import TrainingFailedError

from uadray.study import tuning


@pytest.mark.slow
def test_of_a_group_whose_worker_dies_the_death_is_the_reason(two_cores, tmp_path):
    def loop(_):
        if ray.train.get_context().get_world_rank() == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        torch.distributed.barrier()

    with pytest.raises(TrainingFailedError) as caught:
        ray.train.torch.TorchTrainer(
            loop,
            scaling_config=ray.train.ScalingConfig(num_workers=2),
            torch_config=ray.train.torch.TorchConfig(backend="gloo"),
            run_config=ray.train.RunConfig(name="dying", storage_path=str(tmp_path)),
        ).fit()
    trial = SimpleNamespace(get_pickled_error=lambda: caught.value)
    assert tuning._why(trial, 4).startswith("UAD-312 trial 4: a trial's process must live until its record is written")
