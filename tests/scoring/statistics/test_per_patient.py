import numpy as np
import pytest

from uadray.errors import DataError
from uadray.scoring.statistics.per_patient import judged, judged_by_all


def test_patients_whom_the_measure_cannot_judge_are_left_out():
    assert judged({"b": 0.5, "a": 0.25, "c": None}).tolist() == [0.25, 0.5]


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_failure_is_refused_and_its_patient_named_rather_than_left_out(broken):
    with pytest.raises(DataError, match=r"UAD-343 values, sub-02.*(nan|inf)") as error:
        judged({"sub-01": 0.5, "sub-02": broken, "sub-03": broken})
    assert len(error.value.problems) == 2


def test_one_patient_is_too_few():
    with pytest.raises(DataError, match="UAD-344"):
        judged({"a": 0.5, "b": None})


def test_rows_are_patients_and_columns_methods_whatever_the_order_of_patients():
    table = {"ae": {"a": 1.0, "b": 2.0, "c": None}, "vae": {"b": 4.0, "a": 3.0}}
    assert np.array_equal(judged_by_all(table), [[1, 3], [2, 4]])


def test_a_patient_whom_only_one_method_was_judged_on_is_refused_by_name():
    table = {"ae": {"a": 1.0, "b": 2.0, "c": 1.0}, "vae": {"a": 3.0, "b": 4.0, "c": None, "d": 1.0}}
    with pytest.raises(DataError) as error:
        judged_by_all(table)
    assert [(p.code, p.where, p.got) for p in error.value.problems] == [
        ("UAD-342", "c", "a value of ae and none of vae"),
        ("UAD-342", "d", "a value of vae and none of ae"),
    ]
