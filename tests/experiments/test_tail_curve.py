"""`experiment=tail_curve`: simulated points, alone and split over shards."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.tail_curve import TailCurve, simulate
from cofail_lab.models import CommonShock
from cofail_lab.models.tail import count_all_wrong, tail_curve
from cofail_lab.result import Result


def test_simulated_points_cover_the_exact_line() -> None:
    """Five standard errors, two-sided 6e-7 for each of 4 sizes; and points of another law do not fit."""
    law, sizes = CommonShock(0.05, "0.3x20"), np.array([2, 3, 5, 20])
    seen = simulate(law, sizes, RunOptions(draws=100_000, chunk=30_000, seed=1))
    exact = np.exp(tail_curve(law, sizes)["log_all_wrong"])
    assert (np.abs(seen["simulated"] - exact) <= 5 * seen["simulated_error"]).all()
    other = np.exp(tail_curve(CommonShock(0.055, "0.3x20"), sizes)["log_all_wrong"])
    assert (np.abs(seen["simulated"] - other) > 5 * seen["simulated_error"]).any()


def test_tail_curve_as_an_experiment() -> None:
    inputs = Inputs(RunOptions(draws=5_000), law_factory=lambda: CommonShock(0.05, "0.3x12"))
    result = TailCurve(sizes=None, simulate=True).run(inputs)
    assert result.metrics["n_models"] == 12
    assert result.tables["tail_curve"].num_rows == len(np.unique(np.rint(np.geomspace(2, 12, 24))))
    for draw in result.figures.values():
        assert draw().axes
    with pytest.raises(InputError, match=r"experiment\.sizes: 13"):
        TailCurve(sizes=(13,), simulate=False).run(inputs)


@pytest.mark.parametrize("shards", [1, 2, 7, 40])
def test_simulated_queries_are_those_of_one_process(shards: int) -> None:
    """Any number of shards counts the same hits, more shards than queries included; another seed counts others."""
    law, sizes = CommonShock(0.1, "0.3x6"), np.array([2, 6])

    def options(**changes: Any) -> RunOptions:
        return RunOptions(**{"draws": 31, "chunk": 8, "shards": shards, **changes})

    def counted(shard: int) -> Result:
        inputs = Inputs(options(shard=shard), law_factory=lambda: law)
        return TailCurve((2, 6), simulate=True).shard(inputs)

    tables = [counted(shard).tables["simulated"] for shard in range(shards)]
    stored = {"simulated": pa.concat_tables(tables)}
    merged = simulate(law, sizes, options(), stored)["simulated"]
    hits = merged * 31
    assert hits.tolist() == count_all_wrong(law, sizes, range(31), seed=0, chunk=8).tolist()
    assert hits.tolist() != count_all_wrong(law, sizes, range(31), seed=2, chunk=8).tolist()
