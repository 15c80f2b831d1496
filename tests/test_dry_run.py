"""What a study would take, said on a machine that is not the one it will run on."""

import re

import torch
from commanding import command
from sweeping import SPACE

from uadray.sweep import sweep


def test_the_gpu_hours_of_a_study_are_estimated_where_there_is_no_gpu(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (tmp_path / "tiny.yaml").write_text(SPACE)
    options = ("--workspace", tmp_path / "runs", "--dry-run", "resources.gpus_per_worker=1")
    done = command(sweep, tmp_path / "tiny.yaml", *options)
    assert done.exit_code == 0, done.output
    assert "1 GPUs; 2 at a time" in done.output
    hours = re.search(r"([\d.e-]+)\s+GPU\s+hours", done.output)
    assert float(hours[1]) > 0
    assert "Measured on this CPU" in done.output
    assert not (tmp_path / "runs" / "studies").exists()
