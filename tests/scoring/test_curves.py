import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, roc_auc_score

from uadray.errors import StudyError
from uadray.scoring import curves, tallies
from uadray.scoring.curves import best_mean_dice, by_patient, dice_by_patient, pooled
from uadray.scoring.metrics import dice
from uadray.scoring.tallies import Tally

bounded = settings(deadline=None, max_examples=60)  # a busy machine is no failure
finite = st.floats(-(2.0**100), 2.0**100, width=32)
tied = st.sampled_from([-1.5, -0.0, 0.0, 1e-45, 0.1, 0.5])


def voxels(truth=st.booleans()):
    """One patient's scores, with many ties or hardly one, and his truth."""
    return st.integers(0, 12).flatmap(
        lambda n: st.tuples(
            arrays(np.float32, n, elements=st.one_of(tied, finite)), arrays(np.bool_, n, elements=truth)
        )
    )


cohorts = st.lists(voxels(), min_size=1, max_size=5).map(
    lambda drawn: {f"sub-{i}": each for i, each in enumerate(drawn)}
)


def tally_of(cohort):
    tally = Tally()
    for subject, (scores, truth) in cohort.items():
        tally.add(subject, scores, truth)
    return tally


def together(cohort):
    return tuple(np.concatenate(parts) for parts in zip(*cohort.values(), strict=True))


def said(tally):
    """Every number that a tally can say."""
    curves = {"pooled": pooled(tally), **by_patient(tally)}
    points = {name: (c.auprc, c.auroc, c.prevalence, c.best_dice, *c.dice) for name, c in curves.items()}
    some = dice_by_patient(tally, np.array([-1, 0, 0.1, 0.3], np.float32))
    return points, best_mean_dice(tally), {name: None if row is None else tuple(row) for name, row in some.items()}


def realistic(seed, zeros=0.5, count=3000):
    generator = np.random.default_rng(seed)
    truth = generator.random(count) < 0.03
    scores = generator.normal(0.2 * truth, 0.1).astype(np.float32)
    return np.maximum(scores - np.quantile(scores, zeros).astype(np.float32), 0), truth


@bounded
@given(cohorts)
def test_auprc_and_auroc_are_scikit_learns_pooled_and_of_each_patient(cohort):
    tally = tally_of(cohort)
    curves = [(pooled(tally), together(cohort)), *((by_patient(tally)[name], cohort[name]) for name in cohort)]
    for curve, (scores, truth) in curves:
        assert (curve.voxels, curve.lesion_voxels) == (len(truth), truth.sum())
        if truth.any():
            assert curve.auprc == pytest.approx(average_precision_score(truth, scores), abs=1e-12)
        if truth.any() and not truth.all():
            assert curve.auroc == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)


def test_on_thousands_of_voxels_it_is_scikit_learns_number_too():
    cohort = {f"sub-{seed}": realistic(seed, zeros) for seed, zeros in enumerate([0, 0.3, 0.6, 0.9])}
    scores, truth = together(cohort)
    curve = pooled(tally_of(cohort))
    assert curve.auprc == pytest.approx(average_precision_score(truth, scores), abs=1e-12)
    assert curve.auroc == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    assert curve.prevalence == truth.mean()


@bounded
@given(cohorts)
def test_the_dice_curve_is_the_dice_of_scores_above_each_threshold(cohort):
    scores, truth = together(cohort)
    curve = pooled(tally_of(cohort))
    assert list(curve.dice) == pytest.approx([dice(scores > t, truth) for t in curve.thresholds])
    assert np.all(np.diff(curve.thresholds) < 0)


@bounded
@given(cohorts)
def test_no_threshold_at_all_has_a_higher_dice_than_the_best(cohort):
    scores, truth = together(cohort)
    best = pooled(tally_of(cohort)).best_dice
    if not truth.any():
        assert best is None
        return
    assert best.dice == pytest.approx(dice(scores > np.float32(best.threshold), truth))
    assert best.dice == pytest.approx(max(dice(scores > t, truth) for t in [-np.inf, *scores]))


