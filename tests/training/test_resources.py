import pytest
import torch

from uadray.training.resources import ResourcesConfig


@pytest.mark.parametrize(("there", "device"), [(True, "cuda"), (False, "cpu")])
def test_what_belongs_to_no_trial_is_computed_on_the_cpu_where_there_is_no_gpu(monkeypatch, there, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    resources = ResourcesConfig(gpus_per_worker=1)
    assert resources.device_here == torch.device(device)
    assert resources.device == torch.device("cuda")  # a trial that asks for a GPU does not do without
