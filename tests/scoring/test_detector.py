import numpy as np
import pytest
import torch
from making import made_slices
from pydantic import ValidationError
from scipy import ndimage

from uadray.models.intensity import IntensityConfig
from uadray.models.zoo import ZOO
from uadray.scoring.detector import Detector
from uadray.scoring.filters import VolumeMedian
from uadray.scoring.postprocess import BrightInSlice, LeastVoxels
from uadray.scoring.residual import AbsoluteResidual
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.threshold import HealthyPercentile
from uadray.scoring.validation import fit_threshold


def detector(**scoring):
    return Detector(IntensityConfig().build(32), ScoringConfig(**scoring))


def test_nothing_outside_the_brain_has_a_score(patients):
    torch.manual_seed(0)
    model = ZOO["sAE3"].build(32)
    maps = Detector(model, ScoringConfig(residual=AbsoluteResidual())).anomaly_maps(patients)
    assert maps[~patients.brain[:, 0]].max() == 0
    assert maps[patients.brain[:, 0]].max() > 0


def test_the_size_of_batches_does_not_change_the_scores(patients):
    torch.manual_seed(0)
    own = Detector(ZOO["sAE3"].build(32), ScoringConfig())
    np.testing.assert_allclose(own.anomaly_maps(patients, batch_size=1), own.anomaly_maps(patients), atol=1e-6)


def test_scoring_leaves_the_model_in_evaluation_mode_with_its_weights(patients):
    model = ZOO["sVAE"].build(32)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    Detector(model, ScoringConfig()).anomaly_maps(patients)
    assert not model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_time_of_a_slice_is_positive(patients):
    seconds = detector().seconds_per_slice(patients)
    assert set(seconds) == {"model", "model_of_32", "whole"}
    assert all(0 < value < 1 for value in seconds.values())


def test_a_percentile_of_healthy_voxels_stays_below_the_threshold(healthy):
    own = detector(median_filter=1, threshold=HealthyPercentile(percentile=90.0))
    maps, brain = own.anomaly_maps(healthy), healthy.brain[:, 0]
    threshold = fit_threshold(own.config, (maps, healthy), (maps, healthy), None)
    assert (maps[brain] <= threshold).mean() == pytest.approx(0.9, abs=0.01)


def test_the_rim_of_the_brain_and_what_is_dark_have_no_score_and_are_never_segmented(patients):
    own = detector(erosion=3, hyperintensity=BrightInSlice(percentile=80.0), median_filter=3)
    maps, scored = own.anomaly_maps(patients), own.config.scored(patients)
    assert (scored <= patients.brain[:, 0]).all()
    assert maps[~scored].max() == 0
    assert maps[scored].max() > 0
    assert not own.segment(maps, patients, threshold=-1)[~scored].any()


def test_what_is_not_scored_does_not_reach_its_neighbours_through_the_filter(patients):
    own = detector(erosion=3, median_filter=5)
    maps, rim = own.unfiltered_maps(patients), patients.brain[:, 0] & ~own.config.scored(patients)
    assert np.array_equal(own.filtered(np.where(rim, 9, maps), patients), own.filtered(maps, patients))


def test_maps_are_filtered_over_a_patients_volume_where_asked():
    slices = made_slices(patients=2, per_patient=4)
    own = detector(median_filter=VolumeMedian(size=3))
    unfiltered = own.unfiltered_maps(slices)
    expected = [ndimage.median_filter(maps, 3, mode="nearest") for maps in (unfiltered[:4], unfiltered[4:])]
    expected = np.where(slices.brain[:, 0], np.concatenate(expected), 0)
    assert np.array_equal(own.anomaly_maps(slices), expected)


def test_without_further_steps_a_segmentation_is_what_lies_above_the_threshold(patients):
    own = detector()
    maps = own.anomaly_maps(patients)
    assert np.array_equal(own.segment(maps, patients, 0.3), maps > 0.3)


def test_small_components_are_dropped_from_the_segmentation_and_not_from_the_maps(patients):
    maps = np.zeros(patients.images[:, 0].shape, np.float32)
    maps[0, 16, 10:13], maps[0, 16, 16:20] = 1, 1
    own = detector(components=LeastVoxels(least=4))
    assert own.segment(maps, patients, 0.5)[0, 16].nonzero()[0].tolist() == [16, 17, 18, 19]
    assert np.array_equal(detector(median_filter=1, components=LeastVoxels()).filtered(maps, patients), maps)


@pytest.mark.parametrize(
    "wrong", [{"median_filter": 4}, {"median_filter": {"kind": "volume", "size": 4}}, {"erosion": -1}]
)
def test_a_window_without_a_middle_and_an_erosion_outwards_are_refused(wrong):
    with pytest.raises(ValidationError):
        ScoringConfig.parse(wrong)


def test_every_configuration_has_the_same_columns():
    parsed = ScoringConfig.parse(
        {"components": {"kind": "volume", "voxel_mm3": 2.0}, "hyperintensity": {"kind": "scan"}, "erosion": 2}
    )
    row = parsed.post_processing()
    assert row.keys() == ScoringConfig().post_processing().keys()
    assert row["components_least"] == 5


@pytest.mark.parametrize(
    ("row", "residual", "passes"),
    [
        ("sAE3", {"kind": "positive"}, 1),
        ("sVAE", {"kind": "mahalanobis", "draws": 3}, 1),
        ("intensity", {"kind": "positive"}, 1),
    ],
)
def test_a_reconstruction_and_its_map_are_those_of_two_passes_and_take_one(
    patients, monkeypatch, row, residual, passes
):
    torch.manual_seed(0)
    model = ZOO[row].build(32)
    own = Detector(model, ScoringConfig.parse({"residual": residual}))
    expected = own.reconstructions(patients), own.unfiltered_maps(patients)
    made, called = model.reconstruct, []
    monkeypatch.setattr(model, "reconstruct", lambda images: called.append(len(images)) or made(images))
    x_hats, maps = own.judged(patients)
    assert x_hats.tobytes() == expected[0].tobytes()
    assert maps.tobytes() == expected[1].tobytes()
    assert called == [len(patients.images)] * passes
