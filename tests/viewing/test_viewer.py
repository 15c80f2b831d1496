"""The page of a scan: images at their places, every finding, and no request."""

import base64
import gzip
import json
import re
import shutil
import subprocess

import nibabel as nib
import numpy as np
import pytest
from showing import made_prediction

from uadray.viewing.viewer import _inside_script, write_viewer


def page_of(found, folder):
    write_viewer(found, folder / "sub-01")
    return (folder / "sub-01_viewer.html").read_text()


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1))


def images(page):
    return {
        layer["name"]: nib.Nifti1Image.from_bytes(gzip.decompress(base64.b64decode(layer["base64"])))
        for layer in data_of(page)["layers"]
    }


@pytest.mark.parametrize("axes", ["RAS", "LAS", "PIR"])
def test_every_voxel_of_the_finding_lies_where_the_scan_has_it(tmp_path, axes):
    found = made_prediction(tmp_path, axes)
    shown = images(page_of(found, tmp_path))
    assert list(shown) == ["scan", "not assessed", "anomaly map", "segmentation"]
    truth = nib.affines.apply_affine(found.grid.affine, np.argwhere(found.segmentation))
    mask = shown["segmentation"]
    kept = nib.affines.apply_affine(mask.affine, np.argwhere(np.asarray(mask.dataobj) > 0.5))
    assert sorted(map(tuple, truth.round(3))) == sorted(map(tuple, kept.round(3)))
    start = np.linalg.inv(mask.affine) @ [*data_of(page_of(found, tmp_path))["start"], 1]
    score = shown["anomaly map"].get_fdata()
    assert score[tuple(start[:3].round().astype(int))] == score.max() == pytest.approx(0.9, abs=1 / 255)


def test_values_are_kept_to_a_grey_value_and_the_background_is_cut(tmp_path):
    scan = images(page_of(made_prediction(tmp_path), tmp_path))["scan"]
    values = scan.get_fdata()
    assert scan.get_data_dtype() == np.uint8
    assert scan.shape < (30, 36, 24)
    assert np.unique(values).tolist() == pytest.approx([0, 100, 200], abs=1)


def test_it_loads_nothing_and_says_what_it_is_and_what_was_not_assessed(tmp_path):
    page = page_of(made_prediction(tmp_path, warnings=("mean <residual>: 1",)), tmp_path)
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", page)
    assert "default-src 'none'" in page
    assert "connect-src" not in page
    for said in ("Research use only. Not a medical device.", "Not assessed is not healthy", "mean &lt;residual&gt;: 1"):
        assert said in page
    assert page.count("data-mm=") == 1
    assert page.count("BSD 2-Clause License") == 1


def test_without_a_finding_it_opens_within_what_was_assessed(tmp_path):
    found = made_prediction(tmp_path, found=False)
    page = page_of(found, tmp_path)
    voxel = np.linalg.inv(found.grid.affine) @ [*data_of(page)["start"], 1]
    assert found.assessed[tuple(voxel[:3].round().astype(int))]
    assert "None in what was assessed." in page


def test_the_same_prediction_gives_the_same_bytes(tmp_path):
    found = made_prediction(tmp_path)
    assert page_of(found, tmp_path) == page_of(found, tmp_path)


def test_text_cannot_end_the_script_it_stands_in():
    assert "</script" not in _inside_script('x = "</script>"')


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium on the path")
def test_a_browser_shows_it_without_a_complaint_and_would_complain_of_what_is_loaded(tmp_path):
    page = page_of(made_prediction(tmp_path), tmp_path)
    assert complaints(page, tmp_path / "viewer.html") == []
    fetching = page.replace("</header>", '<img src="https://example.org/x.png" alt="x"></header>', 1)
    assert len(complaints(fetching, tmp_path / "fetching.html")) == 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium on the path")
@pytest.mark.parametrize("tilt", [0.0, 0.4])
def test_it_opens_at_the_largest_findings_highest_score_also_in_an_oblique_scan(tmp_path, tilt):
    page = page_of(made_prediction(tmp_path, tilt=tilt), tmp_path)
    x, y, z = (round(each) for each in data_of(page)["start"])
    shown = drawn(page, tmp_path / "viewer.html").stdout
    assert f"at {x}, {y}, {z} mm, anomaly score 0.9" in shown


def complaints(page, path):
    """What the browser's console says of a page whose picture has been drawn."""
    return [line for line in drawn(page, path).stderr.splitlines() if "CONSOLE" in line]


def drawn(page, path):
    """What a browser makes of a page, once its picture has been drawn."""
    path.write_text(page)
    command = ["chromium", "--headless", "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"]
    command += ["--enable-unsafe-swiftshader", "--enable-logging=stderr", "--v=0", "--virtual-time-budget=60000"]
    command += [f"--user-data-dir={path.parent / 'profile'}", "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert 'data-state="ready"' in done.stdout[:300], done.stderr
    return done
