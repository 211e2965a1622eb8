"""Minres loadings against a general solver."""

import numpy as np
from scipy.optimize import least_squares

from cofail_lab.fitting.estimators import loadings
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.stack import TetrachoricStack


def test_minres_against_a_general_solver(rng: np.random.Generator) -> None:
    truth = rng.uniform(0.3, 0.9, 9)
    exact = np.outer(truth, truth) + np.diag(1 - truth**2)
    np.testing.assert_allclose(loadings.fit(exact), truth, atol=1e-7)
    noise = np.triu(rng.normal(0, 0.1, (9, 9)), 1)
    noisy = exact + noise + noise.T
    i, j = np.triu_indices(9, 1)
    other = least_squares(lambda x: noisy[i, j] - x[i] * x[j], truth, xtol=1e-12, ftol=1e-12)
    both = loadings.fit(np.stack([exact, noisy]))
    np.testing.assert_allclose(both[1], other.x, atol=1e-6)
    # A pair that is not known does not count.
    other = least_squares(lambda x: (noisy[i, j] - x[i] * x[j])[1:], truth, xtol=1e-12, ftol=1e-12)
    noisy[0, 1] = noisy[1, 0] = np.nan
    np.testing.assert_allclose(loadings.fit(noisy), other.x, atol=1e-6)


def test_a_loading_that_never_moves_does_not_end_the_sweeps() -> None:
    """A model that correlates with none has 0 from the first sweep on; the others are as without it."""
    three = np.array([[1.0, 0.6, 0.1], [0.6, 1.0, 0.3], [0.1, 0.3, 1.0]])
    four = np.eye(4)
    four[:3, :3] = three
    np.testing.assert_allclose(loadings.fit(four), [*loadings.fit(three), 0.0], atol=1e-6)


def test_a_heywood_case_is_held_at_the_limit() -> None:
    correlation = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, 0.4], [0.9, 0.4, 1.0]])
    assert loadings.fit(correlation)[0] == loadings.LIMIT
    assert loadings.minres(correlation).notes == ("1 loading(s) held at 0.995",)


def test_loadings_that_do_not_settle_are_said_to() -> None:
    """Three nearly uncorrelated models: the first loading can be traded for the others, a little in every sweep."""
    trade, plain = np.eye(3), np.eye(3)
    pairs = np.array([[0, 0, 1], [1, 2, 2]])
    trade[*pairs] = trade[*pairs[::-1]] = 0.05, 0.05, 0.005
    plain[*pairs] = plain[*pairs[::-1]] = 0.5, 0.4, 0.3
    assert loadings.minres(np.stack([plain, trade])).converged.tolist() == [True, False]
    assert loadings.minres(plain).notes == ()
    assert loadings.minres(trade).notes == ("the loadings had not settled after 500 sweeps",)
    rates, predicted = np.full((1, 3), 0.4), {}
    for name, matrix in (("trade", trade), ("plain", plain)):
        stack = TetrachoricStack(rates, matrix[*pairs][None], Pairs.of(3))
        predicted[name] = loadings.predict_stack(stack).notes
    assert predicted == {"trade": loadings.minres(trade).notes, "plain": ()}
