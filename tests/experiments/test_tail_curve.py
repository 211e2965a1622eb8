"""`experiment=tail_curve`: the published values, and simulated points."""

from typing import Any

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments import tail_curve as module
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.tail_curve import TailCurve, simulate, tail_curve
from cofail_lab.models import AbstractErrorLaw, Clayton, CommonShock, Independent
from cofail_lab.result import Result


def curve(law: AbstractErrorLaw, *sizes: int) -> dict[str, np.ndarray]:
    return tail_curve(law, np.array(sizes))


def test_published_shock_ratios() -> None:
    got = curve(CommonShock(0.05, "0.3x67"), 2, 3, 10, 67)
    np.testing.assert_allclose(got["tetrachoric"], 0.1720483, atol=5e-8)
    np.testing.assert_allclose(got["pearson"], 0.1044776, atol=5e-8)
    ratios = np.exp(got["log_ratio_one_factor"])
    np.testing.assert_allclose(ratios, [1, 1.208013, 26.98205, 117041.4], rtol=4e-7)
    assert (np.diff(got["implied_correlation"]) > 0).all()
    rare = curve(CommonShock(0.01, "0.2x67"), 67)
    assert rare["tetrachoric"][0] == pytest.approx(0.0752603, abs=5e-8)
    assert np.exp(rare["log_ratio_one_factor"][0]) == pytest.approx(1.994192e12, rel=3e-7)


@pytest.mark.parametrize(("theta", "pearson", "tetrachoric"), [(2.0, 4.18299, 0.839615), (4.0, 2.65728, 0.848578)])
def test_published_clayton_ratios(theta: float, pearson: float, tetrachoric: float) -> None:
    got = curve(Clayton("0.4x53", theta), 53)
    assert np.exp(got["log_ratio_one_factor_pearson"][0]) == pytest.approx(pearson, abs=5e-6)
    assert np.exp(got["log_ratio_one_factor"][0]) == pytest.approx(tetrachoric, abs=5e-7)


def test_means_are_over_the_pool_of_each_size() -> None:
    law = CommonShock(0.1, [0.2, 0.6, 0.4, 0.8])
    whole = curve(law, 2, 3, 4)
    for row, size in enumerate((2, 3)):
        alone = curve(law.subpool(np.arange(size)), size)
        for key in ("tetrachoric", "pearson", "log_one_factor", "implied_correlation"):
            assert whole[key][row] == pytest.approx(alone[key][0], rel=1e-9)


def test_independence_is_its_own_one_factor_read() -> None:
    got = curve(Independent([0.2, 0.5, 0.3, 0.4]), 2, 4)
    np.testing.assert_allclose(np.abs(got["tetrachoric"]), 0, atol=1e-13)


def test_simulated_points_cover_the_exact_line() -> None:
    """Five standard errors, two-sided 6e-7 for each of 4 sizes; and points of another law do not fit."""
    law, sizes = CommonShock(0.05, "0.3x20"), np.array([2, 3, 5, 20])
    seen = simulate(law, sizes, RunOptions(draws=100_000, chunk=30_000, seed=1))
    exact = np.exp(curve(law, *sizes)["log_all_wrong"])
    assert (np.abs(seen["simulated"] - exact) <= 5 * seen["simulated_error"]).all()
    other = np.exp(curve(CommonShock(0.055, "0.3x20"), *sizes)["log_all_wrong"])
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

    def options(**changes: Any) -> module.RunOptions:
        return module.RunOptions(**{"draws": 31, "chunk": 8, "shards": shards, **changes})

    def counted(shard: int) -> Result:
        inputs = Inputs(options(shard=shard), law_factory=lambda: law)
        return TailCurve((2, 6), simulate=True).shard(inputs)

    tables = [counted(shard).tables["simulated"] for shard in range(shards)]
    stored = {"simulated": module.pa.concat_tables(tables)}
    merged = module.simulate(law, sizes, options(), stored)["simulated"]
    hits = merged * 31
    assert hits.tolist() == module.count_hits(law, sizes, range(31), options(), lambda _: None).tolist()
    assert hits.tolist() != module.count_hits(law, sizes, range(31), options(seed=2), lambda _: None).tolist()
