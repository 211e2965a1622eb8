"""Replicates split over processes: which process computes which batches, and how Arrow tables carry them."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from cofail_lab.fitting.estimators.point import PointFit
from cofail_lab.fitting.replicates.stages import Replicates, Stage

_FIT, _MORE = "fit.", "more."


def assign_batches(stages: Mapping[str, Stage], shard: int, n_shards: int) -> dict[str, list[int]]:
    """The batches of one shard: stage -> first replicate of each. The shards get the batches of all stages in turn."""
    batches = [(name, start) for name, stage in stages.items() for start in stage.starts]
    assigned: dict[str, list[int]] = {}
    for name, start in batches[shard::n_shards]:
        assigned.setdefault(name, []).append(start)
    return assigned


def to_table(batches: Mapping[int, Replicates]) -> pa.Table:
    """Batches, by their first replicate, as one table: a row per replicate, every number exact to the last bit."""
    columns: dict[str, pa.Array | pa.ChunkedArray] = {}
    numbers = [np.arange(start, start + len(batch.all_wrong)) for start, batch in batches.items()]
    columns["replicate"] = pa.array(np.concatenate(numbers))
    for name in _fields(next(iter(batches.values()))):
        columns[name] = _column(np.concatenate([_fields(batch)[name] for batch in batches.values()]))
    return pa.table(columns)


def missing_batches(stage: Stage, table: pa.Table | None) -> list[int]:
    """First replicates of the batches that a table from `to_table` does not hold; all where there is none."""
    held = set() if table is None else set(table["replicate"].to_pylist())
    return [start for start in stage.starts if not held.issuperset(range(start, start + stage.batch_size(start)))]


def reuse_batches(stage: Stage, table: pa.Table) -> Stage:
    """The stage with the batches that a table from `to_table` holds; batches that are not in the table are computed."""
    columns = {name: _array(table[name]) for name in table.column_names}
    row_of = {int(number): row for row, number in enumerate(columns["replicate"])}
    kept = Replicates(
        columns["all_wrong"],
        columns["single_best"],
        PointFit(*(columns[_FIT + name] for name in PointFit._fields)),
        {name.removeprefix(_MORE): values for name, values in columns.items() if name.startswith(_MORE)},
    )

    def batch(start: int) -> Replicates:
        rows = [row_of.get(number) for number in range(start, start + stage.batch_size(start))]
        return stage.batch(start) if None in rows else kept.take(np.array(rows))

    return stage._replace(batch=batch)


def _fields(replicates: Replicates) -> dict[str, np.ndarray]:
    return {
        "all_wrong": replicates.all_wrong,
        "single_best": replicates.single_best,
        **{_FIT + name: values for name, values in replicates.fit._asdict().items()},
        **{_MORE + name: values for name, values in replicates.more.items()},
    }


def _column(values: np.ndarray) -> pa.Array:
    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def _array(column: pa.ChunkedArray) -> np.ndarray:
    joined = column.combine_chunks()
    if not pa.types.is_fixed_size_list(joined.type):
        return joined.to_numpy(zero_copy_only=False)
    return joined.flatten().to_numpy(zero_copy_only=False).reshape(len(joined), joined.type.list_size)
