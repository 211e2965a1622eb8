"""Batches split over shards, and merged to the last bit."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from cofail_lab import runs
from cofail_lab.fitting import resampling
from cofail_lab.fitting.estimators.point import PointFit
from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.replicates import bootstrap as bootstrap_module
from cofail_lab.fitting.replicates import shards
from cofail_lab.fitting.replicates.shards import assign_batches, reuse_batches, to_table
from cofail_lab.fitting.replicates.stages import Replicates, Stage
from tests.conftest import outcomes_from
from tests.report.by_hand import point


def test_every_batch_is_dealt_once_and_none_is_far_larger() -> None:
    stages = {"a": Stage(100, 10, lambda _: None), "b": Stage(7, 3, lambda _: None)}  # type: ignore[arg-type]
    for n_shards in (1, 2, 3, 50):
        hands = [assign_batches(stages, shard, n_shards) for shard in range(n_shards)]
        cards = [(name, start) for hand in hands for name, starts in hand.items() for start in starts]
        assert sorted(cards) == [("a", start) for start in range(0, 100, 10)] + [("b", 0), ("b", 3), ("b", 6)]
        sizes = [sum(map(len, hand.values())) for hand in hands]
        assert max(sizes) - min(sizes) <= 1


def test_replicates_travel_to_the_last_bit(tmp_path: Path) -> None:
    """Through Parquet as the recorder writes it: nan, infinities, signed zeros, integers and rows of several values."""
    odd = np.array([np.nan, -0.0, 0.0, np.inf, -np.inf, 5e-324, 0.1 + 0.2, np.nextafter(1, 2)])

    def batch(start: int) -> Replicates:
        values = odd[start : start + 3]
        more = {"pairs": np.arange(2 * len(values), dtype=np.int32).reshape(-1, 2) + start, "wide": values[:, None]}
        return Replicates(values, values[::-1], PointFit(*(values + k for k in range(13))), more)

    stage = Stage(8, 3, batch)
    (tmp_path / "tables").mkdir()
    pq.write_table(to_table({start: batch(start) for start in (6, 0)}), tmp_path / "tables/t.parquet")
    table = runs.tables(tmp_path)["t"]
    computed: list[int] = []

    def remember(start: int) -> Replicates:
        computed.append(start)
        return batch(start)

    again = reuse_batches(stage._replace(batch=remember), table)
    for start in stage.starts:
        ours, theirs = again.batch(start), batch(start)
        pairs = [
            (ours.all_wrong, theirs.all_wrong),
            (ours.single_best, theirs.single_best),
            *zip(ours.fit, theirs.fit, strict=True),
        ]
        pairs += [(ours.more[name], theirs.more[name]) for name in theirs.more]
        for left, right in pairs:
            assert (left.dtype, left.shape) == (right.dtype, right.shape)
            assert left.tobytes() == right.tobytes()
    assert computed == [3]


def test_both_parts_of_the_bootstrap_are_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of a process that computes some of them only are those of one that computes all."""
    wrong = np.random.default_rng(0).random((50, 4)) < [0.3, 0.4, 0.5, 0.6]
    wrong[:4] = True
    monkeypatch.setattr(resampling, "MATRIX_REPLICATES", 70)
    monkeypatch.setattr(bootstrap_module, "AT_ONCE", 64)
    stages = resampling.Bootstrap(fit_matrix(outcomes_from(wrong), level=0.9, seed=0), 300, 0).stages()
    assert {name: list(stage.starts) for name, stage in stages.items()} == {
        "bootstrap_laws": [0, 64],
        "bootstrap": [0],
        "jackknife": [0],
    }
    for stage in stages.values():
        last = stage.starts[-1]
        kept = reuse_batches(stage, to_table({last: stage.batch(last)}))
        whole, merged = stage.replicates(), kept.replicates()
        for left, right in zip((*whole.fit, *whole.more.values()), (*merged.fit, *merged.more.values()), strict=True):
            assert left.tobytes() == right.tobytes()


def test_batches_are_dealt_kept_and_missed() -> None:
    numbers = np.arange(10.0)

    def batch(start: int) -> Replicates:
        some = numbers[start : start + 3]
        fit = point(len(some))._replace(pearson=some)
        return Replicates(some, -some, fit, {"two": np.column_stack([some, some])})

    stages = {"x": Stage(10, 3, batch), "y": Stage(4, 3, batch)}
    dealt = [shards.assign_batches(stages, shard, 2) for shard in (0, 1)]
    assert dealt == [{"x": [0, 6], "y": [0]}, {"x": [3, 9], "y": [3]}]
    table = shards.to_table({start: batch(start) for start in (3, 9)})
    assert table["replicate"].to_pylist() == [3, 4, 5, 9] and table["single_best"].to_pylist() == [-3, -4, -5, -9]
    x = stages["x"]
    assert shards.missing_batches(x, table) == [0, 6] and shards.missing_batches(x, None) == [0, 3, 6, 9]
    # A batch of which the first replicate or the last is missing is not held.
    assert shards.missing_batches(x, table.slice(1)) == shards.missing_batches(x, table.take([0, 1, 3])) == [0, 3, 6]
    refuse = Stage(10, 3, lambda start: pytest.fail(f"computed {start}"))  # type: ignore[arg-type,return-value]
    kept = shards.reuse_batches(refuse, table).batch(3)
    assert kept.all_wrong.tolist() == [3, 4, 5] and kept.more["two"].tolist() == [[3, 3], [4, 4], [5, 5]]
    assert kept.fit.pearson.tolist() == [3, 4, 5]
    assert shards.reuse_batches(stages["x"], table).batch(6).all_wrong.tolist() == [6, 7, 8]
