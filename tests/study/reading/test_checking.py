"""A study's file is checked whole, before anything is computed."""

from pathlib import Path

import pytest

from uadray.errors import ConfigError
from uadray.study.design.smoke import smoke
from uadray.study.reading.checking import check, load
from uadray.study.space.corners import MOST_CORNERS
from uadray.yaml_document import Document
from uadray.yaml_file import parse

GOOD = """\
study: toy
cohort: {kind: phantom}
prepare: {canvas: {kind: resample, size: 32}}
budget: {trials: 3}
enqueue: [sAE1]
run:
  model:
    kind: vae_gan
    latent:
      choice:
        - {kind: dense, dim: {choice: [4, 8]}}
        - {kind: spatial, size: {choice: [4, 8]}, channels: {choice: [2, 64]}}
  train: {epochs: {integer: [1, 3]}, batch_size: 8}
  scoring: {threshold: {kind: healthy_percentile, percentile: {uniform: [90.0, 99.9]}}}
"""


def problems(text):
    with pytest.raises(ConfigError) as caught:
        check(parse(text, "toy.yaml"))
    return [str(problem) for problem in caught.value.problems]


def test_a_good_file_is_a_study():
    plan = check(parse(GOOD, "toy.yaml"))
    assert plan.budget.trials == 3
    assert plan.winner == ("val/auprc", "max")
    assert plan.enqueued() == [
        {"model.latent": "spatial", "model.latent.spatial.size": 8, "model.latent.spatial.channels": 64}
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("budget:", "bugdet:", "UAD-210 toy.yaml:4:9 bugdet: must be a known key; got 'bugdet'. Did you mean `budget`?"),
        ("trials: 3", "trails: 3", "toy.yaml:4:18 budget.trails: must be a known key; got 'trails'. Did you mean `trials`?"),
        ("trials: 3", "trials: three", "toy.yaml:4:18 budget.trials: must be a whole number, at least 1; got 'three'"),
        ("trials: 3", "trials: 0", "toy.yaml:4:18 budget.trials: must be a whole number, at least 1; got 0"),
        ("kind: phantom", "kind: phantasm", "UAD-210 toy.yaml:2:16 cohort.kind: must be bids, manifest, nnunet, phantom or few; got 'phantasm'. Did you mean `phantom`?"),
        ("study: toy", "study: ../toy", "UAD-210 toy.yaml:1:8 study"),
        ("epochs:", "epoch:", "toy.yaml:13:18 run.train.epoch: must be a known key; got 'epoch'. Did you mean `epochs`?"),
        ("dim: {choice: [4, 8]}", "dim: {choice: [4, x]}", "toy.yaml:11:43 run.model.latent.choice.0.dim.choice.1: must be a whole number, at least 1; got 'x'"),
        ("size: {choice: [4, 8]}", "size: {choice: [4, 5]}", "UAD-211 toy.yaml:12:11 run.model.latent.choice.1"),
        ("[90.0, 99.9]", "[90.0, 101]", "toy.yaml:14:80 run.scoring.threshold.percentile.uniform.1: must be a number, above 0, below 100; got 101"),
        ("[90.0, 99.9]", "[99, 90]", "UAD-212 toy.yaml:14:73 run.scoring.threshold.percentile.uniform: low must be below"),
        ("kind: vae_gan", "kind: vaegan", "toy.yaml:8:11 run.model.kind: must be vae_gan,"),
        ("[sAE1]", "[sAE2]", "UAD-214 toy.yaml:5:11 enqueue.0: must be a row of the zoo: dAE, sAE1,"),
        ("[sAE1]", "[sAE3]", "UAD-214 toy.yaml:5:11 enqueue.0: must be a point of `run.model`; got 'sAE3'"),
        ("epochs: {integer: [1, 3]}", "epochs: 3, seed: {integer: [1, 3000000000]}", "run.train.seed.integer.1: must be a whole number, at least 0, below"),
        ("  scoring: {", "  scoring: {median_filter: {integer: [3, 5]}, ", "run.scoring.median_filter.integer"),
        ("    kind: vae_gan", "    kind: vae_gan\n    backbone: {kernel_size: 4}", "toy.yaml:9:29 run.model.backbone.kernel_size"),
        ("[sAE1]", "[sAE1]\nresources: {workers: 3}", "UAD-213 toy.yaml:14:50 run.train.batch_size: must divide among"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place_and_a_remedy(old, new, expected):
    assert old in GOOD
    found = problems(GOOD.replace(old, new))
    assert any(expected in line for line in found), found


def test_all_mistakes_come_at_once():
    text = GOOD.replace("trials: 3", "trails: 3").replace("epochs:", "epoch:").replace("kind: phantom", "kind: fantom")
    assert len(problems(text)) >= 3


def test_a_file_without_a_run_is_refused():
    assert any("must have the key `run`" in line for line in problems("study: toy\ncohort: {kind: phantom}\n"))


def test_another_cohort_gets_a_study_of_its_own(tmp_path):
    (tmp_path / "toy.yaml").write_text(GOOD)
    plan = load(tmp_path / "toy.yaml", bids=tmp_path / "My_Cohort 2")
    assert plan.study == "toy-my_cohort-2"
    assert plan.cohort.root == tmp_path / "My_Cohort 2"


def test_a_row_that_a_fixed_model_is_not_cannot_be_enqueued():
    text = "study: toy\ncohort: {kind: phantom}\nenqueue: [dAE]\nrun: {model: sVAE}"
    assert any("UAD-214" in line for line in problems(text))
    named = "study: toy\ncohort: {kind: phantom}\nenqueue: [sVAE]\nrun: {model: {choice: [sAE3, sVAE]}}"
    assert check(parse(named, "toy.yaml")).enqueued() == [{"model": "sVAE"}]


@pytest.mark.parametrize("row", ["intensity", "denoising", "restoration", "f-AnoGAN", "AnoGAN", "sVAE"])
def test_a_row_that_is_an_option_can_be_enqueued_also_where_it_is_called_like_its_kind(row):
    options = "intensity, denoising, restoration, f-AnoGAN, AnoGAN, sVAE"
    text = f"study: toy\ncohort: {{kind: phantom}}\nenqueue: [{row}]\nrun: {{model: {{choice: [{options}]}}}}"
    assert check(parse(text, "toy.yaml")).enqueued() == [{"model": row}]


@pytest.mark.parametrize("row", ["dAE", "sAE3", "sVAE", "sVAE-GAN", "sAE-GAN"])
def test_the_shipped_space_leads_to_the_rows_of_table_1(row):
    path = Path(__file__, "../../../../search_spaces/latent.yaml").resolve()
    assert load(path).point(row)


@pytest.mark.parametrize(
    "path", sorted(Path(__file__, "../../../../search_spaces").resolve().glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_shipped_search_space_is_valid_and_all_its_corners_are_runs(path):
    plan = load(path)
    assert plan.study == path.stem
    assert plan.space.corners()


def test_a_model_and_a_scoring_that_do_not_go_together_are_found_wherever_they_are_listed():
    run = {
        "model": {"kind": "vae_gan", "posterior": {"choice": [{"kind": "gaussian"}, {"kind": "deterministic"}]}},
        "scoring": {"residual": {"choice": [{"kind": "positive"}, {"kind": "mahalanobis"}]}},
    }
    with pytest.raises(ConfigError, match=r"scoring.*vary"):
        check(Document("x.yaml", {"study": "x", "run": run}))


MANY = """\
study: many
cohort: {kind: phantom}
run:
  model: {choice: [sVAE, dAE, dVAE, sAE3]}
  train: {epochs: {integer: [10, 50]}}
  scoring:
    residual: {choice: [{kind: positive}, {kind: mahalanobis}]}
    median_filter: {choice: [1, 3, 5]}
    threshold: {kind: healthy_percentile, percentile: {uniform: [90, 99.5], step: 0.5}}
"""


def test_they_are_found_also_among_so_many_configurations_that_not_all_are_looked_at():
    (found,) = problems(MANY)
    assert "UAD-210 toy.yaml:7:5 run.scoring: must compare one reconstruction where a model's do not vary" in found
    plan = check(parse(MANY.replace("sVAE, dAE, dVAE, sAE3", "sVAE, dVAE, sVAE-GAN"), "toy.yaml"))
    assert len(plan.space.corners()) < MOST_CORNERS


def test_they_are_found_where_whole_runs_are_chosen_among():
    text = MANY.replace("run:\n", "run:\n  choice:\n  - {model: sVAE, train: {epochs: 3}}\n  -\n")
    first, last = text.split("  -\n")
    (found,) = problems(first + "  -\n" + last.replace("  ", "    "))
    assert "run.choice.1.scoring: must compare one reconstruction" in found


def test_rows_to_try_first_that_the_budget_has_no_trials_for_are_refused():
    text = "study: toy\ncohort: {kind: phantom}\nenqueue: [sVAE, dVAE, sAE3]\nbudget: {trials: 2}\nrepeats: 3\n"
    text += "run: {model: {choice: [sVAE, dVAE, sAE3]}}"
    (found,) = problems(text)
    assert "UAD-220 toy.yaml:3:10 enqueue: must be no more rows than budget.trials = 2; got 3." in found
    assert len(check(parse(text.replace("trials: 2", "trials: 3"), "toy.yaml")).enqueued()) == 3
    assert "UAD-220" not in "".join(problems(text.replace("trials: 2", "trials: none")))


def test_the_whole_way_can_be_tried_with_as_many_rows_as_the_budget_has_trials():
    text = "study: toy\ncohort: {kind: phantom}\nenqueue: [sVAE, dVAE, sAE3]\nbudget: {trials: 3}\n"
    short = smoke(check(parse(text + "run: {model: {choice: [sVAE, dVAE, sAE3]}}", "toy.yaml")))
    assert short.budget.trials < 3
    assert check(Document("toy.yaml", short.plain())) == short


GRID = (
    GOOD.replace("budget", "sampler: {kind: grid}\nbudget")
    .replace("enqueue: [sAE1]\n", "")
    .replace("percentile: {uniform: [90.0, 99.9]}", "percentile: 98.0")
)


def test_a_grid_tries_every_point_of_the_space():
    plan = check(parse(GRID.replace("trials: 3", "trials: 18"), "toy.yaml"))
    assert len(plan.enqueued()) == (2 + 2 * 2) * 3


def test_a_grid_without_end_or_with_too_few_points_is_refused():
    assert "UAD-216" in problems(GRID.replace("98.0", "{uniform: [90.0, 99.0]}"))[0]
    (problem,) = problems(GRID.replace("trials: 3", "trials: 19"))
    assert "UAD-216 toy.yaml:5:18 budget.trials" in problem
    assert "18 points" in problem


def test_rows_to_try_first_reorder_a_grid_and_add_nothing_to_it():
    text = "study: toy\ncohort: {kind: phantom}\nsampler: {kind: grid}\nenqueue: [sVAE]\nbudget: {trials: 4}\n"
    text += "run: {model: {choice: [sAE3, sVAE]}, train: {seed: {choice: [0, 1]}}}"
    points = check(parse(text, "toy.yaml")).enqueued()
    assert [point["model"] for point in points] == ["sVAE", "sVAE", "sAE3", "sAE3"]
