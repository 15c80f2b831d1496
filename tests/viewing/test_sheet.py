"""The sheet of a scan: its slices, in radiological view, and what was not assessed."""

import numpy as np
import pytest
from PIL import Image
from showing import ASSESSED, SIDES, made_prediction

from uadray.errors import DataError
from uadray.viewing.sheet import _axial, _grid, _slices, _stripe, write_sheet
from uadray.viewing.shown import shown


def picture(found, folder):
    write_sheet(found, folder / "sub-01")
    return np.asarray(Image.open(folder / "sub-01_qc.png").convert("RGB")).astype(int)


def test_the_slices_are_that_with_most_anomaly_and_the_middle_and_the_ends_of_what_was_assessed(tmp_path):
    rows = dict(_slices(shown(made_prediction(tmp_path)), 0.5))
    assert list(rows) == [15, 12, 11, 8]
    assert rows[11] == "most anomaly"
    assert rows[ASSESSED[0]] == "lowest assessed"


def test_a_slice_has_anterior_above_and_the_patients_right_on_the_left():
    volume = np.zeros(SIDES)
    volume[-1, -1, 3] = 1  # right, anterior
    assert _axial(volume, 3)[0, 0] == 1


@pytest.mark.slow
@pytest.mark.parametrize("axes", ["LAS", "PIR", "SAL"])
def test_the_picture_is_the_same_however_the_files_axes_run(tmp_path, axes):
    (tmp_path / "other").mkdir()
    usual = picture(made_prediction(tmp_path), tmp_path)
    assert np.array_equal(usual, picture(made_prediction(tmp_path / "other", axes), tmp_path / "other"))


def test_only_a_finding_is_outlined(tmp_path):
    def green(pixels):
        red, green, blue = np.moveaxis(pixels[: -pixels.shape[0] // 8], -1, 0)
        return np.count_nonzero((green > 120) & (red < 60) & (blue < 140))

    assert green(picture(made_prediction(tmp_path), tmp_path)) > 50
    assert green(picture(made_prediction(tmp_path, found=False), tmp_path)) == 0


@pytest.mark.parametrize("spacing_mm", [(0.5, 0.5, 5), (0.7, 0.9, 3), (4.0, 4.0, 4)])
def test_stripes_are_regular_whatever_the_size_of_voxels(tmp_path, spacing_mm):
    figure, axes = _grid(1, 1.0, 0.0)
    axes[0, 1].imshow(np.zeros((311, 311)))
    _stripe(axes[0, 1], np.ones((311, 311), bool), spacing_mm)
    figure.savefig(tmp_path / "stripes.png")
    place = axes[0, 1].get_window_extent()
    grey = np.asarray(Image.open(tmp_path / "stripes.png").convert("L")).astype(int)
    row = grey[grey.shape[0] - int((place.y0 + place.y1) / 2), int(place.x0) + 4 : int(place.x1) - 4]
    gaps = np.diff(np.flatnonzero(np.diff((row > 80).astype(int)) == 1))
    assert len(gaps) > 20
    assert np.ptp(gaps) <= 1
    assert 6 <= gaps.mean() <= 8


def test_a_scan_of_which_nothing_was_assessed_has_a_picture(tmp_path):
    found = made_prediction(tmp_path, found=False)
    found.assessed[:] = False
    assert _slices(shown(found), 0.5) == [(12, "not assessed")]
    assert picture(found, tmp_path).max() == 255


def test_a_scan_that_has_gone_is_refused_and_no_picture_is_left(tmp_path):
    found = made_prediction(tmp_path)
    found.scan.unlink()
    with pytest.raises(DataError, match="UAD-101"):
        write_sheet(found, tmp_path / "sub-01")
    assert list(tmp_path.iterdir()) == []
