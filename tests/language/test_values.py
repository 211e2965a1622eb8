"""Every operation's interval holds the true value, computed with 60 digits, and is narrow."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from cofail_lab.language import values
from cofail_lab.language.values import Values

N = 400


def drawn(seed: int, *, exact: bool = False) -> tuple[Values, list[Any]]:
    """Numbers of any size and sign with errors, and a true value inside each interval."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=N) * 10.0 ** rng.uniform(-8, 8, N)
    error = np.zeros(N) if exact else np.abs(x) * 10.0 ** rng.uniform(-16, -3, N) * (rng.random(N) < 0.7)
    with mpmath.workdps(60):
        inside = [
            mpmath.mpf(float(a)) + mpmath.mpf(float(e)) * float(u)
            for a, e, u in zip(x, error, rng.uniform(-1, 1, N), strict=True)
        ]
    return values.within(x, error), inside


def ends(value: Values, index: int) -> tuple[Any, Any]:
    if value.power[index] < -1e17:
        return mpmath.mpf(0), mpmath.mpf(0)
    low, high = (mpmath.mpf(float(end[index])) for end in (value.low, value.high))
    return mpmath.ldexp(low, int(value.power[index])), mpmath.ldexp(high, int(value.power[index]))


def holds(value: Values, truth: list[Any]) -> None:
    for index, true in enumerate(truth):
        low, high = ends(value, index)
        assert low <= true <= high, (index, low, true, high)


TWO: dict[str, tuple[Callable, Callable]] = {
    "add": (values.add, lambda x, y: x + y),
    "subtract": (values.subtract, lambda x, y: x - y),
    "multiply": (values.multiply, lambda x, y: x * y),
    "divide": (values.divide, lambda x, y: x / y),
    "smaller": (values.smaller, min),
    "larger": (values.larger, max),
}
ONE: dict[str, tuple[Callable, Callable]] = {
    "exponential": (values.exponential, mpmath.exp),
    "negative": (values.negative, lambda x: -x),
    "absolute": (values.absolute, abs),
    "cube": (lambda a: values.power(a, values.exactly(np.full(N, 3.0))), lambda x: x**3),
    "inverse square": (lambda a: values.power(a, values.exactly(np.full(N, -2.0))), lambda x: x**-2),
}
POSITIVE: dict[str, tuple[Callable, Callable | None]] = {
    "logarithm": (values.logarithm, mpmath.log),
    "root": (values.root, mpmath.sqrt),
    "power": (
        lambda a: values.power(a, values.exactly(np.linspace(-300.5, 300, N))),
        None,
    ),
}


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("name", TWO)
def test_two_numbers(name: str, exact: bool) -> None:
    operation, truth = TWO[name]
    (a, x), (b, y) = drawn(1, exact=exact), drawn(2, exact=exact)
    with mpmath.workdps(60):
        true = [truth(p, q) for p, q in zip(x, y, strict=True)]
        found = operation(a, b)
        holds(found, true)
        if exact:
            widths = [(high - low) / abs(t) for (low, high), t in ((ends(found, i), t) for i, t in enumerate(true))]
            assert max(widths) < 2e-15


@pytest.mark.parametrize("name", [*ONE, *POSITIVE])
def test_one_number(name: str) -> None:
    a, x = drawn(3)
    with mpmath.workdps(60):
        if name in ONE:
            operation, truth = ONE[name]
        else:
            operation, truth = POSITIVE[name]
            a, x = values.absolute(a), [abs(v) for v in x]
        if truth is None:
            true = [v ** mpmath.mpf(float(e)) for v, e in zip(x, np.linspace(-300.5, 300, N), strict=True)]
        else:
            true = [truth(v) for v in x]
        holds(operation(a), true)


def test_numbers_beyond_floats_are_no_zeros() -> None:
    tiny = values.from_log(np.array([-1e6, -1e6, -np.inf]), np.array([1e-9, 0.0, 0.0]))
    less, _ = values.below(values.exactly(np.zeros(3)), tiny)
    assert less.tolist() == [True, True, False]
    back = values.logarithm(tiny)
    low, high = back.floats()
    assert low[0] <= -1e6 <= high[0] and high[0] - low[0] < 1e-8
    assert np.isnan(low[2])
    ratio = values.divide(tiny, values.from_log(np.full(3, -1e6 - 1), np.full(3, 1e-9)))
    low, high = ratio.floats()
    assert low[0] <= np.e <= high[0] and high[0] - low[0] < 1e-7


