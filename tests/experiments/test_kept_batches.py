"""Batches are kept while a fit is computed."""

from types import SimpleNamespace

import pytest

from cofail_lab.experiments import kept_batches
from cofail_lab.experiments.base import Store
from cofail_lab.experiments.kept_batches import KeptBatches
from tests.experiments.parts import stage_of


def test_batches_are_kept_with_their_step_and_total(monkeypatch: pytest.MonkeyPatch) -> None:
    now, kept, advanced = [100.0], [], []
    monkeypatch.setattr(kept_batches, "time", SimpleNamespace(monotonic=lambda: now[0]))
    store = Store(
        keep=lambda name, rows, step, done, of: kept.append((name, rows["replicate"].to_pylist(), step, done, of))
    )
    keeper = KeptBatches(store, "bootstrap", 9, advanced.append)
    one, two = keeper.of("one", stage_of(5, 2)), keeper.of("two", stage_of(3, 3))
    for now[0], stage, start in ((101.0, one, 0), (104.0, two, 0), (105.0, one, 4)):
        assert stage.batch(start).all_wrong[0] == start
        assert not kept
    assert advanced == [2, 3, 1]
    now[0] = 105.1
    one.batch(2)
    assert kept == [("one", [0, 1, 4, 2, 3], "bootstrap", 5, 9), ("two", [0, 1, 2], "bootstrap", 3, 9)]
    now[0] = 110.0
    one.batch(0)
    assert len(kept) == 2
    keeper.flush()
    assert kept[2:] == [("one", [0, 1], "bootstrap", 2, 9)]
