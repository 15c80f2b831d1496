import numpy as np
import pytest

from uadray.errors import StudyError
from uadray.models.intensity import IntensityConfig
from uadray.scoring.detector import Detector
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.standardise import AsItIs, HealthyZScore
from uadray.scoring.validation import fit_threshold

SIZE = 40


@pytest.fixture
def brain():
    y, x = np.mgrid[:SIZE, :SIZE]
    disc = (y - SIZE / 2) ** 2 + (x - SIZE / 2) ** 2 < 16**2
    return np.broadcast_to(disc, (60, SIZE, SIZE)).copy()


@pytest.fixture
def residuals(brain):
    """Healthy residuals whose right half is worse and varies more."""
    random = np.random.default_rng(0)
    worse = np.where(np.arange(SIZE) < SIZE / 2, 1.0, 3.0)
    return ((0.1 + 0.05 * random.standard_normal(brain.shape)) * worse).astype(np.float32)


def fitted(residuals, brain, **config):
    return HealthyZScore(**config).fit(lambda: residuals, brain)


def test_healthy_residuals_get_mean_zero_and_deviation_one_everywhere(residuals, brain):
    scores = fitted(residuals, brain, smoothing=1.0, floor=0.1)(residuals)
    for half in (np.s_[:, :, 8:17], np.s_[:, :, 23:32]):
        inside = scores[half][brain[half]]
        assert inside.mean() == pytest.approx(0, abs=0.02)
        assert inside.std() == pytest.approx(1, abs=0.05)


def test_what_lies_outside_healthy_brains_does_not_matter(residuals, brain):
    elsewhere = np.where(brain, residuals, 100).astype(np.float32)
    np.testing.assert_array_equal(fitted(elsewhere, brain)(residuals), fitted(residuals, brain)(residuals))


def test_where_few_healthy_brains_lie_the_statistics_of_all_voxels_are_taken(residuals, brain):
    brain[3:, :, 30:] = False  # three brains reach that far
    scores = fitted(residuals, brain, smoothing=1.0, least=10.0)(residuals)
    values = residuals[brain]
    corner = np.s_[:, 20, 34]
    np.testing.assert_allclose(scores[corner], (residuals[corner] - values.mean()) / values.std(), rtol=1e-4)
    assert not np.allclose(scores[:, 20, 10], (residuals[:, 20, 10] - values.mean()) / values.std(), atol=0.1)


def test_where_the_healthy_hardly_vary_scores_do_not_explode(residuals, brain):
    residuals[:, 15:25, 10:16] = 0.1
    wild, tame = (fitted(residuals, brain, smoothing=0.5, floor=floor) for floor in (1e-3, 0.5))
    lesion = np.full_like(residuals[:1], 0.4)
    assert wild(lesion)[0, 20, 12] > 100
    assert 0 < tame(lesion)[0, 20, 12] < 20


def test_pixels_of_a_neighbourhood_share_their_statistics(residuals, brain):
    residuals[:, 20, 10] += 5
    assert fitted(residuals, brain, smoothing=0.1)(residuals)[:, 20, 10].mean() == pytest.approx(0, abs=0.01)
    assert fitted(residuals, brain, smoothing=4.0)(residuals)[:, 20, 10].mean() > 3


def test_a_detector_is_fitted_on_healthy_slices_and_stays_as_it_was(healthy, patients):
    own = Detector(IntensityConfig().build(32), ScoringConfig(standardise=HealthyZScore(), median_filter=1))
    fitted = own.fit(healthy)
    assert own.standard is None
    inside = fitted.anomaly_maps(healthy)[healthy.brain[:, 0]]
    assert abs(inside.mean()) < 0.1
    maps = fitted.anomaly_maps(patients)
    lesion, brain = patients.lesion[:, 0], patients.brain[:, 0]
    assert maps[lesion].mean() > maps[brain & ~lesion].mean() + 1
    assert maps[~brain].max() < maps[brain].min()


def test_a_detector_that_was_not_fitted_says_so(patients):
    own = Detector(IntensityConfig().build(32), ScoringConfig(standardise=HealthyZScore()))
    with pytest.raises(StudyError, match=r"UAD-340 scoring\.standardise"):
        own.anomaly_maps(patients)


def test_without_standardisation_nothing_is_computed_to_fit():
    def refused():
        raise AssertionError

    maps = np.random.default_rng(0).random((2, 8, 8), np.float32)
    assert np.array_equal(AsItIs().fit(refused, maps > 0)(maps), maps)


def test_the_threshold_keeps_its_meaning_among_standardised_scores(healthy):
    own = Detector(IntensityConfig().build(32), ScoringConfig(standardise=HealthyZScore())).fit(healthy)
    maps, brain = own.anomaly_maps(healthy), healthy.brain[:, 0]
    threshold = fit_threshold(own.config, (maps, healthy), (maps, healthy), None)
    assert (maps[brain] <= threshold).mean() == pytest.approx(0.98, abs=0.01)
