import pytest
import torch

from uadray.errors import StudyError
from uadray.models.latent import SpatialLatentConfig
from uadray.models.vae_gan import VaeGanConfig
from uadray.training import checkpoint
from uadray.training.loop import Training
from uadray.training.settings import TrainConfig


@pytest.fixture
def run():
    model = VaeGanConfig(latent=SpatialLatentConfig(size=8, channels=2)).build(16)
    return Training(model, TrainConfig(epochs=2, precision="fp32"), torch.device("cpu"))


def test_only_the_newest_checkpoint_is_kept_and_it_is_whole(run, tmp_path):
    for epoch in (1, 2):
        run.epoch = epoch
        checkpoint.save(run, [], tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == ["epoch-0002"]
    assert {file.name for file in (tmp_path / "epoch-0002").iterdir()} == {
        "weights.safetensors",
        "optimisers.safetensors",
        "checkpoint.json",
    }


def test_a_draft_left_by_a_killed_process_is_not_taken_for_a_checkpoint(run, tmp_path):
    (tmp_path / ".epoch-0007-123").mkdir(parents=True)
    assert checkpoint.resume(run, tmp_path) == []
    assert run.epoch == 0


def test_a_flipped_bit_is_found(run, tmp_path):
    checkpoint.save(run, [], tmp_path)
    file = tmp_path / "epoch-0000" / "weights.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(StudyError, match="UAD-320"):
        checkpoint.load_weights(run.model, tmp_path)


@pytest.mark.parametrize("damage", ["flip", "truncate header", "remove weights"])
def test_a_training_with_a_damaged_checkpoint_begins_anew(run, tmp_path, damage):
    run.epoch = 3
    checkpoint.save(run, [{"val/l1": 0.1}], tmp_path)
    folder = tmp_path / "epoch-0003"
    if damage == "flip":
        content = bytearray((folder / "optimisers.safetensors").read_bytes())
        content[-1] ^= 1
        (folder / "optimisers.safetensors").write_bytes(content)
    elif damage == "truncate header":
        (folder / "checkpoint.json").write_text("")
    else:
        (folder / "weights.safetensors").unlink()
    run.epoch = 0
    assert checkpoint.resume(run, tmp_path) == []
    assert run.epoch == 0


def test_checkpoints_are_ordered_by_number(run, tmp_path):
    for epoch in (9999, 10000):
        run.epoch = epoch
        checkpoint.save(run, [], tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == ["epoch-10000"]


def test_missing_weights_are_an_error_that_says_so(run, tmp_path):
    with pytest.raises(StudyError, match="UAD-321"):
        checkpoint.load_weights(run.model, tmp_path)
