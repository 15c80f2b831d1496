"""Which settings decided a study's objective: functional ANOVA over the finished trials (Hutter et al. 2014)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from uadray.study.ledger import Record
from uadray.study.objectives import Metric

FEWEST = 10  # trials, below which a share would be noise


def importances(records: Iterable[Record], metric: Metric) -> dict[str, float]:
    """The share of the objective's variance that each setting explains, largest first; they sum to 1.

    Settings are the flat columns that all runs have, an absent one 0, so a branch's settings and the branch itself
    share what is theirs. {} for fewer than ten scored trials, and where nothing varies, or too little to be told from
    rounding. The forest has a fixed seed.
    """
    import optuna
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

    scored = [record for record in records if metric in record.metrics]
    rows = [record.run.hyperparameters() for record in scored]
    values = [record.metrics[metric] for record in scored]
    if len(scored) < FEWEST or len(set(values)) < 2:
        return {}
    columns: dict[str, BaseDistribution] = {}
    for name in rows[0]:
        found = [row[name] for row in rows]
        if len(set(found)) < 2:
            continue
        numbers = [value for value in found if not isinstance(value, str)]
        columns[name] = (
            FloatDistribution(min(numbers), max(numbers))
            if len(numbers) == len(found)
            else CategoricalDistribution(sorted({str(value) for value in found}))
        )
    study = optuna.create_study()
    for row, value in zip(rows, values, strict=True):
        params = {name: row[name] for name in columns}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=columns, value=value))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        try:
            found_shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
        except RuntimeError:  # values so near to each other that the forest finds no variance
            return {}
    return {name: float(share) for name, share in found_shares.items()}
