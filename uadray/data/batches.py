"""Slices from the store to the workers, as Ray Datasets backed by its Parquet files."""

from __future__ import annotations

import pyarrow as pa
import ray.data

from uadray.data.store import Slices, Store, decode
from uadray.data.subject import Group, Split


def dataset(store: Store, split: Split, group: Group) -> ray.data.Dataset:
    """The slices of one split and group, checked, read once into Ray's object store and shared by every trial.

    A streaming dataset needs a free CPU beside each trial and waits for ever without one.
    """
    return ray.data.read_parquet(store.intact_files(split, group), partitioning=None).materialize()


def handed_out(store: Store, split: Split, group: Group) -> ray.data.Dataset:
    """The same slices, read here and handed to the other nodes, which have no such files."""
    return ray.data.from_arrow(store.rows(split, group)).materialize()


def collect(shard: ray.data.DataIterator) -> Slices:
    """All slices of a worker's dataset, decoded once; their order does not depend on how they were read."""
    tables = shard.iter_batches(batch_size=None, batch_format="pyarrow")
    return decode(pa.concat_tables(list(tables)))