def test_whole_numbers_stay_exact() -> None:
    m = values.exactly(np.array([3.0, 231544.0, 2.0**40 + 1]))
    hundred = values.exactly(np.full(3, 100.0))
    product = values.multiply(hundred, m)
    assert (product.low == product.high).all()
    assert product.middle().tolist() == [300.0, 23154400.0, 100 * (2.0**40 + 1)]
    one_less = values.subtract(m, values.exactly(np.ones(3)))
    assert (one_less.low == one_less.high).all()
    third = values.divide(values.exactly(np.ones(3)), values.exactly(np.full(3, 3.0)))
    assert (third.low < third.high).all()


def test_what_does_not_exist_is_nan_and_stays_so() -> None:
    negative = values.exactly(np.array([-1.0]))
    for missing in (values.logarithm(negative), values.root(negative), values.divide(negative, values.exactly([0.0]))):
        assert not missing.exists.any()
        assert not values.add(missing, negative).exists.any()
        assert not any(values.below(missing, negative)[0])
    unsure = values.within(np.array([0.0]), np.array([1e-9]))
    assert not values.divide(negative, unsure).exists.any()


def test_floor_of_a_number_at_an_edge_is_both_neighbours() -> None:
    edge = values.floor(values.within(np.array([4.0, 4.5]), np.array([1e-12, 1e-12])))
    assert edge.floats()[0].tolist() == [3.0, 4.0]
    assert edge.floats()[1].tolist() == [4.0, 4.0]


def test_a_comparison_inside_the_error_decides_nothing() -> None:
    a, b = values.within(np.array([1.0]), np.array([1e-3])), values.exactly(np.array([1.0005]))
    assert [x.tolist() for x in (*values.below(a, b), *values.below(b, a))] == [[False]] * 4


def test_ends_as_floats_are_rounded_outwards() -> None:
    """Where a float has fewer bits than the end, or none: below 1e-308, and beyond 1e308."""
    exact, rounded = values.exactly(np.array([0.75])), values.exactly(np.array([0.7]))
    for power in (-1073.0, -1060.0):
        low, high = rounded._replace(power=np.array([power])).floats()
        true = Fraction(0.7) * Fraction(2) ** int(power)
        assert Fraction(low[0]) < true < Fraction(high[0])
        assert high[0] - low[0] <= 3 * 5e-324
        low, high = exact._replace(power=np.array([power + 1])).floats()
        assert low[0] == high[0] == 0.75 * 2.0 ** (power + 1)
    with np.errstate(over="ignore"):
        low, high = rounded._replace(power=np.array([5000.0])).floats()
    assert high[0] == np.inf and low[0] < np.inf
    low, high = rounded._replace(power=np.array([-5000.0])).floats()
    assert low[0] <= 0 < high[0]


def test_products_lose_no_bit_that_they_say_they_keep() -> None:
    """Factors of 53 bits: exact products stay as they are, others are bracketed by neighbouring floats."""
    rng = np.random.default_rng(9)
    x, y = (rng.integers(2**52, 2**53, 300).astype(float) for _ in range(2))
    found = values.multiply(values.exactly(x), values.exactly(y))
    for i in range(300):
        low, high = (Fraction(end[i]) * Fraction(2) ** int(found.power[i]) for end in (found.low, found.high))
        true = Fraction(x[i]) * Fraction(y[i])
        assert low <= true <= high
        assert (low == high) == (Fraction(float(true)) == true)


def test_powers_of_intervals() -> None:
    """An interval across 0: even powers begin at 0, odd ones keep their sign; inverse ones do not exist."""
    across = values.within(np.array([0.5]), np.array([1.5]))
    for exponent, ends_of in ((2, (0, 4)), (3, (-1, 8)), (0, (1, 1)), (1, (-1, 2))):
        low, high = values.power(across, values.exactly(np.array([float(exponent)]))).floats()
        assert low[0] <= ends_of[0] and ends_of[1] <= high[0]
    assert values.power(across, values.exactly(np.array([2.0]))).floats()[0][0] == 0
    assert not values.power(across, values.exactly(np.array([-1.0]))).exists.any()
    assert not values.power(across, values.exactly(np.array([0.5]))).exists.any()
    zero = values.exactly(np.zeros(1))
    assert values.power(zero, values.exactly(np.array([0.5]))).middle().tolist() == [0.0]
    assert not values.power(zero, values.exactly(np.array([-0.5]))).exists.any()
    for exponent in (65.0, 64.0, -65.0):
        low, high = values.power(values.exactly(np.array([1.5])), values.exactly(np.array([exponent]))).floats()
        assert Fraction(low[0]) <= Fraction(3, 2) ** int(exponent) <= Fraction(high[0])


