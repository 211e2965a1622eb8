"""Which laws are refitted to replicates, and what a refit passes on; nothing is fitted."""

from typing import Any

import numpy as np
import pytest

from cofail_lab.fitting import refit
from cofail_lab.fitting.estimators.pairs import Pairs, PairValues
from cofail_lab.fitting.estimators.stack import Prediction
from tests.conftest import outcomes_from
from tests.report.by_hand import NOBODY, fitted, pool

LAWS = {name: Prediction(np.log([0.03]), np.zeros(1)) for name in ("block", "full_sigma", "full_sigma_clip")}


def test_laws_that_replicates_are_refitted_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the fit the simulated law last, without the clipped matrix; up to so many models; where β > 0."""
    given = dict(reversed(LAWS.items()))
    assert refit.replicated_laws(fitted(matrix_laws=given)) == ("block", "full_sigma")
    assert refit.replicated_laws(fitted(pool(NOBODY), matrix_laws=given)) == ()
    for most, laws in ((3, ("block", "full_sigma")), (2, ())):
        monkeypatch.setattr(refit, "MAX_REPLICATED_MODELS", most)
        assert refit.replicated_laws(fitted(matrix_laws=given)) == laws


@pytest.mark.parametrize("conventions", ["lab", "published"])
@pytest.mark.parametrize("observed", [-3.7, np.nan])
def test_what_a_refit_passes_on(monkeypatch: pytest.MonkeyPatch, conventions: str, observed: float) -> None:
    """Four models, of which the last, the first and the third are chosen; their pairs and families are their own.

    The observed matrix gives log β = -3.7 under full Σ with the net of a replicate, and the fit log .03.
    """
    wrong = np.array([[1, 0, 0, 1], [1, 1, 0, 0], [1, 0, 0, 0], [0, 1, 1, 1], [1, 1, 1, 1]], bool)
    outcomes = outcomes_from(wrong, per_model={"family": np.array(["x", "y", "x", "z"])})
    correlations = np.array([[0.12, 0.13, 0.14, 0.23, 0.24, 0.34]])
    chosen, asked = np.array([3, 0, 2]), []

    def log_predictions(stack: Any, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        asked.append((stack, names))
        return {f"log_{name}": np.full(len(stack.error_rates), observed if len(asked) == 1 else -2.5) for name in names}

    monkeypatch.setattr(refit, "log_predictions", log_predictions)
    values = PairValues(correlations, correlations, np.zeros((1, 6), int))
    fit = fitted(outcomes, pairs=Pairs.of(4), pair_values=values, matrix_laws=LAWS, conventions=conventions)
    drawn, pairs = np.array([[0.3, 0.4, 0.6], [0.2, 0.5, 0.7]]), np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    found = refit.refitter(fit, chosen, ("block", "full_sigma"))(drawn, pairs)
    shift = 0.0 if np.isnan(observed) else np.log(0.03) + 3.7
    assert list(found) == ["log_block", "log_full_sigma"]
    np.testing.assert_array_equal(found["log_block"], [-2.5, -2.5])
    np.testing.assert_allclose(found["log_full_sigma"], -2.5 + shift)
    sigma = "full_sigma_clip" if conventions == "published" else "full_sigma"
    assert [names for _, names in asked] == [(sigma,), ("block", sigma)]
    first, second = (stack for stack, _ in asked)
    np.testing.assert_allclose(first.error_rates, [[0.6, 0.8, 0.4]])
    np.testing.assert_allclose(first.tetrachoric, [[0.14, 0.34, 0.13]])
    np.testing.assert_array_equal(second.error_rates, drawn)
    np.testing.assert_array_equal(second.tetrachoric, pairs)
    for stack in (first, second):
        last, x, third = stack.family
        assert stack.coarse and x == third != last and stack.pairs.left.tolist() == [0, 0, 1]
    asked.clear()
    assert list(refit.refitter(fit, chosen, ("block",))(drawn, pairs)) == ["log_block"] and len(asked) == 1
    assert refit.refitter(fit, chosen, ())(drawn, pairs) == {} and len(asked) == 1
