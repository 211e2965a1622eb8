"""A proposition at one point with many digits: in rationals where the law allows, else by mpmath.

Nothing is shared with `language`: the laws are written down again, correlations come from Owen's T function, and
integrals are trapezoidal sums with as many digits as asked for. What is no rational is an interval of mpmath from there
on, so that digits that cancel in the statement itself are not taken for digits of the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import Any

import mpmath

from cofail_lab.claims.checking.digit_formulas import NoDigitsError, Real, formula, quotient
from cofail_lab.claims.reference import exchangeable
from cofail_lab.claims.reference.many_digits import loadings, log_one_factor, quantile
from cofail_lab.language.formulas import FORMULAS
from cofail_lab.language.tree import Name, Node, Number

_INTERVALS: Any = mpmath.iv

# Relative error of a quantity computed with 40 digits, and of a formula whose arguments are no rationals.
_SPREAD, _ARGUMENTS = "1e-28", "1e-20"

# Larger pools take a sum of too many terms; a second path in float64 stands in for them.
_LARGEST_SUM, _LARGEST_POWER = 3000, 3000
# Powers of powers explode: rationals up to a million bits, exponentials up to float64's own limit in `values`.
_LARGEST_BITS, _LARGEST_EXPONENT = 10**6, 10**15


class Digits:
    """Values at one point.

    Args:
        case: parameters as written: 0.1 is one tenth.
        laws: the names that the proposition uses, to names in ``conf/law``.
        driver: of these, the one whose parameters the case holds.
        match: what the others share with it.
    """

    def __init__(
        self, case: Mapping[str, float], laws: Mapping[str, str], driver: str, match: Sequence[str] = ()
    ) -> None:
        self._case = {name: Fraction(repr(x)) for name, x in case.items()}
        self._laws, self._driver, self._match = laws, driver, match
        self.exact = True
        self.relative = mpmath.mpf(0)

    def number(self, node: Node) -> Real:
        """The value of a number. Raises NoDigitsError where there is no way to it."""
        if isinstance(node, Number):
            return node.value
        if isinstance(node, Name):
            if not node.law and not node.arguments and node.name in self._case:
                return self._case[node.name]
            arguments = [self.number(part) for part in node.arguments]
            if not node.law and node.name in FORMULAS:
                if not all(isinstance(x, Fraction) for x in arguments):
                    self.relative = max(self.relative, mpmath.mpf(_ARGUMENTS))
                return self._interval(formula(node.name, [self._rounded(x) for x in arguments], self))
            return self._interval(self._quantity(node, arguments))
        return self.operation(node.symbol, [self.number(part) for part in node.parts])

    def operation(self, symbol: str, parts: list[Real]) -> Real:
        """An operation on numbers."""
        rational = all(isinstance(part, Fraction) for part in parts) and symbol not in ("log", "exp", "sqrt")
        if rational and symbol == "**":
            bits = parts[0].numerator.bit_length() + parts[0].denominator.bit_length()
            rational = parts[1].denominator == 1 and abs(parts[1]) * bits <= _LARGEST_BITS
        if not rational and symbol != "floor":
            parts = [self._interval(part, always=True) for part in parts]
        match symbol:
            case "min" | "max":
                pick = min if symbol == "min" else max
                return (
                    pick(parts)
                    if rational
                    else _INTERVALS.mpf([pick(end) for end in zip(*map(ends, parts), strict=True)])
                )
            case "exp" if max(map(abs, ends(parts[0]))) > _LARGEST_EXPONENT:
                raise NoDigitsError("a number beyond all digits")
            case "log" | "exp" | "sqrt":
                return getattr(_INTERVALS, symbol)(parts[0])
            case "**":
                return parts[0] ** (int(parts[1]) if rational else parts[1])
            case "+":
                return parts[0] + parts[1]
            case "-":
                return parts[0] - parts[1]
            case "*":
                return parts[0] * parts[1]
            case "/":
                return parts[0] / parts[1]
            case "neg":
                return -parts[0]
            case "abs":
                return abs(parts[0])
        return self._floor(parts[0])

    def _floor(self, value: Real) -> Fraction:
        if isinstance(value, Fraction):
            return Fraction(floor(value))
        floors: list[Any] = [mpmath.floor(end) for end in ends(value)]
        low, high = map(int, floors)
        if low != high:
            raise NoDigitsError("a number on the edge of a whole one")
        return Fraction(low)

    def _interval(self, value: Real, *, always: bool = False) -> Real:
        """A number of mpmath with its error around it; rationals stay what they are, unless ``always``."""
        if isinstance(value, Fraction):
            if not always:
                return value
            self.exact = False
            return _INTERVALS.mpf(value.numerator) / _INTERVALS.mpf(value.denominator)
        self.exact = False
        if isinstance(value, mpmath.mpf):
            off = abs(value) * (4 * self.relative + mpmath.mpf(_SPREAD))
            return _INTERVALS.mpf([value - off, value + off])
        return value

    def _rounded(self, value: Real) -> Real:
        """The middle of an interval."""
        return value if isinstance(value, Fraction) else sum(ends(value)) / 2

    def _power(self, base: Real, exponent: Fraction) -> Real:
        if isinstance(base, Fraction) and abs(exponent) <= _LARGEST_POWER:
            return base ** int(exponent)
        return self.real(base) ** self.real(exponent)

    def real(self, value: Real) -> Any:
        """As a number of mpmath, rounded: no longer exact."""
        self.exact = False
        return mpmath.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else value

    # --- laws

    def _size(self, arguments: list[Real]) -> int:
        size = arguments[-1] if arguments else self._case.get("m", Fraction(2))
        if not isinstance(size, Fraction) or size.denominator != 1 or size < 1:
            raise NoDigitsError("a size that is no whole number")
        return int(size)

    def _all_wrong(self, law: str, m: int) -> Real:
        if law != self._driver:
            if "pair" not in self._match and law != "independent":
                raise NoDigitsError(f"{law} with parameters of its own")
            return self._predicted({"one_factor_gaussian": "one_factor"}.get(law, law), m)
        p = self._case
        match law:
            case "independent":
                return self._power(p["error_rate"], Fraction(m))
            case "common_shock":
                return p["shock"] + (1 - p["shock"]) * self._power(p["base_error_rate"], Fraction(m))
            case "clayton":
                return self._clayton(p["error_rate"], p["theta"], m)
            case "beta_mixing":
                if m > _LARGEST_POWER:
                    raise NoDigitsError("a product of many terms")
                product = Fraction(1)
                for i in range(m):
                    product *= (p["a"] + i) / (p["a"] + p["b"] + i)
                return product
            case "one_factor_gaussian":
                if m == 1:
                    return p["error_rate"]
                r = self.real(p["correlation"])
                return self._one_factor(self.threshold(p["error_rate"]), (mpmath.sqrt(r), mpmath.sqrt(1 - r)), m)
        raise NoDigitsError(law)

    def _clayton(self, alpha: Real, theta: Real, m: int) -> Any:
        a, t = self.real(alpha), self.real(theta)
        self.exact = False
        return (m * a ** (-t) - m + 1) ** (-1 / t)

    def threshold(self, alpha: Real) -> Any:
        """Φ^{-1}(α)."""
        self.exact = False
        a = self.real(alpha)
        return quantile(a, 1 - a)

    def _one_factor(self, t: Any, factor: tuple[Any, Any], m: int) -> Any:
        self.exact = False
        if m > _LARGEST_SUM:
            rate, r = float(mpmath.ncdf(t)), float(factor[0] ** 2)
            self.relative = max(self.relative, mpmath.mpf(1e-9))
            return mpmath.exp(exchangeable.one_factor(rate, r, m).log_all_wrong)
        coarse, fine = (log_one_factor(t, *factor, m, halvings) for halvings in (0, 1))
        self.relative = max(self.relative, 2 * abs(fine - coarse))
        return mpmath.exp(fine)

    def _rate(self) -> Real:
        return self._all_wrong(self._driver, 1)

    def _pair(self) -> Real:
        return self._all_wrong(self._driver, 2)

    def _factor(self) -> tuple[Any, Any]:
        """√r and √(1-r) at the tetrachoric correlation."""
        if self._driver == "one_factor_gaussian":
            r = self.real(self._case["correlation"])
            return mpmath.sqrt(r), mpmath.sqrt(1 - r)
        alpha, pair = self.real(self._rate()), self.real(self._pair())
        if pair <= alpha**2:
            raise NoDigitsError("no positive correlation")
        return loadings(self.threshold(self._rate()), alpha - pair)

    def _pearson(self) -> Real:
        alpha, pair = self._rate(), self._pair()
        if not (isinstance(alpha, Fraction) and isinstance(pair, Fraction)):
            alpha, pair = self.real(alpha), self.real(pair)
        return (pair - alpha**2) / (alpha * (1 - alpha))

    def _predicted(self, name: str, m: int) -> Real:
        if m == 1:
            return self._rate()
        match name:
            case "independent":
                return self._power(self._rate(), Fraction(m))
            case "one_factor" | "gaussian":
                return self._one_factor(self.threshold(self._rate()), self._factor(), m)
            case "one_factor_pearson":
                r = self.real(self._pearson())
                if not 0 < r < 1:
                    raise NoDigitsError("no positive correlation")
                return self._one_factor(self.threshold(self._rate()), (mpmath.sqrt(r), mpmath.sqrt(1 - r)), m)
            case "common_shock":
                alpha, pair = self._rate(), self._pair()
                base = (alpha - pair) / (1 - alpha)
                shock = (alpha - base) / (1 - base)
                return shock + (1 - shock) * self._power(base, Fraction(m))
            case "clayton":
                alpha, pair = self.real(self._rate()), self.real(self._pair())
                theta = mpmath.findroot(
                    lambda t: mpmath.log(2 * alpha ** (-t) - 1) / -t - mpmath.log(pair), (1e-6, 1e3), solver="anderson"
                )
                return self._clayton(alpha, theta, m)
        raise NoDigitsError(name)

    def _quantity(self, node: Name, arguments: list[Real]) -> Real:
        law = self._laws[node.law]
        if law != self._driver and node.name != "all_wrong":
            raise NoDigitsError(f"{node.name} of a matched law")
        m = self._size(arguments)
        if node.name.startswith("ratio_"):
            return quotient(self._all_wrong(law, m), self._predicted(node.name.removeprefix("ratio_"), m), self)
        simple: Mapping[str, Callable[[], Real]] = {
            "all_wrong": lambda: self._all_wrong(law, m),
            "error_rate": self._rate,
            "pair": self._pair,
            "pearson": self._pearson,
            "tetrachoric": lambda: self._factor()[0] ** 2,
            "single_best": lambda: 1 - self._rate(),
            "oracle_gain": lambda: self.operation(
                "-", [self._interval(x) for x in (self._rate(), self._all_wrong(law, m))]
            ),
            "foreclosed": lambda: quotient(self._all_wrong(law, m), self._rate(), self),
            "frechet_lower": lambda: self._frechet(m)[0],
            "frechet_upper": lambda: self._frechet(m)[1],
            "mean_score": lambda: formula(
                "mean_score_accuracy", [self._rate(), self._factor()[0] ** 2, Fraction(m)], self
            ),
        }
        if node.name in simple:
            return simple[node.name]()
        if node.name == "majority" and law == "one_factor_gaussian":
            return formula("majority_accuracy", [self._rate(), self._case["correlation"], Fraction(m)], self)
        return self._predicted(node.name, m)

    def _frechet(self, m: int) -> tuple[Real, Real]:
        """Dawson and Sankoff (theory P3.vi)."""
        single, both = 1 - self._rate(), 1 - 2 * self._rate() + self._pair()
        s1, s2 = m * single, both * m * (m - 1) / 2
        k = max(1, min(m - 1, 1 + int(2 * s2 / s1)))
        lower = 1 - s1 + 2 * s2 / m
        return (lower if lower > 0 else Fraction(0)), 1 - 2 * s1 / (k + 1) + 2 * s2 / (k * (k + 1))


def ends(interval: Any) -> tuple[Any, Any]:
    """Both ends of an interval of mpmath."""
    low, high = interval._mpi_
    return mpmath.mp.make_mpf(low), mpmath.mp.make_mpf(high)
