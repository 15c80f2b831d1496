"""What a kept model gives of slices is computed once and read afterwards, the same to the bit."""

import numpy as np
import pytest
from making import made_slices

from uadray.models.intensity import IntensityConfig
from uadray.scoring.detector import Detector
from uadray.scoring.residual import AbsoluteResidual
from uadray.scoring.settings import ScoringConfig
from uadray.training.kept_maps import KeptMaps

IMAGES = made_slices().images
MAPS = np.random.default_rng(0).random((6, 32, 32), np.float32)


class Made:
    """Makes maps, and counts how often."""

    def __init__(self, maps=MAPS):
        self.maps, self.times = maps, 0

    def __call__(self):
        self.times += 1
        return self.maps


def test_maps_are_made_once_and_read_equal_to_the_bit(tmp_path):
    made = Made()
    first, again = (KeptMaps(tmp_path)({"of": 1}, IMAGES, made) for _ in range(2))
    assert made.times == 1
    assert np.array_equal(again, first)
    assert again.dtype == first.dtype


@pytest.mark.parametrize(("what", "images"), [({"of": 2}, IMAGES), ({"of": 1}, IMAGES[:5]), ({"of": 1}, IMAGES + 1)])
def test_other_images_and_other_computations_have_their_own(tmp_path, what, images):
    KeptMaps(tmp_path)({"of": 1}, IMAGES, Made())
    other = Made(MAPS + 1)
    assert np.array_equal(KeptMaps(tmp_path)(what, images, other), MAPS + 1)
    assert other.times == 1


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_a_damaged_file_is_made_anew(tmp_path, damage):
    KeptMaps(tmp_path)({}, IMAGES, Made())
    (path,) = (tmp_path / "maps").iterdir()
    content = path.read_bytes()
    path.write_bytes({"cut": content[:-9], "changed": content[:-1] + b"\x01", "empty": b""}[damage])
    anew, after = Made(), Made()
    assert np.array_equal(KeptMaps(tmp_path)({}, IMAGES, anew), MAPS)
    assert np.array_equal(KeptMaps(tmp_path)({}, IMAGES, after), MAPS)
    assert (anew.times, after.times) == (1, 0)


def test_what_would_exceed_the_bound_is_not_kept_and_is_the_same(tmp_path):
    small = KeptMaps(tmp_path, most_bytes=int(1.5 * MAPS.nbytes))
    made = Made()
    for _ in range(2):
        assert np.array_equal(small({"of": 1}, IMAGES, made), MAPS)
        assert np.array_equal(small({"of": 2}, IMAGES, made), MAPS)
    assert made.times == 3  # the first is kept
    assert len(list((tmp_path / "maps").iterdir())) == 1


def test_what_a_killed_process_left_is_removed(tmp_path):
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / ".half.safetensors-1").write_bytes(b"half")
    KeptMaps(tmp_path)({}, IMAGES, Made())
    assert [path.suffix for path in (tmp_path / "maps").iterdir()] == [".safetensors"]


def test_a_detector_that_recalls_gives_the_same_and_another_residual_is_not_recalled(tmp_path):
    model, slices = IntensityConfig().build(32), made_slices()
    for scoring in (ScoringConfig(), ScoringConfig(residual=AbsoluteResidual()), ScoringConfig(median_filter=3)):
        plain, own = Detector(model, scoring), Detector(model, scoring, recall=KeptMaps(tmp_path))
        assert np.array_equal(own.anomaly_maps(slices), plain.anomaly_maps(slices))
        assert np.array_equal(own.reconstructions(slices), plain.reconstructions(slices))
    assert len(list((tmp_path / "maps").iterdir())) == 3  # two residuals, one reconstruction


def test_times_are_of_the_model_and_never_of_what_is_recalled():
    def refuse(what, images, make):
        raise AssertionError("recalled")

    seconds = Detector(IntensityConfig().build(32), ScoringConfig(), recall=refuse).seconds_per_slice(made_slices())
    assert seconds["whole"] > 0
