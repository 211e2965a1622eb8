"""Regimes and correlations: of the whole pool, by family and by dataset."""

from collections.abc import Callable

import numpy as np
import pytest

import cofail_lab as cl
from cofail_lab.fitting.readings.regimes import regimes_by_dataset
from cofail_lab.outcomes import Outcomes
from cofail_lab.result import Result
from tests.conftest import outcomes_from


def test_correlations_by_family_and_regimes(real: Callable[[str], Outcomes], cruxeval: Result) -> None:
    """Independent figures: phi by NumPy's corrcoef, within and across families; the regime by its two conditions."""
    outcomes = real("cruxeval_output")
    phi = np.corrcoef(outcomes.wrong.T.astype(float))
    i, j = np.triu_indices(outcomes.n_models, 1)
    assert outcomes.family is not None
    same = outcomes.family[i] == outcomes.family[j]
    assert cruxeval.metrics["pearson_within"] == pytest.approx(phi[i, j][same].mean(), rel=1e-12)
    assert cruxeval.metrics["pearson_across"] == pytest.approx(phi[i, j][~same].mean(), rel=1e-12)
    gap = phi[i, j][same].mean() - phi[i, j][~same].mean()
    assert cruxeval.metrics["pearson_gap"] == pytest.approx(gap, rel=1e-12)
    assert cruxeval.metrics["pearson_gap_lower"] < gap < cruxeval.metrics["pearson_gap_upper"]  # type: ignore[operator]
    assert cruxeval.metrics["foreclosed_share"] == pytest.approx(43 / 141)
    assert cruxeval.labels["regime"] == "undetermined"
    assert cl.fit(real("swebench_pro_public"), bootstrap=0, null=0, folds=0).labels["regime"] == "ceiling-bound"


@pytest.mark.parametrize(("shared", "regime"), [(5, "undetermined"), (6, "ceiling-bound")])
def test_the_ceiling_binds_above_half(shared: int, regime: str) -> None:
    """The best model errs ten times; the pool shares five or six of these."""
    wrong = np.zeros((100, 2), dtype=bool)
    wrong[:10, 0] = True
    wrong[:shared, 1] = wrong[20:40, 1] = True
    assert cl.fit(outcomes_from(wrong), bootstrap=0, null=0, folds=0).labels["regime"] == regime


def test_regimes_by_dataset() -> None:
    """Three datasets built to be one of each; every number counted by hand."""
    wrong = np.zeros((60, 2), dtype=bool)
    wrong[:8] = True  # bound: 8 of the best model's 10 errors are everybody's
    wrong[8:10, 0] = True
    wrong[10:13, 1] = True
    wrong[20:25, 0] = wrong[25:32, 1] = True  # open: nobody fails together
    wrong[40:42] = True  # neither: 2 of 8
    wrong[42:48, 0] = wrong[48:56, 1] = True
    dataset = np.array(["bound"] * 20 + ["open"] * 20 + ["neither"] * 20, dtype=object)
    found = {r.name: r for r in regimes_by_dataset(outcomes_from(wrong, per_query={"dataset": dataset}))}
    assert {name: r.regime for name, r in found.items()} == {
        "bound": "ceiling-bound",
        "open": "realizability-bound",
        "neither": "undetermined",
    }
    assert found["bound"].foreclosed_share == 0.8
    low, high = found["bound"].foreclosed_interval or (0, 0)
    assert (low, high) == pytest.approx((0.4439, 0.9748), abs=1e-4)  # Clopper-Pearson of 8 in 10
    assert found["open"].foreclosed_interval == pytest.approx((0, 1 - 0.025 ** (1 / 5)))
    assert regimes_by_dataset(outcomes_from(wrong)) == ()


def test_regimes_of_mmlu_pro(real: Callable[[str], Outcomes]) -> None:
    outcomes = real("mmlu_pro")
    found = regimes_by_dataset(outcomes)
    assert len(found) == 14
    assert sum(r.n_queries for r in found) == 10_300
    assert sum(r.n_all_wrong for r in found) == 448
