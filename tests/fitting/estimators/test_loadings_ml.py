"""Loadings of greatest marginal likelihood."""

import itertools

import numpy as np
import pytest

from cofail_lab.fitting.estimators import loadings, loadings_ml
from cofail_lab.fitting.estimators.count_likelihood import matrix_log_likelihood
from cofail_lab.fitting.estimators.tetrachoric import tetrachoric
from cofail_lab.models import AtomInflated, OneFactorGaussian


def test_marginal_likelihood_is_at_its_maximum(drawn: np.ndarray) -> None:
    """The value is the law's own likelihood, no small move raises it, and the atom is where it was put (3 SE)."""
    start = loadings.fit(tetrachoric(drawn).correlation)
    plain, fit = (loadings_ml.fit(drawn, start, atom=with_atom) for with_atom in (False, True))
    assert fit.converged
    assert plain.converged
    law = fit.law()
    assert isinstance(law, AtomInflated)
    assert matrix_log_likelihood(law, drawn) == pytest.approx(fit.log_likelihood, abs=1e-3)
    assert fit.log_likelihood > plain.log_likelihood + 10
    assert abs(fit.shock - 0.05) < 3 * np.sqrt(0.05 / 1500)
    assert plain.law().error_rates.shape == (15,)
    for model, by in itertools.product((0, 7, 14), (-0.02, 0.02)):
        moved = fit.loadings.copy()
        moved[model] += by
        other = AtomInflated(fit.shock, OneFactorGaussian(fit.error_rates, moved))
        value = matrix_log_likelihood(other, drawn)
        assert value is not None
        assert value < fit.log_likelihood
    held = loadings_ml.fit(drawn, start, atom=True, held_loading=(7, float(fit.loadings[7]) + 0.05))
    assert held.loadings[7] == pytest.approx(fit.loadings[7] + 0.05, abs=1e-9)
    assert held.log_likelihood < fit.log_likelihood
    assert loadings_ml.fit(drawn, start, atom=True, held_shock=0.03).shock == pytest.approx(0.03)
