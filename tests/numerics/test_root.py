"""`numerics.root`: roots against closed forms, each as it would be alone, and honest where there is none."""

import numpy as np
import pytest

from cofail_lab.numerics.root import bracketed_roots, in_blocks

_POWERS = np.array([1.0, 3.0, 9.0, 0.2])
_TARGETS = np.array([0.3, 0.5, 1e-6, 0.9])


def powers(x: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x^p - c, which is flat at 0 for p > 1 and has no slope there for p < 1."""
    p = _POWERS[which]
    return x**p - _TARGETS[which], p * x ** (p - 1)


def find(function: object, at_low: np.ndarray, start: float) -> np.ndarray:
    zero = np.zeros(len(at_low))
    return bracketed_roots(function, zero, zero + 1, at_low, zero + start)  # type: ignore[arg-type]


@pytest.mark.parametrize("start", [np.nan, 1e-3, 0.5, 0.999])
def test_known_roots_from_anywhere(start: float) -> None:
    found = find(powers, -_TARGETS, start)
    np.testing.assert_allclose(found, _TARGETS ** (1 / _POWERS), rtol=1e-13)


def test_each_takes_the_steps_it_would_take_alone_and_no_more() -> None:
    computed = []

    def counted(x: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        computed.append(which.copy())
        return powers(x, which)

    together = find(counted, -_TARGETS, 0.4)
    steps = np.bincount(np.concatenate(computed), minlength=4)
    for k in range(4):
        computed.clear()
        alone = find(lambda x, which, k=k: counted(x, which + k), -_TARGETS[k : k + 1], 0.4)
        assert alone[0] == together[k]
        assert len(computed) == steps[k]
    assert steps[0] <= 2  # a straight line
    assert steps.max() <= 20


def test_a_wrong_slope_costs_steps_only_and_no_function_is_no_root() -> None:
    """Halving the bracket needs no slope; where the function is nan nothing is found."""
    misled = find(lambda x, which: (powers(x, which)[0], np.full(len(x), 1e-9)), -_TARGETS, 0.4)
    np.testing.assert_allclose(misled, _TARGETS ** (1 / _POWERS), rtol=0, atol=1e-13)
    assert np.isnan(find(lambda x, which: (x * np.nan, x), -_TARGETS, 0.4)).all()


def test_blocks_have_one_shape() -> None:
    shapes = set()

    def doubled(x: np.ndarray) -> tuple[np.ndarray]:
        shapes.add(x.shape)
        return (2 * x,)

    for n in (1, 4, 7):
        (got,) = in_blocks(doubled, 4, np.arange(n, dtype=float))
        np.testing.assert_array_equal(got, 2.0 * np.arange(n))
    assert shapes == {(4,)}
