import numpy as np
import pytest
import torch

from uadray.models.intensity import IntensityConfig
from uadray.models.zoo import ZOO
from uadray.scoring.detector import Detector, ScoringConfig
from uadray.scoring.residual import AbsoluteResidual
from uadray.scoring.threshold import HealthyPercentile


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
    assert 0 < detector().seconds_per_slice(patients, repeats=3, warm_up=1) < 1


def test_a_percentile_of_healthy_voxels_stays_below_the_threshold(healthy):
    own = detector(median_filter=1, threshold=HealthyPercentile(percentile=90.0))
    maps, brain = own.anomaly_maps(healthy), healthy.brain[:, 0]
    threshold = own.config.threshold.fit(maps, brain)
    assert (maps[brain] <= threshold).mean() == pytest.approx(0.9, abs=0.01)
