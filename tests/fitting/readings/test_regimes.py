"""Regimes and correlations: of the whole pool, by family and by dataset."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import beta
from studies.coverage.truths import TRUTHS

import cofail_lab as cl
from cofail_lab.fitting.readings.regimes import PoolRegime, measure_regime, regimes_by_dataset
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


_GAINS = ("oracle_gain", "oracle_gain_certified")


@pytest.mark.parametrize(("shared", "regime"), [(21, "undetermined"), (27, "undetermined"), (28, "ceiling-bound")])
def test_the_ceiling_binds_where_the_lower_limit_is_above_half(shared: int, regime: str) -> None:
    """The best of three models errs 40 times: CP_lo(27; 40, .025/3) = .474 and CP_lo(28; 40, .025/3) = .5001.

    Without the Bonferroni factor 27 would be enough, by the observed share 21.
    """
    wrong = np.zeros((100, 3), dtype=bool)
    wrong[:40, 0] = True
    wrong[:shared, 1:] = wrong[50:80, 1:] = True
    result = cl.fit(outcomes_from(wrong), bootstrap=0, null=0, folds=0)
    assert result.labels["regime"] == regime
    low, high = result.metrics["foreclosed_lower"], result.metrics["foreclosed_upper"]
    assert low == pytest.approx(beta.ppf(0.025 / 3, shared, 41 - shared), rel=1e-9)
    assert high == pytest.approx(beta.ppf(0.975, shared + 1, 40 - shared), rel=1e-9)
    section = next(section for section in result.sections if section.title == "How much there is to gain")
    said = {21: "between 33.0% and 68.5%", 27: "between 47.4% and 81.4%", 28: "(50.0% of it at least"}
    assert said[shared] in section.sentences[0]
    # Nothing here is from a bootstrap; the certificate is at the same confidence.
    gain, certified = ((result.metrics[f"{x}_lower"], result.metrics[f"{x}_upper"]) for x in _GAINS)
    assert (gain[0], certified[0]) == pytest.approx((beta.ppf(0.025, 40 - shared, 61 + shared),) * 2, rel=1e-9)
    assert certified[1] == pytest.approx(beta.ppf(1 - 0.025 / 3, 41 - shared, 60 + shared), rel=1e-9)


@pytest.mark.parametrize(("errors", "regime"), [(5, "undetermined"), (6, "realizability-bound")])
def test_no_all_wrong_query_says_little_where_the_best_model_hardly_errs(errors: int, regime: str) -> None:
    """K = 0: up to 1 - .025^(1/e) of the best model's errors may be everybody's, 52% with 5 errors, 46% with 6."""
    wrong = np.zeros((100, 2), dtype=bool)
    wrong[:errors, 0] = wrong[20:40, 1] = True
    found = measure_regime(wrong, "")
    assert found.foreclosed_interval == pytest.approx((0, 1 - 0.025 ** (1 / errors)))
    assert found.regime == regime


def test_ties_are_not_called_ceiling_bound() -> None:
    """A shock of 5% over 67 independent models with error .06: the true share is .467, n = 300.

    The best of 67 equal models errs less than it should, so that the observed share is above one half nearly always.
    At 95%, 300 matrices are called ceiling-bound at most 17 times but for a probability of .1% (2.5% of them each).
    """
    truth = TRUTHS["shock_67"]
    found = [measure_regime(truth(np.random.default_rng([seed, 1])).wrong, "") for seed in range(300)]
    assert sum((pool.foreclosed_share or 0) > 0.5 for pool in found) > 250
    assert sum(pool.regime == "ceiling-bound" for pool in found) <= 17


def test_regimes_by_dataset() -> None:
    """Three datasets built to be one of each; every number counted by hand."""
    wrong = np.zeros((60, 2), dtype=bool)
    wrong[:9] = True  # bound: 9 of the best model's 10 errors are everybody's
    wrong[9:10, 0] = True
    wrong[10:13, 1] = True
    wrong[20:26, 0] = wrong[26:33, 1] = True  # open: nobody fails together
    wrong[40:42] = True  # neither: 2 of 8
    wrong[42:48, 0] = wrong[48:56, 1] = True
    dataset = np.array(["bound"] * 20 + ["open"] * 20 + ["neither"] * 20, dtype=object)
    found = {r.name: r for r in regimes_by_dataset(outcomes_from(wrong, per_query={"dataset": dataset}))}
    assert {name: r.regime for name, r in found.items()} == {
        "bound": "ceiling-bound",
        "open": "realizability-bound",
        "neither": "undetermined",
    }
    assert found["bound"].foreclosed_share == 0.9
    limits = (beta.ppf(0.0125, 9, 2), beta.ppf(0.975, 10, 1))  # of 9 in 10, the lower one for either of two models
    assert found["bound"].foreclosed_interval == pytest.approx(limits)
    assert regimes_by_dataset(outcomes_from(wrong)) == ()


def test_regimes_of_mmlu_pro(real: Callable[[str], Outcomes]) -> None:
    outcomes = real("mmlu_pro")
    found = regimes_by_dataset(outcomes)
    assert len(found) == 14
    assert sum(r.n_queries for r in found) == 10_300
    assert sum(r.n_all_wrong for r in found) == 448


@pytest.mark.parametrize(
    ("k", "errors", "regime"),
    [(11, 24, "undetermined"), (40, 41, "ceiling-bound"), (0, 30, "realizability-bound"), (0, 3, "undetermined")],
)
def test_regimes(k: int, errors: int, regime: str) -> None:
    """Clopper-Pearson of β in n, and of K in the errors of the best at a third of the level, for three models."""
    pools = PoolRegime("x", 3, 100, k, 0, errors)
    assert pools.regime == regime and pools.foreclosed_share == k / errors
    low = float(beta.ppf(0.025, k, 101 - k)) if k else 0.0
    assert pools.all_wrong_interval == pytest.approx((low, float(beta.ppf(0.975, k + 1, 100 - k))))
    assert pools.foreclosed_interval is not None
    one = PoolRegime("x", 1, 100, k, 0, errors).foreclosed_interval
    assert one is not None and pools.foreclosed_interval[0] <= one[0] and one[1] <= pools.foreclosed_interval[1]
    assert PoolRegime("x", 3, 100, 0, 0, 0).foreclosed_interval is None


def test_datasets_with_the_largest_share_first() -> None:
    wrong = np.array([[1, 1], [1, 1], [1, 0], [0, 1], [1, 1], [1, 0], [0, 1], [0, 0]], bool)
    names = np.array([*"ttsstssu"], object)
    found = regimes_by_dataset(outcomes_from(wrong, per_query={"dataset": names}))
    assert [(one.name, one.n_all_wrong, one.n_queries, one.best_errors) for one in found] == [
        ("t", 3, 3, 3),
        ("s", 0, 4, 2),
        ("u", 0, 1, 0),
    ]
    assert regimes_by_dataset(outcomes_from(wrong)) == ()
    assert regimes_by_dataset(outcomes_from(wrong, per_query={"dataset": np.array(["t"] * 8, object)})) == ()


def test_a_limit_of_one_half_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for k, low, high, regime in (
        (3, 0.5, 0.9, "undetermined"),
        (3, 0.5001, 0.9, "ceiling-bound"),
        (0, 0.0, 0.5, "undetermined"),
        (0, 0.0, 0.4999, "realizability-bound"),
        (1, 0.0, 0.4999, "undetermined"),
    ):
        limits = SimpleNamespace(lower=low, upper=high)
        monkeypatch.setattr("cofail_lab.fitting.readings.regimes.foreclosed_range", lambda *_, limits=limits: limits)
        assert PoolRegime("x", 3, 100, k, 0, 5).regime == regime
