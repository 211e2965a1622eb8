"""Laws that share error rate and pairs with another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cofail_lab.errors import InputError
from cofail_lab.language import calibration
from cofail_lab.language.closed_forms import CLOSED_FORMS, EPS, Logs
from cofail_lab.language.pools import AbstractPool, ClosedPool
from cofail_lab.numerics.root import bracketed_roots

PARAMETERS = {
    "independent": ("error_rate",),
    "common_shock": ("shock", "base_error_rate"),
    "clayton": ("error_rate", "theta"),
    "one_factor_gaussian": ("error_rate", "correlation"),
    "beta_mixing": ("a", "b"),
}
"""Parameters of the laws with a closed form, of models that are alike."""

FREE = {
    "common_shock": ("shock",),
    "clayton": ("theta",),
    "one_factor_gaussian": ("correlation",),
    "beta_mixing": ("a",),
}
"""What an error rate leaves free; the other parameters follow from it."""


class _MatchedPool(ClosedPool):
    """A law whose parameters come from a match, each with an error of its own."""

    def __init__(self, name: str, parameters: Mapping[str, np.ndarray], errors: Mapping[str, np.ndarray]) -> None:
        super().__init__(name, parameters)
        self._errors = errors

    def _log_all_wrong(self, counts: np.ndarray) -> Logs:
        value, error = super()._log_all_wrong(counts)
        kept = self.parameters
        for name, off in self._errors.items():
            # A step that shows the slope: much larger than the error, much smaller than the parameter.
            step = np.maximum(1e-6 * np.abs(kept[name][:, 0]), off)[:, None]
            ends = []
            for side in (1, -1):
                self.parameters = {**kept, name: kept[name] + side * step}
                ends.append(self._form.log_all_wrong(self.parameters, counts)[0])
            self.parameters = kept
            error = error + 1.1 * np.abs(ends[0] - ends[1]) / (2 * step[:, 0]) * off
        return value, error


def matched(
    name: str, driver: AbstractPool, match: Sequence[str], points: Mapping[str, np.ndarray], n: int
) -> AbstractPool:
    """A law with the driver's error rate, and its pairs if they are matched; other parameters are those of the box."""
    if name not in CLOSED_FORMS:
        raise InputError(f"claim.match: {name} has no closed form to match; there are {', '.join(CLOSED_FORMS)}")
    if not driver.alike:
        raise InputError("claim.match: pools of unlike models; laws are matched where all models are alike")
    two = np.full(n, 2.0)
    alpha = driver.rates[:, 0]
    known = calibration.correlations(driver, two)
    pair, pair_error = known.pair, known.pair_error
    if "pair" not in match:
        return _of_rate(name, alpha, {key: points[key] for key in FREE.get(name, ())})
    with np.errstate(divide="ignore", invalid="ignore"):
        match name:
            case "independent":
                return ClosedPool(name, {"error_rate": alpha})
            case "common_shock":
                base = (alpha - pair) / (1 - alpha)
                shock = (pair - alpha**2) / (1 - 2 * alpha + pair)
                off = pair_error + 4 * EPS * alpha
                errors = {"base_error_rate": off / (1 - alpha), "shock": 2 * off / (1 - 2 * alpha + pair)}
                inside = (base > 0) & (shock >= 0) & (shock < 1)
                return _MatchedPool(name, _nan_outside({"shock": shock, "base_error_rate": base}, inside), errors)
            case "beta_mixing":
                total = (alpha - pair) / (pair - alpha**2)
                off = total * (pair_error + 4 * EPS * alpha) * (1 / (alpha - pair) + 1 / (pair - alpha**2))
                parameters = _nan_outside({"a": alpha * total, "b": (1 - alpha) * total}, total > 0)
                return _MatchedPool(name, parameters, {"a": alpha * off, "b": (1 - alpha) * off})
            case "one_factor_gaussian":
                r = np.where(known.tetrachoric >= 0, known.tetrachoric, np.nan)
                return _MatchedPool(
                    name, {"error_rate": alpha, "correlation": r}, {"correlation": known.tetrachoric_error}
                )
    theta, error = _clayton_theta(alpha, pair, pair_error)
    return _MatchedPool(name, {"error_rate": alpha, "theta": theta}, {"theta": error})


def _of_rate(name: str, alpha: np.ndarray, free: dict[str, np.ndarray]) -> AbstractPool:
    """A law with an error rate; nan where its free parameter leaves no room for it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        match name:
            case "common_shock":
                base = (alpha - free["shock"]) / (1 - free["shock"])
                error = 4 * EPS * alpha / (1 - free["shock"])
                parameters = _nan_outside({**free, "base_error_rate": base}, base > 0)
                return _MatchedPool(name, parameters, {"base_error_rate": error})
            case "beta_mixing":
                b = free["a"] * (1 - alpha) / alpha
                return _MatchedPool(name, _nan_outside({**free, "b": b}, b > 0), {"b": 8 * EPS * b / alpha})
    return ClosedPool(name, {"error_rate": alpha, **free})


def _nan_outside(parameters: Mapping[str, np.ndarray], inside: np.ndarray) -> dict[str, np.ndarray]:
    return {name: np.where(inside, x, np.nan) for name, x in parameters.items()}


def _clayton_theta(alpha: np.ndarray, pair: np.ndarray, pair_error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """θ with (2α^{-θ} - 1)^{-1/θ} = p, by its logarithm, and its error; nan where there is none in [1e-6, 1e3]."""
    form, two = CLOSED_FORMS["clayton"], np.full((len(alpha), 1), 2.0)

    def log_pair(log_theta: np.ndarray, which: np.ndarray) -> np.ndarray:
        parameters = {"error_rate": alpha[which][:, None], "theta": np.exp(log_theta)[:, None]}
        return form.log_all_wrong(parameters, two[which])[0] - np.log(pair[which])

    low, high, everyone = np.full(len(alpha), np.log(1e-6)), np.full(len(alpha), np.log(1e3)), np.arange(len(alpha))
    at_low = log_pair(low, everyone)
    inside = np.flatnonzero((at_low < 0) & (log_pair(high, everyone) > 0))
    theta, error = np.full(len(alpha), np.nan), np.full(len(alpha), np.nan)
    if inside.size:

        def excess(x: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            chosen = inside[which]
            return log_pair(x, chosen), (log_pair(x + 1e-5, chosen) - log_pair(x - 1e-5, chosen)) / 2e-5

        found = bracketed_roots(excess, low[inside], high[inside], at_low[inside], 0 * low[inside])
        slope = np.abs(excess(found, np.arange(inside.size))[1])
        theta[inside] = np.exp(found)
        relative = pair_error[inside] / pair[inside] + 8 * EPS * (1 + np.abs(np.log(pair[inside])) + theta[inside])
        error[inside] = theta[inside] * (relative / slope + 2e-14)
    return theta, error
