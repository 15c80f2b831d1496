from making import made_card

from uadray.config import RunConfig
from uadray.study.ledger import Record
from uadray.study.result.importance import importances


def record(index, auprc, dim, percentile):
    run = {
        "model": {"kind": "vae_gan", "latent": {"kind": "dense", "dim": dim}},
        "scoring": {"threshold": {"kind": "healthy_percentile", "percentile": percentile}},
    }
    return Record(index, "completed", RunConfig.parse(run), (), val=made_card(auprc, 0.1))


def test_the_setting_that_decides_has_the_largest_share():
    records = [record(n, 0.1 + 0.01 * (n % 5), 2 ** (n % 5 + 1), 90 + (n * 7 % 10)) for n in range(30)]
    shares = importances(records, "val/auprc")
    assert abs(sum(shares.values()) - 1) < 1e-6
    assert next(iter(shares)).startswith("latent")
    assert shares["threshold_percentile"] < 0.1
    assert importances(records, "val/auprc") == shares  # the same again


def test_few_trials_or_equal_ones_have_no_shares():
    assert importances([record(n, n / 10, 2, 90 + n) for n in range(9)], "val/auprc") == {}
    assert importances([record(n, 0.5, n + 1, 95) for n in range(20)], "val/auprc") == {}
    assert importances([record(n, 0.5 + n * 1e-9, n + 1, 95) for n in range(10)], "val/auprc") == {}
