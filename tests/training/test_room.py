"""A disk that takes nothing more ends the study, not the trial."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from uadray.training.room import NoRoom, room

ROOT = Path(__file__).parents[2]
WORK = """
import sys
from pathlib import Path
import torch
from making import made_slices, made_task
from uadray.config import RunConfig
from uadray.training.loop import Rank
from uadray.training.room import NoRoom
from uadray.training.task import Place
from uadray.training.worker import work

folder = Path(sys.argv[1])
slices = {"train": made_slices(6, seed=3, lesion=False), "val_healthy": made_slices(seed=4, lesion=False)}
run = RunConfig.parse({"model": {"kind": "vae_gan"}, "train": {"epochs": 1, "batch_size": 4, "precision": "fp32"}})
place = Place(torch.device("cpu"), Rank(), lambda module: module, slices.__getitem__, print)
try:
    work(made_task(run.plain(), folder / "trials" / "0000", 0, None, folder / "trainings", None), place)
except NoRoom as error:
    print(error)
assert not (folder / "trials" / "0000" / "trial.json").exists()
"""


def test_weights_that_do_not_fit_on_the_disk_leave_no_record(tmp_path):
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"]).returncode != 0:
        pytest.skip("a disk of a few KB takes a root that may mount")
    small = f"mount -t tmpfs -o size=200k none {tmp_path} && exec {sys.executable} -c '{WORK}' {tmp_path}"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    done = subprocess.run(
        ["unshare", "--mount", "bash", "-c", small], capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert f"UAD-313 {tmp_path}/trainings: the disk must take what a study finds; got No space left" in done.stdout


@pytest.mark.parametrize("number", [1, 2, 13])
def test_what_else_goes_wrong_with_a_file_is_the_trials_own(number):
    with pytest.raises(OSError, match=os.strerror(number)) as caught, room("runs"):
        raise OSError(number, os.strerror(number))
    assert not isinstance(caught.value, NoRoom)
