"""Latent shapes, loss weights and thresholds: tables say what runs say, figures can be read."""

import pytest
from logging_studies import A, Logged, card_of, overlapping, run_config

import latent
import loss_weights
import threshold
from style import COLUMN, save
from uadray.errors import StudyError


def test_shapes_of_z_are_dense_first_and_small_before_large(seeds):
    table = latent.latent(seeds)
    assert list(zip(table["latent_kind"], table["z"], table["runs"], strict=True)) == [
        ("dense", "512", 2),
        ("spatial", "8×8×64", 2),
    ]
    assert table["auprc_mean"].to_list() == pytest.approx([0.4, 0.1])


def test_a_study_without_dense_rows_has_a_table_and_a_figure(search):
    assert list(latent.latent(search)["z"]) == ["4×4×4", "4×4×16", "4×4×64"]
    legend = latent.figure(search).legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["spatial z", "stopped"]


def test_the_weights_are_compared_with_their_absence_and_among_themselves(search):
    row = loss_weights.loss_weights(search).set_index(["term", "measure"]).loc[("lambda_2", "auprc")]
    assert (row["runs_with"], row["runs_without"]) == (4, 1)
    assert row["mean_with"] == pytest.approx((0.1 + 0.2 + 0.3 + 0.5) / 4)
    assert row["difference"] == pytest.approx(row["mean_with"] - 0.4)
    assert -1 <= row["rho"] <= 1


def test_a_study_in_which_no_weight_differs_is_a_problem(alike):
    with pytest.raises(StudyError, match="UAD-363"):
        loss_weights.loss_weights(alike)


def test_a_curve_has_the_point_that_its_trial_chose(seeds):
    table = threshold.threshold(seeds)
    own = table[table["method"] == "dVAE"]
    assert own.loc[~own["chosen"], "dice"].to_list() == [0.1, 0.4, 0.2]
    chosen = own[own["chosen"]].iloc[0]
    assert (chosen["percentile"], chosen["dice"]) == (98.0, pytest.approx(sum(A) / 8))
    assert set(table["method"]) == {"dVAE"}  # sAE1 has no curve


def test_a_threshold_of_another_kind_is_no_point_of_the_curve(workspace):
    study = Logged(workspace, "optimum")
    run = run_config(threshold={"kind": "validation_optimum"})
    study.trial(0, run, {"val": card_of(A, A)}, curve={"90": 0.1, "99": 0.2})
    assert not threshold.threshold(study.folder)["chosen"].any()


def test_a_study_without_curves_is_a_problem(alike):
    with pytest.raises(StudyError, match="UAD-364"):
        threshold.threshold(alike)


@pytest.mark.parametrize(
    ("module", "study"),
    [(latent, "seeds"), (latent, "search"), (loss_weights, "search"), (loss_weights, "seeds"), (threshold, "seeds")],
)
def test_figures_are_a_column_wide_and_no_words_lie_on_others(module, study, request):
    figure = module.figure(request.getfixturevalue(study))
    assert figure.get_figwidth() == pytest.approx(COLUMN)
    assert overlapping(figure) == []
    assert all(axis.get_xlabel() or not axis.xaxis.get_tick_params()["labelbottom"] for axis in figure.axes)


def test_the_same_figure_is_the_same_file_in_every_format(seeds, tmp_path):
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
        save(latent.figure(seeds), folder, "latent")
    names = sorted(path.name for path in folders[0].iterdir())
    assert names == ["latent.pdf", "latent.png", "latent.svg"]
    assert all((folders[0] / name).read_bytes() == (folders[1] / name).read_bytes() for name in names)
