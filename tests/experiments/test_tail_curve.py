"""`experiment=tail_curve`: simulated points, alone and split over shards."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.tail_curve import TailCurve, _queries_of_shards, metrics_at_largest_pool, simulate
from cofail_lab.models import CommonShock
from cofail_lab.models.tail import count_all_wrong, tail_curve
from cofail_lab.result import Result
from tests.experiments.parts import Shown


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


def made_up_curve() -> dict[str, np.ndarray]:
    """At two sizes; every column has another value at the larger one."""
    last = {"all_wrong": -900, "one_factor": -1, "one_factor_pearson": -2}
    last |= {"ratio_one_factor": 699, "ratio_one_factor_pearson": 701}
    curve = {f"log_{name}": np.array([0.0, value]) for name, value in last.items()}
    return curve | {name: np.array([0.5, np.nan]) for name in ("tetrachoric", "pearson", "implied_correlation")}


def test_metrics_are_of_the_largest_pool_and_ratios_beyond_float64_have_a_log_only() -> None:
    metrics = metrics_at_largest_pool(np.array([2, 900]), made_up_curve())
    assert metrics["n_models"] == 900
    assert metrics["predicted_one_factor"] == pytest.approx(np.exp(-1))
    assert metrics["predicted_one_factor_pearson"] == pytest.approx(np.exp(-2))
    assert metrics["ratio_one_factor"] == pytest.approx(np.exp(699))
    assert metrics["ratio_one_factor_pearson"] is None
    assert metrics["log_ratio_one_factor_pearson"] == 701
    assert (metrics["all_wrong"], metrics["log_all_wrong"], metrics["tetrachoric"]) == (0, -900, None)


def test_the_estimate_is_of_the_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cofail_lab.experiments.tail_curve.tail_curve", lambda *_: made_up_curve())
    inputs = Inputs(RunOptions(), law_factory=lambda: CommonShock(0.05, "0.3x12"))
    result = TailCurve(sizes=(2, 3), simulate=False).run(inputs)
    assert result.estimates["all_wrong"].value == pytest.approx(0.05 + 0.95 * 0.3**3)


def test_every_query_is_of_one_shard() -> None:
    parts = _queries_of_shards(RunOptions(draws=31, shards=7))
    assert [query for part in parts for query in part] == list(range(31))


def test_the_error_of_a_simulated_share() -> None:
    """100 draws, of which shards have counted 20: the error is sqrt(.2 * .8 / 100) = .04."""
    stored = {"simulated": pa.table({"first": [0], "stop": [100], "hits": [[20, 0]]})}
    seen = simulate(CommonShock(0.1, "0.3x6"), np.array([2, 6]), RunOptions(draws=100), stored)
    assert seen["simulated"].tolist() == [0.2, 0.0]
    assert seen["simulated_error"] == pytest.approx([0.04, 0.0])


def test_a_shard_of_a_tail_curve_says_which_it_is() -> None:
    shown = Shown()
    inputs = Inputs(RunOptions(draws=10, shards=3, shard=1), law_factory=lambda: CommonShock(0.05, "0.3x4"))
    result = TailCurve(sizes=(2, 4), simulate=True).shard(inputs, shown)
    assert result.headline == "Shard 1 of 3: 3 simulated queries."
    assert (result.metrics, shown.steps) == ({"n_queries": 3}, {"Simulated queries of this shard": (3, 3)})
    (row,) = result.tables["simulated"].to_pylist()
    assert (row["first"], row["stop"], len(row["hits"])) in ((3, 6, 2), (4, 7, 2))
    with pytest.raises(ValueError, match=r"run\.shard: null"):
        TailCurve(sizes=(2, 4), simulate=True).shard(Inputs(RunOptions(shards=3), law_factory=inputs.law_factory))
