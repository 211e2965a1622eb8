"""Chernoff's bound of the joint errors of a pair, against its definition as the least of e^{-tx} E e^{tX}."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from cofail_lab.data.health.chance import _log_tail


@pytest.mark.parametrize(
    ("together", "expected", "largest"), [(1, 0.3, 1), (3, 1.7, 5), (9, 2.25, 9), (6, 5.5, 40), (2, 0.01, 3)]
)
def test_the_bound_of_a_tail_is_the_least_of_its_exponents(together: int, expected: float, largest: int) -> None:
    """X of mean `expected` is at most `largest`; e^{-tx} (1 + μ(e^t - 1))^n is minimized over t > 0."""

    def exponent(t: float) -> float:
        return -t * together + largest * np.log1p(expected / largest * np.expm1(t))

    least = minimize_scalar(exponent, bounds=(0, 25), method="bounded", options={"xatol": 1e-12}).fun
    found = _log_tail(*(np.array([float(x)]) for x in (together, expected, largest)))
    assert found[0] == pytest.approx(least, rel=1e-8)


def test_what_chance_expects_is_no_tail() -> None:
    """Fewer than expected, just as many, and a pair without errors: the bound is 1."""
    found = _log_tail(np.array([2.0, 3.0, 0.0]), np.array([2.5, 3.0, 0.0]), np.array([4.0, 6.0, 0.0]))
    assert found.tolist() == [0, 0, 0]
