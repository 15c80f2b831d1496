"""A part of a store subject by subject: one row group in memory at a time, page checksums verified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from uadray.data.store import PREPARE
from uadray.errors import DataError, Problem


def row_groups(file: Path) -> Iterator[pa.Table]:
    """The row groups of a Parquet file, a subject each; raises DataError (UAD-144) at the first damaged one."""
    number = 0
    try:
        with pq.ParquetFile(file, pre_buffer=False, page_checksum_verification=True) as part:
            for number in range(part.num_row_groups):
                yield part.read_row_group(number)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:  # the last is of column names
        must = f"row group {number} must be intact"
        raise DataError(Problem("UAD-144", str(file), must, str(error), PREPARE)) from error
