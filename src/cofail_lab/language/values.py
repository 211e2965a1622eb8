"""Numbers that carry their error, many at once: each lies in an interval, and every operation rounds outwards.

A value is [low, high]·2^power with a power of its own, so that all-wrong rates of thousands of models are no zeros.
What does not exist (the logarithm of a negative number, a quantity outside its domain) is nan, and so is all that is
computed from it.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

Array = Float[np.ndarray, " n"]

_EPS = float(np.finfo(float).eps)
_LOG2 = float(np.log(2))
# Log 2 has 32 bits of its own here: products with powers below 2^20 are exact.
_LOG2_HIGH = float(np.float64(0x162E42FEE) / 2**33)
_LOG2_LOW = 1.908214929270587700e-10
# The power of zero: below all others.
_NOWHERE = -(2.0**60)


class Values(NamedTuple):
    """Intervals [low, high]·2^power, (n,) each; nan where there is no value.

    Attributes:
        low, high: ends; the larger of both is between ½ and 1 in size, or 0.
        power: whole numbers.
    """

    low: Array
    high: Array
    power: Array

    @property
    def exists(self) -> Bool[np.ndarray, " n"]:
        """Whether there is a value."""
        return ~(np.isnan(self.low) | np.isnan(self.high))

    def floats(self) -> tuple[Array, Array]:
        """Both ends as float64, rounded outwards; beyond its range 0 or infinite."""
        low, high = _scaled(self.low, self.power), _scaled(self.high, self.power)
        exact = (_scaled(low, -self.power) == self.low) & (_scaled(high, -self.power) == self.high)
        return np.where(exact, low, _down(low)), np.where(exact, high, _up(high))

    def middle(self) -> Array:
        """The middle as float64."""
        return _scaled((self.low + self.high) / 2, self.power)


def exactly(value: object) -> Values:
    """Values that are floats."""
    x = np.atleast_1d(np.asarray(value, dtype=float))
    return _normal(x, x, np.zeros(x.shape))


def within(value: Array, error: Array) -> Values:
    """``value`` known up to an absolute ``error``; an error of 0 is none, not even of rounding."""
    low, high = value - error, value + error
    return _normal(np.where(error == 0, value, _down(low)), np.where(error == 0, value, _up(high)), np.zeros(low.shape))


def from_log(log_value: Array, error: Array) -> Values:
    """The number whose natural logarithm is known up to an absolute error; minus infinity is 0."""
    return exponential(within(np.where(np.isneginf(log_value), 0.0, log_value), error), zero=np.isneginf(log_value))


def _normal(low: Array, high: Array, power: Array) -> Values:
    size = np.maximum(np.abs(low), np.abs(high))
    fine = np.isfinite(size) & (size > 0)
    shift = np.where(fine, np.frexp(np.where(fine, size, 1.0))[1], 0).astype(float)
    return Values(*_shifted(low, high, -shift), np.where(size == 0, _NOWHERE, power + shift))


def _scaled(mantissa: Array, power: Array) -> Array:
    return np.ldexp(mantissa, np.clip(power, -4000, 4000).astype(np.int32))


def _shifted(low: Array, high: Array, power: Array) -> tuple[Array, Array]:
    """Both ends times 2^power, rounded outwards where they get too small for floats, but not past 0."""
    below, above = _scaled(low, power), _scaled(high, power)
    lost_below, lost_above = ((np.abs(x) < 1e-300) & (end != 0) for x, end in ((below, low), (above, high)))
    return (
        np.where(lost_below, np.maximum(_down(below), np.where(low > 0, 0.0, -np.inf)), below),
        np.where(lost_above, np.minimum(_up(above), np.where(high < 0, 0.0, np.inf)), above),
    )


def _down(x: Array) -> Array:
    return np.nextafter(x, -np.inf)


def _up(x: Array) -> Array:
    return np.nextafter(x, np.inf)


def _aligned(a: Values, b: Values) -> tuple[tuple[Array, Array], tuple[Array, Array], Array]:
    """Ends of both at the larger power."""
    power = np.maximum(a.power, b.power)
    return _shifted(a.low, a.high, a.power - power), _shifted(b.low, b.high, b.power - power), power


def _sum(x: Array, y: Array) -> tuple[Array, Array]:
    """Rounded down and up; exact sums stay as they are (Knuth's two-sum)."""
    total = x + y
    rest = total - x
    error = (x - (total - rest)) + (y - rest)
    return np.where(error < 0, _down(total), total), np.where(error > 0, _up(total), total)


def add(a: Values, b: Values) -> Values:
    """a + b."""
    (al, ah), (bl, bh), power = _aligned(a, b)
    return _normal(_sum(al, bl)[0], _sum(ah, bh)[1], power)


def negative(a: Values) -> Values:
    """-a."""
    return Values(-a.high, -a.low, a.power)


def subtract(a: Values, b: Values) -> Values:
    """a - b."""
    return add(a, negative(b))


def multiply(a: Values, b: Values) -> Values:
    """ab; exact products stay as they are."""
    ends = [_product(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    low, high = np.min([low for low, _ in ends], axis=0), np.max([high for _, high in ends], axis=0)
    return _normal(low, high, a.power + b.power)


def _product(x: Array, y: Array) -> tuple[Array, Array]:
    """Rounded down and up (Dekker's product: what rounding took away is a float)."""
    product = x * y
    (x1, x2), (y1, y2) = _halves(x), _halves(y)
    error = x2 * y2 - (((product - x1 * y1) - x2 * y1) - x1 * y2)
    # Factors so small that their own products are rounded.
    tiny = (np.abs(product) < 1e-250) & (product != 0)
    return np.where((error < 0) | tiny, _down(product), product), np.where((error > 0) | tiny, _up(product), product)


def _halves(x: Array) -> tuple[Array, Array]:
    """The upper 26 bits and the rest."""
    scaled = 134217729.0 * x
    upper = scaled - (scaled - x)
    return upper, x - upper


def _power_of_two(a: Values) -> Bool[np.ndarray, " n"]:
    return (a.low == a.high) & ((np.abs(a.low) == 0.5) | (a.low == 0))


def divide(a: Values, b: Values) -> Values:
    """a/b; nan where b may be 0."""
    safe = (b.low > 0) | (b.high < 0)
    inverse_low, inverse_high = (np.where(safe, 1 / np.where(safe, end, 1.0), np.nan) for end in (b.high, b.low))
    exact = _power_of_two(b)
    inverse_low = np.where(exact, inverse_low, _down(inverse_low))
    inverse_high = np.where(exact, inverse_high, _up(inverse_high))
    return multiply(a, _normal(inverse_low, inverse_high, -b.power))


def exponential(a: Values, zero: Array | bool = False) -> Values:
    """e^a."""
    low, high = a.floats()
    fits = np.isfinite(low) & np.isfinite(high) & (np.abs(high) < 1e15)
    low, high = np.where(fits, low, np.nan), np.where(fits, high, np.nan)
    power = np.where(fits, np.floor(np.where(fits, high, 0.0) / _LOG2), 0.0)
    ends = []
    for end, side in ((low, -1), (high, 1)):
        rest = (end - power * _LOG2_HIGH) - power * _LOG2_LOW
        # Rounding of the two products, where the power has more than 20 bits, and of exp.
        slack = 4 * _EPS + 2 * _EPS * np.abs(power) * _LOG2
        slack = np.where(end == 0, 0.0, slack)
        ends.append(np.exp(rest) * (1 + side * np.minimum(slack, 0.5)))
    result = _normal(np.maximum(ends[0], 0.0), ends[1], power)
    none = np.broadcast_to(zero, low.shape)
    return Values(
        np.where(none, 0.0, result.low), np.where(none, 0.0, result.high), np.where(none, _NOWHERE, result.power)
    )


def logarithm(a: Values) -> Values:
    """Log a; nan where a may be negative or 0."""
    positive = a.low > 0
    power = np.where(positive, a.power, 0.0)
    ends = []
    for end, side in ((a.low, -1), (a.high, 1)):
        log = np.log(np.where(positive, end, np.nan))
        value = log + power * _LOG2
        ends.append(value + side * 3 * _EPS * (np.abs(log) + np.abs(power) * _LOG2))
    # Close to 1 both parts cancel; there the number itself is a float.
    near = positive & (np.abs(power) <= 2)
    for place, side in ((0, -1), (1, 1)):
        direct = np.log(_scaled(np.where(near, (a.low, a.high)[place], 1.0), np.where(near, power, 0.0)))
        direct = np.where(direct == 0, 0.0, direct + side * 4 * _EPS * np.abs(direct))
        ends[place] = np.where(near, direct, ends[place])
    return _normal(ends[0], ends[1], np.zeros(power.shape))


def root(a: Values) -> Values:
    """√a; nan where a may be negative."""
    odd = np.mod(a.power, 2)
    zero = a.power <= _NOWHERE / 2
    odd = np.where(zero, 0.0, odd)
    low, high = (np.sqrt(np.where(a.low >= 0, end * (1 + odd), np.nan)) for end in (a.low, a.high))
    return _normal(np.maximum(_down(low), 0.0), np.where(high == 0, 0.0, _up(high)), (a.power - odd) / 2)


def power(a: Values, b: Values) -> Values:
    """a^b: by multiplication where b is one whole number up to 64 in size, else as e^{b log a} for a > 0."""
    exponent = b.middle()
    whole = b.low == b.high
    same = exponent.size and whole.all() and (exponent == exponent[0]).all() and float(exponent[0]).is_integer()
    if same and abs(exponent[0]) <= 64:
        return _whole_power(a, int(exponent[0]))
    general = exponential(multiply(b, logarithm(a)))
    zero = (a.low == 0) & (a.high == 0) & (b.low > 0)
    return Values(
        np.where(zero, 0.0, general.low), np.where(zero, 0.0, general.high), np.where(zero, _NOWHERE, general.power)
    )


def _whole_power(a: Values, n: int) -> Values:
    if n < 0:
        return divide(exactly(np.ones(a.low.shape)), _whole_power(a, -n))
    if n % 2 == 0 and n:
        a = absolute(a)  # an even power has no sign, also where a may have either
    result = exactly(np.where(a.exists, 1.0, np.nan))
    while n:
        if n % 2:
            result = multiply(result, a)
        a, n = (multiply(a, a), n // 2) if n > 1 else (a, 0)
    return result


def absolute(a: Values) -> Values:
    """|a|."""
    low = np.where((a.low <= 0) & (a.high >= 0), 0.0, np.minimum(np.abs(a.low), np.abs(a.high)))
    return Values(np.where(a.exists, low, np.nan), np.maximum(np.abs(a.low), np.abs(a.high)), a.power)


def smaller(a: Values, b: Values) -> Values:
    """The smaller of both."""
    (al, ah), (bl, bh), power = _aligned(a, b)
    return _normal(np.minimum(al, bl), np.minimum(ah, bh), power)


def larger(a: Values, b: Values) -> Values:
    """The larger of both."""
    return negative(smaller(negative(a), negative(b)))


def floor(a: Values) -> Values:
    """⌊a⌋; both neighbours where a may be on either side of a whole number."""
    low, high = a.floats()
    return _normal(np.floor(low), np.floor(high), np.zeros(low.shape))


def below(a: Values, b: Values) -> tuple[Bool[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Whether a < b for certain, and whether a ≤ b for certain; both false where either does not exist."""
    (_, ah), (bl, _), _ = _aligned(a, b)
    with np.errstate(invalid="ignore"):
        return ah < bl, ah <= bl
