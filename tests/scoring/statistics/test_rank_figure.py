import numpy as np
import pytest
from matplotlib.image import imread

from uadray.scoring.statistics.rank_figure import _levels, save_ranks
from uadray.scoring.statistics.ranks import rank


def ranks(methods, patients=30, gain=0.2):
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(patients, methods)) + gain * np.arange(methods)
    return rank({f"method {j}": {str(i): float(v) for i, v in enumerate(rows[:, j])} for j in range(methods)})


@pytest.mark.parametrize(("methods", "patients"), [(3, 4), (8, 30), (15, 40)])
def test_the_plot_is_drawn_within_its_page(methods, patients, tmp_path):
    save_ranks(ranks(methods, patients), tmp_path / "ranks.png")
    ink = imread(tmp_path / "ranks.png")[..., :3].min(axis=2) < 0.5
    assert ink.any()
    assert not np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]]).any()


def test_each_pair_of_methods_makes_it_a_line_higher(tmp_path):
    heights = []
    for methods in (6, 8, 10):
        save_ranks(ranks(methods, gain=9.0, patients=60), tmp_path / "ranks.png")
        heights.append(imread(tmp_path / "ranks.png").shape[0])
    assert heights[0] < heights[1] < heights[2]


def long_runs(path):
    """Dark horizontal runs of at least four pixels' thickness: rows of the picture that begin one."""
    ink = imread(path)[..., :3].min(axis=2) < 0.5
    wide = (ink & np.roll(ink, 1, axis=1) & np.roll(ink, 2, axis=1)).sum(axis=1) > 60
    return sum(wide[i : i + 5].all() and not wide[i - 1] for i in range(1, len(wide)))


def test_methods_that_do_not_differ_have_a_thick_bar_and_others_none(tmp_path):
    save_ranks(ranks(3, gain=0.0), tmp_path / "alike.png")
    save_ranks(ranks(3, gain=9.0), tmp_path / "apart.png")
    assert long_runs(tmp_path / "alike.png") == 1
    assert long_runs(tmp_path / "apart.png") == 0


def test_bars_that_overlap_are_drawn_on_lines_of_their_own():
    assert _levels([(1, 3), (2, 4), (3.5, 5), (6, 7)]) == [(1, 3, 0), (2, 4, 1), (3.5, 5, 0), (6, 7, 0)]
