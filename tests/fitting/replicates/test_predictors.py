"""Laws of the whole matrix, read from replicates: on the scale of the fit, and by rules that are said."""

from collections.abc import Callable

import numpy as np
import pytest

from cofail_lab.fitting.calibration import Calibration
from cofail_lab.fitting.estimators import full_sigma
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.stack import TetrachoricStack
from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.matrix_fit import Conventions
from cofail_lab.fitting.refit import refitter
from cofail_lab.fitting.replicates.null import place
from cofail_lab.fitting.replicates.predictors import log_predictions, predict
from cofail_lab.fitting.replicates.stages import run_stages
from cofail_lab.fitting.resampling import Bootstrap
from cofail_lab.models import OneFactorGaussian
from cofail_lab.outcomes import Outcomes
from tests.conftest import outcomes_from

LAW = "full_sigma"


@pytest.fixture(scope="module")
def few(real: Callable[[str], Outcomes]) -> Outcomes:
    """Five models and 120 queries of swebench_pro_public."""
    return outcomes_from(real("swebench_pro_public").wrong[:120, :5])


def judged(outcomes: Outcomes) -> list[float]:
    """Where the ratio of full Σ stands: its percentile and BCa intervals, and among those of its own null."""
    fit = fit_matrix(outcomes, level=0.9, seed=0)
    resampling = Bootstrap(fit, 30, 0)
    drawn, finished = run_stages(resampling.stages())
    fit = resampling.attach(drawn, finished=finished)
    simulated = Calibration(fit, 39, 0.02, 0).stages()["null_full_sigma"].replicates()
    placed = place(fit.ratio(LAW), simulated.ratios(LAW))
    intervals = fit.ratio_interval(LAW), fit.bca_interval(LAW)
    assert placed is not None
    assert None not in intervals
    return [*np.ravel(intervals), *placed]


@pytest.mark.slow
def test_an_error_that_the_net_makes_everywhere_cancels(few: Outcomes, monkeypatch: pytest.MonkeyPatch) -> None:
    """One randomization of the net, the same for all replicates, made worse by 10% in β: nothing moves."""
    honest, original = judged(few), full_sigma.log_orthant

    def biased(correlation: np.ndarray, thresholds: np.ndarray, randomizations: int = 64) -> tuple[float, float]:
        log_value, error = original(correlation, thresholds, randomizations)
        return log_value - (0.1 if randomizations == 1 else 0.0), error

    monkeypatch.setattr(full_sigma, "log_orthant", biased)
    assert judged(few) == pytest.approx(honest, rel=1e-9)


@pytest.mark.parametrize("conventions", ["lab", "published"])
def test_the_observed_matrix_read_as_a_replicate_gives_the_fit(few: Outcomes, conventions: Conventions) -> None:
    """Exactly, with a constant model or without it; one randomization alone is off."""
    outcomes = outcomes_from(np.column_stack([few.wrong, np.ones(few.n_queries, bool)]))
    fit = fit_matrix(outcomes, level=0.9, seed=0, conventions=conventions)
    for chosen in (np.arange(6), np.arange(5)):
        rates, pairs = outcomes.error_rates[chosen][None], Pairs.of(len(chosen))
        matrix, _ = fit.correlation_matrix()
        tetrachoric = matrix[pairs.left, pairs.right][None]
        found = refitter(fit, chosen, ("one_factor_loadings", LAW))(rates, tetrachoric)
        for name, values in found.items():
            assert values[0] == pytest.approx(fit.log_predicted(name.removeprefix("log_")), abs=1e-12)
        law = "full_sigma_clip" if conventions == "published" else "full_sigma"
        stack = TetrachoricStack(rates, tetrachoric, pairs, coarse=True)
        alone = log_predictions(stack, (law,))[f"log_{law}"][0]
        assert abs(alone - fit.log_predicted(LAW)) > 1e-6


def test_reversed_families_are_pooled_where_asked() -> None:
    """Families that share less than others do: no block law, or the one with the mean correlation throughout.

    Where the block law exists, both rules give it; without a pair to read, neither gives any, and nothing warns.
    """
    family, pairs = np.array([0, 0, 1, 1]), Pairs.of(4)
    same = family[pairs.left] == family[pairs.right]
    rates = np.array([[0.3, 0.4, 0.5, 0.6]] * 2 + [[0.0, 0.0, 0.0, 0.6]])
    tetrachoric = np.array([np.where(same, 0.2, 0.5), np.where(same, 0.5, 0.2), np.full(6, np.nan)])
    strict, pooled = (
        predict(TetrachoricStack(rates, tetrachoric, pairs, family, coarse=rule), ("block",))["block"].log
        for rule in (False, True)
    )
    assert np.isnan(strict).tolist() == [True, False, True]
    assert np.isnan(pooled).tolist() == [False, False, True]
    assert pooled[1] == pytest.approx(strict[1], abs=1e-6)  # Replicates are predicted to this error.
    one_factor = OneFactorGaussian(rates[0], np.full(4, np.sqrt(0.4)))
    assert pooled[0] == pytest.approx(float(one_factor.log_all_wrong()), abs=1e-9)
    coarse = TetrachoricStack(rates, tetrachoric, pairs, family, coarse=True)
    np.testing.assert_array_equal(log_predictions(coarse, ("block",))["log_block"], pooled)


def test_a_replicate_without_a_pair_is_no_warning() -> None:
    """Four models of two families, twenty queries, one of them all wrong: some replicates leave no pair that varies."""
    wrong = np.zeros((20, 4), bool)
    wrong[0], wrong[1, 0], wrong[2, 1] = True, True, True
    outcomes = outcomes_from(wrong, per_model={"family": np.array(["a", "a", "b", "b"])})
    drawn, finished = run_stages(Bootstrap(fit_matrix(outcomes, level=0.9, seed=0), 60, 0).stages())
    logs = drawn["bootstrap_laws"].more["log_block"]
    assert finished
    assert 0 < np.isnan(logs).sum() < 60


def test_laws_that_do_not_exist_are_left_out() -> None:
    """The block law without families, and laws of the counts; the others are in the order that was asked for."""
    pairs, rates = Pairs.of(3), np.array([[0.3, 0.4, 0.5], [0.2, 0.4, 0.6]])
    stack = TetrachoricStack(rates, np.array([[0.2, 0.3, 0.4], [0.1, 0.3, 0.2]]), pairs, coarse=True)
    found = log_predictions(stack, ("full_sigma", "block", "independent", "full_sigma_clip"))
    assert list(found) == ["log_full_sigma", "log_full_sigma_clip"]
    assert all(values.shape == (2,) and np.isfinite(values).all() for values in found.values())