@bounded
@given(cohorts)
def test_the_best_mean_dice_is_the_best_of_every_common_threshold(cohort):
    judged = [(scores, truth) for scores, truth in cohort.values() if truth.any()]
    best = best_mean_dice(tally_of(cohort))
    if not judged:
        assert best is None
        return
    means = [np.mean([dice(s > t, truth) for s, truth in judged]) for t in [-np.inf, *together(cohort)[0]]]
    assert best.dice == pytest.approx(max(means))
    at_it = [dice(scores > np.float32(best.threshold), truth) for scores, truth in judged]
    assert best.dice == pytest.approx(np.mean(at_it))
    assert (best.judged, best.unjudged) == (len(judged), len(cohort) - len(judged))


@bounded
@given(cohorts, st.lists(st.one_of(finite, tied), max_size=6))
def test_dice_of_a_patient_at_given_thresholds_is_that_of_his_segmentation(cohort, thresholds):
    asked = np.array([*thresholds, *together(cohort)[0]], np.float32)  # also exactly at a score, and in no order
    for subject, row in dice_by_patient(tally_of(cohort), asked).items():
        scores, truth = cohort[subject]
        assert row is None if not truth.any() else list(row) == pytest.approx([dice(scores > t, truth) for t in asked])


def test_a_python_threshold_means_what_it_means_to_numpy():
    scores, truth = np.array([0.1, 0.7, 0.3], np.float32), np.array([True, True, False])
    row = dice_by_patient(tally_of({"sub-1": (scores, truth)}), [0.1, 0.7])["sub-1"]
    assert list(row) == [dice(scores > 0.1, truth), dice(scores > 0.7, truth)]


@bounded
@given(cohorts, st.randoms())
def test_the_order_of_patients_leaves_every_number_as_it_is(cohort, random):
    names = list(cohort)
    random.shuffle(names)
    assert said(tally_of({name: cohort[name] for name in names})) == said(tally_of(cohort))


@bounded
@given(cohorts, st.randoms())
def test_chunks_and_merged_tallies_say_what_one_stream_says(cohort, random):
    parts = [Tally(), Tally()]
    for subject, (scores, truth) in cohort.items():
        cut = random.randint(0, len(scores))
        for some in (slice(0, cut), slice(cut, None)):
            random.choice(parts).add(subject, scores[some], truth[some])
    before = said(parts[0])
    assert said(parts[0].merged(parts[1])) == said(parts[1].merged(parts[0])) == said(tally_of(cohort))
    assert said(parts[0]) == before


@bounded
@given(cohorts)
def test_only_the_order_of_scores_counts(cohort):
    _, ranks = np.unique(together(cohort)[0], return_inverse=True)
    cuts = np.cumsum([len(scores) for scores, _ in cohort.values()])[:-1]
    ranked = {
        name: (own.astype(np.float32), truth)
        for (name, (_, truth)), own in zip(cohort.items(), np.split(ranks, cuts), strict=True)
    }
    ours, theirs = pooled(tally_of(ranked)), pooled(tally_of(cohort))
    assert (ours.auprc, ours.auroc, *ours.dice) == (theirs.auprc, theirs.auroc, *theirs.dice)


@bounded
@given(cohorts)
def test_the_size_of_the_buffer_leaves_every_number_as_it_is(cohort):
    usual = said(tally_of(cohort))
    with pytest.MonkeyPatch.context() as patch:
        for size in (0, 1, 7, 13):
            patch.setattr(tallies, "POOL", size)
            assert said(tally_of(cohort)) == usual


@bounded
@given(cohorts)
def test_how_many_thresholds_share_a_bound_leaves_the_best_mean_dice_as_it_is(cohort):
    usual = best_mean_dice(tally_of(cohort))
    with pytest.MonkeyPatch.context() as patch:
        for step in (1, 2, 3):
            patch.setattr(curves, "STEP", step)
            assert best_mean_dice(tally_of(cohort)) == usual


