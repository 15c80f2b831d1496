"""What Ray Tune tells of trials, carried to a study."""

import errno
import os
import signal
from types import SimpleNamespace

import pytest
import ray
import ray.train
import ray.train.torch
import torch
from ray.train.v2.api.exceptions import TrainingFailedError
from ray.tune.error import TuneError

from uadray.study.search import tuning


def watched(finished=lambda record: None):
    """What Tune tells a study of one trial, and the trial."""
    ledger = SimpleNamespace(record=lambda index: "the record")
    searcher = SimpleNamespace(run_of=lambda _: (0, None), ledger=ledger, stop=lambda: None)
    progress = SimpleNamespace(epoch=lambda *_: None)
    metadata = SimpleNamespace(num_failures=0)
    return tuning._Watcher(searcher, progress, finished, 0.0), SimpleNamespace(trial_id="a", run_metadata=metadata)


def epoch(watcher, trial, number):
    watcher.on_trial_result(0, [], trial, {"epoch": number, "val/l1": 0.1})


def test_machines_that_are_taken_away_count_only_without_an_epoch_between_them():
    watcher, trial = watched()
    epoch(watcher, trial, 1)
    trial.run_metadata.num_failures = 2
    epoch(watcher, trial, 1)
    assert trial.run_metadata.num_failures == 2  # no further than before
    epoch(watcher, trial, 2)
    assert trial.run_metadata.num_failures == 0


def test_what_the_study_itself_cannot_write_is_not_taken_for_the_trials():
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    watcher, trial = watched(full)
    watcher.on_trial_complete(0, [], trial)
    assert isinstance(watcher.ended_by, OSError)


def test_what_a_person_can_mend_comes_out_of_tunes_traceback():
    def fit():
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise TuneError(str(error))  # noqa: B904 as Tune does

    with pytest.raises(OSError, match="No space left"):
        tuning._fit(SimpleNamespace(fit=fit))
    with pytest.raises(TuneError):
        tuning._fit(SimpleNamespace(fit=lambda: (_ for _ in ()).throw(TuneError("of its own"))))


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
