"""What iterations do that do not end, and what is done where there is nothing to compute."""

from contextlib import nullcontext
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from cofail_lab.errors import ConvergenceError
from cofail_lab.numerics import devices, nearest_correlation, sobol
from cofail_lab.numerics.one_factor_pools import Pools, distinct_columns

# Its nearest correlation matrix is known in closed form: J = vv' with one sign turned has one negative eigenvalue.
TURNED = np.array([[1.0, 1, -1], [1, 1, 1], [-1, 1, 1]])


def test_the_nearest_matrix_is_found_in_few_steps_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """By symmetry its entries are ±½. One step of the inner iteration for each outer one is enough, no step is not."""
    expected = np.where(np.eye(3) > 0, 1, np.sign(TURNED) / 2)
    np.testing.assert_allclose(nearest_correlation.nearest_correlation(TURNED), expected, atol=1e-9)
    monkeypatch.setattr(nearest_correlation, "_MAX_GRADIENT", 1)
    np.testing.assert_allclose(nearest_correlation.nearest_correlation(TURNED), expected, atol=1e-9)
    monkeypatch.setattr(nearest_correlation, "_MAX_NEWTON", 1)
    lopsided = TURNED * np.outer([1, 0.9, 0.8], [1, 0.9, 0.8])
    np.fill_diagonal(lopsided, 1)
    with pytest.raises(
        ConvergenceError, match=r"^nearest correlation matrix: unit diagonal missed by .* after 1 steps$"
    ):
        nearest_correlation.nearest_correlation(lopsided)


def test_pools_without_a_correlation_have_no_rate() -> None:
    pools = Pools.of(np.array([[-0.5, 0.1]]), np.array([1, 2]))
    for outside in (-0.1, 1.0, np.nan):
        assert all(np.isnan(column).all() for column in pools.log_all_wrong(np.full((1, 2), outside)))


def test_columns_of_one_sum_are_told_apart() -> None:
    """Two columns whose bits times the fixed odd numbers add up alike: no two columns count as equal then."""
    columns = np.array([[0.5, 0.25, 0.5], [0.75, 0.125, 0.75]])
    assert [part.tolist() for part in distinct_columns(columns)] in ([[1, 0], [1, 0, 1]], [[0, 1], [0, 1, 0]])
    odd = np.random.Generator(np.random.Philox(key=0)).integers(2**63, size=(2, 1), dtype=np.uint64) * 2 + 1
    bits = columns.view(np.uint64).copy()
    with np.errstate(over="ignore"):
        bits[:, 1] = bits[:, 0] + np.array([odd[1, 0], -odd[0, 0]])
        assert len(np.unique((bits * odd).sum(axis=0))) == 1
    assert [part.tolist() for part in distinct_columns(bits.view(float))] == [[0, 1, 2], [0, 1, 2]]


def test_a_table_that_scipy_keeps_elsewhere_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    assert sobol._table() is not None
    for found in (None, SimpleNamespace(origin=str(tmp_path / "x.py")), SimpleNamespace(origin=None)):
        monkeypatch.setattr(sobol, "find_spec", lambda _, found=found: found)
        assert sobol._table.__wrapped__() is None


def test_an_accelerator_without_a_cpu_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: str) -> None:
        raise RuntimeError("Unknown backend cpu")

    monkeypatch.setattr(devices, "_STANDS_IN", False)
    assert not devices.accelerated()
    devices.stand_in()
    assert devices.accelerated()
    monkeypatch.setattr(jax, "default_backend", lambda: "cuda")
    assert not isinstance(devices.on_host(), nullcontext)
    monkeypatch.setattr(jax, "devices", none)
    assert isinstance(devices.on_host(), nullcontext)
