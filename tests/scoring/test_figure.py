from matplotlib.image import imread

from uadray.models.intensity import IntensityConfig
from uadray.scoring.detector import Detector, ScoringConfig
from uadray.scoring.figure import FALSE, FOUND, _overlay, save_panels


def test_a_row_is_drawn_for_each_of_few_patients(patients, tmp_path):
    save_panels(Detector(IntensityConfig().build(32), ScoringConfig()), patients, 0.8, tmp_path / "panels.png")
    height, width = imread(tmp_path / "panels.png").shape[:2]
    assert width > 800
    assert height > 600


def test_found_missed_and_false_voxels_have_their_colours(patients):
    truth = patients.lesion[0, 0]
    everything = _overlay(truth | ~truth, truth)
    assert tuple(everything[truth][0]) == FOUND
    assert tuple(everything[~truth][0]) == FALSE