def test_of_thousands_of_thresholds_the_best_mean_dice_is_the_best_as_well():
    cohort = {f"sub-{seed}": realistic(seed, zeros) for seed, zeros in enumerate([0, 0.3, 0.6])}
    tally, thresholds = tally_of(cohort), pooled(tally_of(cohort)).thresholds
    means = np.mean(list(dice_by_patient(tally, thresholds).values()), axis=0)
    best = best_mean_dice(tally)
    assert (best.dice, best.threshold) == (pytest.approx(means.max()), thresholds[means.argmax()])


@bounded
@given(cohorts, st.randoms())
def test_what_was_asked_before_leaves_every_number_as_it_is(cohort, random):
    tally = tally_of(cohort)
    questions = [pooled, by_patient, best_mean_dice, lambda asked: dice_by_patient(asked, np.zeros(1, np.float32))]
    random.choice(questions)(tally)
    assert said(tally) == said(tally_of(cohort))


@bounded
@given(voxels(truth=st.just(False)))
def test_without_a_lesion_voxel_there_is_no_score_and_no_point(healthy):
    tally = tally_of({"sub-1": healthy})
    curve = pooled(tally)
    assert (curve.auprc, curve.auroc, curve.best_dice, best_mean_dice(tally)) == (None, None, None, None)
    assert len(curve.dice) == len(curve.thresholds) == 0
    assert dice_by_patient(tally, np.zeros(1, np.float32)) == {"sub-1": None}


def test_where_all_is_lesion_precision_and_dice_are_one_and_there_is_no_auroc():
    scores = np.array([0.3, 0.0, 0.3], np.float32)
    curve = pooled(tally_of({"sub-1": (scores, np.ones(3, np.bool_))}))
    assert (curve.auprc, curve.auroc, curve.prevalence, curve.best_dice.dice) == (1, None, 1, 1)


def test_a_patient_without_lesion_counts_in_the_pool_and_not_in_the_mean():
    ill = (np.array([0.9, 0.1], np.float32), np.array([True, False]))
    healthy = (np.array([0.95, 0.2], np.float32), np.array([False, False]))
    both = tally_of({"sub-1": ill, "sub-2": healthy})
    assert pooled(both).auprc == 0.5
    assert pooled(tally_of({"sub-1": ill})).auprc == 1
    assert best_mean_dice(both).dice == 1
    assert best_mean_dice(both).unjudged == 1


def test_an_empty_tally_has_no_prevalence():
    curve = pooled(Tally())
    assert (curve.voxels, curve.prevalence, curve.auprc, best_mean_dice(Tally())) == (0, None, None, None)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_score_without_a_rank_is_refused_and_nothing_is_kept(bad):
    good = realistic(0)
    tally = tally_of({"sub-1": good})
    with pytest.raises(StudyError, match=r"UAD-341 .*1 that are not"):
        tally.add("sub-1", np.array([0.5, bad, 0.1], np.float32), np.array([True, False, False]))
    assert said(tally) == said(tally_of({"sub-1": good}))


def test_scores_without_as_many_labels_are_refused():
    with pytest.raises(ValueError, match="3 scores cannot have 2 labels"):
        Tally().add("sub-1", np.zeros(3, np.float32), np.array([True, False]))


def test_maps_of_any_shape_are_taken_and_left_as_they_are():
    scores, truth = realistic(1)
    maps, before = scores.reshape(3, 20, 50), scores.copy()
    assert said(tally_of({"sub-1": (maps, truth.reshape(3, 20, 50))})) == said(tally_of({"sub-1": (scores, truth)}))
    assert np.array_equal(scores, before)


def test_a_tally_keeps_its_numbers_when_the_callers_array_is_used_again():
    scores, truth = realistic(2)
    tally = tally_of({"sub-1": (scores, truth)})
    before = said(tally)
    scores[:] = 0
    assert said(tally) == before
    assert len(tally.patients()["sub-1"].others) < len(scores)  # ties at the lowest score are a count