def test_smaller_and_larger_of_intervals_that_overlap() -> None:
    a, b = values.within(np.array([1.0]), np.array([0.5])), values.within(np.array([1.25]), np.array([0.125]))
    for found, expected in ((values.smaller(a, b), (0.5, 1.375)), (values.larger(a, b), (1.125, 1.5))):
        assert [end[0] for end in found.floats()] == pytest.approx(expected, abs=1e-12)
    low, high = values.absolute(values.within(np.array([-1.0, 0.25, -0.25]), np.array([0.5, 0.5, 0.5]))).floats()
    assert (low.tolist(), high.tolist()) == (pytest.approx([0.5, 0, 0]), pytest.approx([1.5, 0.75, 0.75]))
    assert values.within(np.array([1.0]), np.array([0.5])).middle().tolist() == [1.0]


def test_comparisons_of_touching_intervals() -> None:
    left, right = values.exactly(np.array([1.0, 1.0, 2.0])), values.exactly(np.array([1.0, 2.0, 1.0]))
    less, at_most = values.below(left, right)
    assert (less.tolist(), at_most.tolist()) == ([False, True, False], [True, True, False])


def test_a_number_that_may_be_negative_has_no_root_and_no_logarithm() -> None:
    across, positive = values.within(np.array([0.1]), np.array([0.2])), values.within(np.array([0.3]), np.array([0.2]))
    for function in (values.root, values.logarithm):
        assert not function(across).exists[0] and function(positive).exists[0]
        assert not function(values.within(np.array([-0.3]), np.array([0.2]))).exists[0]
    low, high = (end[0] for end in values.root(positive).floats())
    assert low <= 0.1**0.5 and high >= 0.5**0.5 and (low, high) == pytest.approx((0.1**0.5, 0.5**0.5))
    touching = values.Values(np.array([0.0]), np.array([0.5]), np.array([0.0]))
    assert values.root(touching).exists[0] and not values.logarithm(touching).exists[0]


def test_whole_powers_may_differ_from_point_to_point() -> None:
    low, high = values.power(
        values.exactly(np.array([3.0, 3.0, 2.0])), values.exactly(np.array([2.0, 3.0, -1.0]))
    ).floats()
    for power, below, above in zip((9.0, 27.0, 0.5), low, high, strict=True):
        assert below <= power <= above and above - below < 1e-12 * power


def test_an_exponential_beyond_all_powers_does_not_exist() -> None:
    there = values.exponential(values.exactly(np.array([0.9e15, -0.9e15, 2e15, -2e15, np.inf, -np.inf]))).exists
    assert there.tolist() == [True, True, False, False, False, False]


def test_a_number_that_the_other_swallows_is_not_lost() -> None:
    """Beyond 1e-308 of the other it still says on which side of it a sum lies, and is itself no zero."""
    x, tiny = values.exactly(np.array([0.3, -0.3])), values.from_log(np.full(2, -1000.0), np.full(2, 1e-12))
    for total in (values.add(x, tiny), values.add(tiny, x)):
        assert (total.low == x.low).all() and (total.high == np.nextafter(x.high, np.inf)).all()
    less = values.subtract(x, tiny)
    assert (less.low == np.nextafter(x.low, -np.inf)).all() and (less.high == x.high).all()
    assert not values.below(x, less)[0].any() and values.below(less, x)[1].all()
    assert not values.below(x, less)[1].any() and not values.below(less, x)[0].any()
    smaller = values.smaller(tiny, values.exactly(np.ones(2)))
    assert (smaller.low == 0).all() and (smaller.high > 0).all()
    zero = values.exactly(np.zeros(2))
    assert values.below(zero, tiny)[0].all() and (values.add(zero, tiny).low == tiny.low).all()


def test_ends_too_small_for_an_exact_product_are_rounded_outwards() -> None:
    rng = np.random.default_rng(3)
    x = np.ldexp(rng.uniform(0.5, 1, 300), rng.integers(-520, -400, 300))
    wide = Values(x, np.ones(300), np.zeros(300))
    low, power = values.multiply(wide, wide)[::2]
    assert all(
        0 <= Fraction(float(product)) * Fraction(2) ** int(shift) <= Fraction(float(end)) ** 2
        for product, shift, end in zip(low, power, x, strict=True)
    )
