import dataclasses
import math

import pyarrow.parquet as pq
from making import made_card

from uadray.tracking.content import steady, write_table


def test_numbers_that_are_not_finite_are_left_out():
    points = steady({"a": 1.0, "b": math.inf, "c": math.nan}, time=7)
    assert [(point.key, point.value, point.time, point.step) for point in points] == [("a", 1.0, 7, 0)]


def test_a_column_that_nobody_has_a_value_in_keeps_its_type(tmp_path):
    card = made_card(0.5, 0.5)
    (patient,) = card.patients
    unjudged = dataclasses.replace(card, patients=(dataclasses.replace(patient, dice=None),))
    for number, each in enumerate((card, unjudged)):
        write_table(tmp_path / f"{number}.parquet", each)
    one, other = (pq.read_schema(tmp_path / f"{number}.parquet") for number in range(2))
    assert one.equals(other)
    assert one.names == [field.name for field in dataclasses.fields(patient)]
