"""The adversary: a search over a box of parameters for the case on which a claim does worst.

It starts from a low-discrepancy net over the whole box and follows the best few downhill: along the gradient where the
claim's slack is given as a JAX function, else by the simplex method of Nelder and Mead.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

# Stands for a slack that is not a number (outside the domain of a formula): the search goes elsewhere.
_NOWHERE = 1e300


class Range(NamedTuple):
    """The values a parameter may take.

    Attributes:
        low, high: ends, both included.
        log: spread on a log scale.
        integer: whole numbers only.
        size: None for a number, else the length of a list of such numbers.
    """

    low: float
    high: float
    log: bool = False
    integer: bool = False
    size: int | None = None

    def at(self, share: np.ndarray) -> Any:
        """The value at a position in [0, 1] of each coordinate; plain numbers, fit for a stored case."""
        if self.log:
            values = np.exp(np.log(self.low) + share * (np.log(self.high) - np.log(self.low)))
        else:
            values = self.low + share * (self.high - self.low)
        values = np.clip(values, self.low, self.high)
        plain = [int(value) for value in np.rint(values)] if self.integer else [float(value) for value in values]
        return plain[0] if self.size is None else plain


@dataclass(frozen=True)
class Search:
    """Where and how hard to look.

    Attributes:
        box: a `Range` for every parameter of a case.
        fixed: parameters of every case that are not searched.
        n_starts: points of the net; a power of two.
        n_polished: how many of them are followed downhill.
        n_steps: evaluations of each descent.
        slack: the slack as a JAX function of the parameters by name, all of ``n_starts`` points in one call and its
            gradient on the way down; None uses the check's own measurement.
    """

    box: Mapping[str, Range]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    n_starts: int = 128
    n_polished: int = 3
    n_steps: int = 60
    slack: Callable[..., Any] | None = None

    @property
    def n_evaluations(self) -> int:
        """The largest number of cases that are tried."""
        return self.n_starts + self.n_polished * self.n_steps

    def case(self, share: np.ndarray) -> dict[str, Any]:
        """The case at a position of the unit cube."""
        case, start = dict(self.fixed), 0
        for name, span in self.box.items():
            width = span.size or 1
            case[name] = span.at(np.asarray(share[start : start + width]))
            start += width
        return case

    @property
    def n_coordinates(self) -> int:
        """Dimension of the unit cube."""
        return sum(span.size or 1 for span in self.box.values())

    @cached_property
    def compiled(self) -> tuple[Callable, Callable]:
        """The slack of many positions, and slack and gradient at one; compiled once, for every seed and variant."""
        import jax
        import jax.numpy as jnp

        def slack(share: Any) -> Any:
            values, start = dict(self.fixed), 0
            for name, span in self.box.items():
                width = span.size or 1
                part = share[start : start + width]
                low, high = (np.log(span.low), np.log(span.high)) if span.log else (span.low, span.high)
                part = low + part * (high - low)
                part = jnp.exp(part) if span.log else part
                values[name] = part[0] if span.size is None else part
                start += width
            return self.slack(**values)  # type: ignore[misc]

        return jax.jit(jax.vmap(slack)), jax.jit(jax.value_and_grad(slack))


def worst_cases(search: Search, slack_of: Callable[[dict[str, Any]], float], seed: int) -> list[dict[str, Any]]:
    """The worst cases that the search meets, worst first.

    Args:
        search: where to look.
        slack_of: slack of a case by the check's own measurement; nan or an ArithmeticError count as no violation.
        seed: of the net's scrambling.
    """
    from scipy.optimize import minimize
    from scipy.stats import qmc

    net = qmc.Sobol(search.n_coordinates, rng=np.random.default_rng(seed)).random(search.n_starts)

    # A measurement may take seconds, and ends are compared that were measured on the way.
    measured: dict[bytes, float] = {}

    def slack(share: np.ndarray) -> float:
        inside = np.clip(share, 0, 1)
        if (key := inside.tobytes()) not in measured:
            try:
                value = float(slack_of(search.case(inside)))
            except ArithmeticError:
                value = _NOWHERE
            measured[key] = value if np.isfinite(value) else _NOWHERE
        return measured[key]

    if search.slack is None:
        values = np.array([slack(share) for share in net])
    else:
        values, descend = _differentiable(search)
        values = values(net)
    ends = []
    for index in np.argsort(values)[: search.n_polished]:
        if search.slack is None:
            options = {"maxfev": search.n_steps, "initial_simplex": _simplex(net[index])}
            end = minimize(slack, net[index], method="Nelder-Mead", options=options).x
        else:
            end = descend(net[index])  # pyright: ignore[reportPossiblyUnboundVariable]
        ends.append(np.clip(end, 0, 1))
    ends += [net[index] for index in np.argsort(values)[: search.n_polished]]
    ends.sort(key=slack)
    return [search.case(end) for end in ends]


def _simplex(start: np.ndarray) -> np.ndarray:
    """A first simplex that stays in the cube: a tenth of it along every axis, towards the farther side."""
    steps = np.diag(np.where(start < 0.5, 0.1, -0.1))
    return np.vstack([start, start + steps])


def _differentiable(search: Search) -> tuple[Callable, Callable]:
    """All starts in one call, and a descent along the gradient, for a slack that JAX can differentiate."""
    from scipy.optimize import minimize

    together, gradient = search.compiled

    def descend(start: np.ndarray) -> np.ndarray:
        def along(share: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = gradient(share)
            if not np.isfinite(value) or not np.isfinite(slope).all():
                return _NOWHERE, np.zeros_like(share)
            return float(value), np.asarray(slope, dtype=float)

        bounds = [(0.0, 1.0)] * len(start)
        return minimize(along, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxfun": search.n_steps}).x

    def values(net: np.ndarray) -> np.ndarray:
        found = np.asarray(together(net), dtype=float)
        return np.where(np.isfinite(found), found, _NOWHERE)

    return values, descend


def simplify(case: Mapping[str, Any], names: Mapping[str, Range], violates: Callable[[dict[str, Any]], bool]) -> dict:
    """The same counterexample in the fewest digits: each searched number rounded as far as it still violates."""
    simple = dict(case)
    for name, span in names.items():
        for digits in range(1, 8):
            rounded = _round(simple[name], digits)
            trial = {**simple, name: rounded}
            within = np.all((np.asarray(rounded) >= span.low) & (np.asarray(rounded) <= span.high))
            try:
                if within and violates(trial):
                    simple = trial
                    break
            except ArithmeticError:
                continue
    return simple


def _round(value: Any, digits: int) -> Any:
    if isinstance(value, list):
        return [_round(item, digits) for item in value]
    return value if isinstance(value, int) else float(f"{value:.{digits}g}")
