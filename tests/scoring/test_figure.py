import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.image import imread

from uadray.models.intensity import IntensityConfig
from uadray.models.latent import DenseLatentConfig
from uadray.models.posterior import DeterministicConfig, GaussianConfig
from uadray.models.vae_gan import VaeGanConfig
from uadray.scoring.detector import Detector
from uadray.scoring.figure import FALSE, FOUND, _box, _colours, _outline, _overlaid, save_panels, save_samples
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.standardise import HealthyZScore


def detector(**scoring):
    return Detector(IntensityConfig().build(32), ScoringConfig(**scoring))


def model(posterior):
    torch.manual_seed(0)
    return VaeGanConfig(latent=DenseLatentConfig(dim=4), posterior=posterior).build(32)


def test_a_row_is_drawn_for_each_of_few_patients(patients, tmp_path):
    unfiltered = detector().unfiltered_maps(patients)
    save_panels(detector(), patients, unfiltered, 0.8, tmp_path / "three.png")
    save_panels(detector(), patients, unfiltered, 0.8, tmp_path / "two.png", rows=2)
    three, two = (imread(tmp_path / f"{name}.png").shape for name in ("three", "two"))
    assert three[1] == two[1] > 1000
    assert three[0] - two[0] == pytest.approx(two[1] / 5, rel=0.15)


def test_standardised_scores_are_drawn_as_well(patients, healthy, tmp_path):
    fitted = detector(standardise=HealthyZScore()).fit(healthy)
    save_panels(fitted, patients, fitted.unfiltered_maps(patients), 2.0, tmp_path / "panels.png")
    assert imread(tmp_path / "panels.png")[..., :3].std() > 0.05


def test_found_and_false_voxels_have_their_colours_and_the_missed_are_seen_through(patients):
    truth, white = patients.lesion[0, 0], np.ones((*patients.lesion[0, 0].shape, 3))
    everything, nothing = _overlaid(white, truth | ~truth, truth), _overlaid(white, truth & ~truth, truth)
    for where, (*colour, opacity) in ((truth, FOUND), (~truth, FALSE)):
        assert everything[where] == pytest.approx(np.tile(np.array(colour) * opacity + 1 - opacity, (where.sum(), 1)))
    assert np.array_equal(nothing, white)


def test_the_outline_runs_along_the_edges_of_pixels():
    truth = np.zeros((8, 8), bool)
    truth[2:5, 0:3] = True  # the left one is the edge of the image
    axis = Figure().add_subplot()
    _outline(axis, truth, np.array([10, 20]))
    edges = [path.vertices for path in axis.collections[0].get_paths()]
    assert len(edges) == 12  # once around 3 x 3 pixels
    assert all(np.abs(end - start).sum() == 1 for start, end in edges)
    assert np.concatenate(edges).min(axis=0).tolist() == [19.5, 11.5]
    assert np.concatenate(edges).max(axis=0).tolist() == [22.5, 14.5]
    inside = [point for point in np.concatenate(edges).tolist() if 19.5 < point[0] < 22.5 and 11.5 < point[1] < 14.5]
    assert not inside


def test_the_threshold_is_always_on_the_scale_and_one_bright_pixel_does_not_set_it():
    scores = np.full(10_000, 0.1, np.float32)
    assert _colours(scores, threshold=0.5).vmax > 0.5
    scores[0] = 50
    assert _colours(scores, threshold=0.5).vmax == 1.0


def test_pictures_are_cut_to_the_brains():
    brain = np.zeros((2, 32, 32), bool)
    brain[0, 10:20, 8], brain[1, 15, 5:9] = True, True
    assert _box(brain) == (slice(8, 22), slice(3, 11))
    assert _box(np.zeros((1, 16, 16), bool)) == (slice(0, 18), slice(0, 18))


def test_samples_are_a_grid_and_the_same_each_time(tmp_path):
    own = model(GaussianConfig())
    save_samples(own, tmp_path / "once.png", rows=2, columns=3)
    save_samples(own, tmp_path / "again.png", rows=2, columns=3)
    picture = imread(tmp_path / "once.png")
    assert picture.shape == (4 * 2 * 34, 4 * 3 * 34)  # four times as large, a line around each
    assert np.array_equal(picture, imread(tmp_path / "again.png"))
    assert not np.array_equal(picture[:136, :136], picture[:136, 136:272])


@pytest.mark.parametrize("silent", [model(DeterministicConfig()), IntensityConfig().build(32)])
def test_a_model_that_is_not_generative_draws_no_samples(silent, tmp_path):
    save_samples(silent, tmp_path / "samples.png")
    assert not (tmp_path / "samples.png").exists()
