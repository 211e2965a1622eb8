"""Which patterns improve a program, against going through all of them."""

from types import SimpleNamespace

import numpy as np
import pytest

from cofail_lab.bounds.pricing import INTERIOR_TOLERANCE, enumerate_all, integer_pricing, local_search
from tests.bounds.pools import patterns


def forms(dual: np.ndarray, m: int) -> np.ndarray:
    """The dual form of each pattern: dual[0] + Σ_{i<=j} c_ij E_i E_j."""
    i, j = np.triu_indices(m)
    wrong = patterns(m)
    return dual[0] + (wrong[:, i] & wrong[:, j]) @ dual[1:]


def drawn(seed: int, m: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(1 + m * (m + 1) // 2)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("at_least", [1, 3, 4])
def test_every_pattern_that_helps_and_the_largest_help(sign: int, at_least: int) -> None:
    m, dual = 4, drawn(at_least, 4)
    reduced = sign * (patterns(m).sum(axis=1) >= at_least) - forms(dual, m)
    found = enumerate_all(dual, m, at_least, sign)
    assert found.proved and found.worst == pytest.approx(reduced.max())
    helping = {tuple(p) for p in patterns(m)[reduced > 1e-10]}
    assert {tuple(p) for p in found.patterns} == helping and len(found.patterns) == len(helping)


def test_no_pattern_helps_an_optimal_dual() -> None:
    """The form 1 is above every event: nothing to add, and nothing to gain."""
    found = enumerate_all(np.array([1.0, *np.zeros(6)]), 3, 3, 1)
    assert found.worst == 0 and found.patterns.shape == (0, 3)


def test_the_two_hundred_best_of_many() -> None:
    m, dual = 9, drawn(3, 9)
    dual[0] = -20
    reduced = -forms(dual, m)
    found = enumerate_all(dual, m, m + 1, 1)
    assert len(found.patterns) == 200
    rows = found.patterns @ (1 << np.arange(m))
    assert reduced[rows].min() >= np.sort(reduced)[-200] - 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_the_local_search_finds_the_lowest_forms(seed: int) -> None:
    """From five patterns and 500 random ones: of 2^6 - 1 patterns the minimum is among what single flips reach."""
    m, dual = 6, drawn(seed, 6)
    values = forms(dual, m)[:-1]
    known = patterns(m)[[0, 1, 5, 9, 60]]
    found = local_search(dual, known)
    assert not found.proved and found.worst == pytest.approx(max(0, -values.min()))
    rows = found.patterns @ (1 << np.arange(m))
    assert (values[rows] < -INTERIOR_TOLERANCE).all() and (np.diff(values[rows]) >= -1e-12).all()
    assert len(rows) == len(set(rows.tolist())) and values[rows[0]] == pytest.approx(values.min())
    # Each is the end of a descent: no single flip lowers it, except to the excluded pattern of all.
    for row in rows:
        assert all(values[row ^ (1 << k)] >= values[row] - 1e-9 for k in range(m) if row ^ (1 << k) < 2**m - 1)
    again = local_search(dual, known)
    np.testing.assert_array_equal(again.patterns, found.patterns)


def test_a_search_without_a_pattern_below_zero() -> None:
    m = 5
    found = local_search(np.array([1.0, *np.full(15, 0.1)]), patterns(m)[:3])
    assert found.worst == 0 and found.patterns.shape == (0, m)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("seed", range(5))
def test_the_integer_program_is_the_largest_over_all_patterns(seed: int, sign: int) -> None:
    m, dual = 5, drawn(10 + seed, 5)
    # Some products have no weight at all.
    dual[[3, 7]] = 0
    values = forms(dual, m)
    exact = max((-values[:-1]).max(), sign - values[-1])
    found = integer_pricing(dual, m, sign, 20.0)
    assert found.proved and found.patterns.shape == (0, m)
    assert exact - 1e-12 <= found.worst <= exact + 2e-6


def test_the_pattern_of_all_is_never_proposed() -> None:
    """It is the lowest of all here, and the end of every descent; it has its own row in the program."""
    m = 5
    found = local_search(np.array([-1.0, *np.full(15, -1.0)]), patterns(m))
    assert not found.patterns.all(axis=1).any()
    mixed = local_search(np.array([0.0, *np.where(np.arange(15) % 2, 2.5, -1.5)]), patterns(m))
    assert len(mixed.patterns) and not mixed.patterns.all(axis=1).any()


def test_without_a_bound_of_the_solver_all_negative_weights_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scipy.optimize.milp", lambda *_, **__: SimpleNamespace(mip_dual_bound=None))
    dual = np.array([0.3, 1.0, -0.5, 0.2, -2.0, -0.25, 0.7])
    # Constant .3; single 1, -2, .7; pairs -.5, .2, -.25.
    assert integer_pricing(dual, 3, -1, 1.0).worst == pytest.approx(-(0.3 - 2 - 0.75))
    monkeypatch.setattr("scipy.optimize.milp", lambda *_, **__: SimpleNamespace(mip_dual_bound=-9.0))
    assert integer_pricing(dual, 3, -1, 1.0).worst == pytest.approx(-(0.3 - 2 - 0.75))
    monkeypatch.setattr("scipy.optimize.milp", lambda *_, **__: SimpleNamespace(mip_dual_bound=-1.0))
    assert integer_pricing(dual, 3, -1, 1.0).worst == pytest.approx(0.7 + 1e-7)
    # All wrong is priced by itself: the event less the sum of the dual.
    assert integer_pricing(dual - 1, 3, 1, 1.0).worst >= 1 - (dual - 1).sum()
