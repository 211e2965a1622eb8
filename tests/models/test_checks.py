"""What laws accept, just inside and just outside."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cofail_lab.errors import InputError, TracedError
from cofail_lab.models import AtomInflated, ExchangeableCount, GaussianCopula, Independent, _checks


def test_open_ends_are_refused_and_closed_ones_accepted() -> None:
    for rate in (0.0, 1.0):
        with pytest.raises(InputError, match=rf"law\.error_rates\[1\]: {rate:g} is outside \(0, 1\)"):
            Independent([0.3, rate])
    assert float(AtomInflated(0.0, Independent([0.3])).shock) == 0
    with pytest.raises(InputError, match=r"law\.shock: 1 is outside \[0, 1\)"):
        AtomInflated(1.0, Independent([0.3]))


def test_probabilities_may_miss_one_by_a_billionth() -> None:
    ExchangeableCount([0.4, 0.6 - 5e-10])
    with pytest.raises(InputError, match=r"the probabilities sum to 0\.999999995"):
        ExchangeableCount([0.4, 0.6 - 5e-9])


def with_eigenvalue(smallest: float) -> np.ndarray:
    """Equicorrelated, 3 x 3: 1 + 2r is its smallest eigenvalue."""
    r = (smallest - 1) / 2
    return np.full((3, 3), r) + (1 - r) * np.eye(3)


def test_eigenvalues_may_be_negative_by_a_billionth() -> None:
    GaussianCopula([0.3] * 3, with_eigenvalue(-5e-10))
    with pytest.raises(InputError, match="smallest eigenvalue -5e-09"):
        GaussianCopula([0.3] * 3, with_eigenvalue(-5e-9))


def test_a_diagonal_and_a_symmetry_may_be_off_by_rounding() -> None:
    GaussianCopula([0.3] * 2, [[1, 0.2], [0.2 + 5e-13, 1 - 5e-13]])
    with pytest.raises(InputError, match="not symmetric"):
        GaussianCopula([0.3] * 2, [[1, 0.2], [0.2 + 5e-12, 1]])
    with pytest.raises(InputError, match="5e-12 away from 1"):
        GaussianCopula([0.3] * 2, [[1, 0.2], [0.2, 1 - 5e-12]])


def test_members_are_counted_from_either_end_and_no_farther() -> None:
    """JAX takes an index that is too large for the last one: it must not get that far."""
    law = Independent([0.1, 0.2, 0.3])
    np.testing.assert_allclose(law.subpool([-1, 0]).error_rates, [0.3, 0.1])
    np.testing.assert_allclose(law.subpool([-3, 2]).error_rates, [0.1, 0.3])
    for outside in ([3], [0, 3], [-4]):
        with pytest.raises(InputError, match="members: "):
            law.subpool(outside)
    for twice in ([1, 1], [0, -3]):
        with pytest.raises(InputError, match="named twice"):
            law.subpool(twice)


def test_numbers_of_a_pool_as_people_write_them() -> None:
    np.testing.assert_allclose(_checks.vector("0.3x4"), [0.3] * 4)
    np.testing.assert_allclose(_checks.vector(["0.3x2", 0.5, "0.1"]), [0.3, 0.3, 0.5, 0.1])
    np.testing.assert_allclose(_checks.vector(0.2), [0.2])
    for value in ("0.3xa", "ax3", "0.3x2.5", "0.3y3"):
        with pytest.raises(InputError, match=r"is not a number, nor a number of times a number"):
            _checks.vector(value)
    with pytest.raises(InputError, match="is not a number or a list of numbers"):
        _checks.scalar([[1], [1, 2]])
    assert _checks.scalar(3).dtype == np.float64 == _checks.scalar(jnp.asarray(3)).dtype


@pytest.mark.parametrize(
    ("accepted", "ends"),
    [("[0, 1]", (True, True)), ("(0, 1)", (False, False)), ("[0, 1)", (True, False)), ("(0, 1]", (False, True))],
)
def test_which_ends_belong_to_an_interval(accepted: str, ends: tuple[bool, bool]) -> None:
    for value, fits in zip((0.0, 1.0), ends, strict=True):
        if fits:
            _checks.inside("x", jnp.asarray(value), 0, 1, accepted)
        else:
            with pytest.raises(InputError, match=rf"^law\.x: {value:g} is outside {re.escape(accepted)}$"):
                _checks.inside("x", jnp.asarray(value), 0, 1, accepted)
    _checks.inside("x", jnp.asarray([[0.5, 1e-12], [0.2, 1 - 1e-12]]), 0, 1, accepted)
    with pytest.raises(InputError, match=r"^law\.x\[1, 0\]: 2 is outside"):
        _checks.inside("x", jnp.asarray([[0.5, 0.5], [2, 3]]), 0, 1, accepted)
    with pytest.raises(InputError, match=r"^law\.x: nan is outside"):
        _checks.inside("x", jnp.asarray(np.nan), 0, 1, accepted)


def test_shapes_sizes_and_masks() -> None:
    _checks.shape("x", jnp.zeros((2, 3)), (None, 3))
    for value, expected, message in (
        (jnp.zeros(3), (None, 3), "shape 3; any x 3 is accepted"),
        (jnp.zeros((2, 2)), (None, 3), "shape 2 x 2; any x 3"),
        (jnp.zeros(0), (None,), "shape 0; any"),
        (jnp.zeros(2), (), "shape 2; a single number"),
        (jnp.zeros(()), (2,), "shape a single number; 2"),
    ):
        with pytest.raises(InputError, match=rf"^law\.x: {message}"):
            _checks.shape("x", value, expected)
    _checks.pool_size("x", 1)
    for size in (0, -1, True, 2.0, "2"):
        with pytest.raises(InputError, match=r"^law\.x: .* is not a whole number >= 1"):
            _checks.pool_size("x", size)
    assert _checks.members([True, False, True], 3).tolist() == [0, 2]
    assert _checks.members([2, 0], 3).tolist() == [2, 0]
    for selection in ([], [[0]], [0.5], [False] * 3, [True, False]):
        with pytest.raises(InputError, match=r"^members: "):
            _checks.members(selection, 3)


def test_a_method_that_needs_numbers_says_so() -> None:
    law = Independent([0.1, 0.2])
    with pytest.raises(
        TracedError, match=r"^Independent\.all_wrong_estimate: .*this method needs numbers; log_all_wrong"
    ):
        jax.jit(lambda rates: Independent(rates).all_wrong_estimate().value)(law.error_rates)
    assert _checks.traced(law) is False
    assert law.all_wrong_estimate().value == pytest.approx(0.02)
