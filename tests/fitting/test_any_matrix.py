"""No finite 0/1 matrix stops a fit: every shape, rate and kind of repetition, with and without all-wrong queries."""

import numpy as np
import pytest

import cofail_lab as cl
from tests.conftest import outcomes_from


def drawn(n: int, m: int, rate: float, n_all_wrong: int = 0) -> np.ndarray:
    wrong = np.random.default_rng([n, m, n_all_wrong]).random((n, m)) < rate
    wrong[:n_all_wrong] = True
    return wrong


MATRICES = {
    "one cell, right": drawn(1, 1, 0.0),
    "one cell, wrong": drawn(1, 1, 0.0, 1),
    "one query": drawn(1, 5, 0.5),
    "one model": drawn(40, 1, 0.3),
    "two queries": drawn(2, 3, 0.5),
    "nobody errs": drawn(20, 4, 0.0),
    "all err always": drawn(20, 4, 1.0),
    "three all wrong of a strong pool": drawn(300, 67, 0.02, 3),
    "two all wrong of a large strong pool": drawn(200, 110, 0.1, 2),
    "ratio beyond every float": drawn(2000, 120, 0.002, 1),
    "one all wrong": drawn(60, 4, 0.2, 1),
    "all but one all wrong": drawn(30, 4, 0.5, 29),
    "duplicates": np.repeat(drawn(50, 2, 0.3, 2), 3, axis=1),
    "a model and its opposite": np.hstack([drawn(40, 1, 0.5), ~drawn(40, 1, 0.5)]),
    "constant models beside two": np.hstack([drawn(40, 2, 0.4), np.zeros((40, 2), bool), np.ones((40, 1), bool)]),
    "two models, many queries": drawn(10_000, 2, 0.01, 1),
}  # fmt: skip


SLOW = ("two all wrong of a large strong pool", "ratio beyond every float")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in MATRICES]
)
def test_any_matrix_is_fitted(name: str) -> None:
    wrong = MATRICES[name]
    result = cl.fit(outcomes_from(wrong), bootstrap=20, null=0, folds=2, laws=["independent", "one_factor", "clayton"])
    assert result.metrics["n_all_wrong"] == wrong.all(axis=1).sum()
    numbers = [value for value in result.metrics.values() if value is not None]
    assert np.isfinite(numbers).all()
    assert result.sections[0].sentences[0]
