"""The search for a scale, a shape and an atom, on likelihoods whose maximum and limits are known."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting.estimators import shaped_factor
from cofail_lab.fitting.estimators.shaped_factor import Shape, ShapedFit, fit, fit_shape, minres_pattern

HISTOGRAM = np.array([300, 120, 80, 0])
RATES = np.array([0.2, 0.4, 0.5])
LOW, HIGH = -3.0, 3.0


def softmax(*logits: float) -> np.ndarray:
    return np.array(logits) - np.logaddexp.reduce(logits)


class Law(SimpleNamespace):
    """A law of C whose first three probabilities are as 1 to the slope to e^shape; the fourth is e^-9 or the atom."""

    rates: np.ndarray
    loadings: np.ndarray
    place: float
    shock: float = 0.0

    def log_probs(self) -> np.ndarray:
        slope = self.loadings / np.sqrt(1 - self.loadings**2)
        base = softmax(0.0, float(np.log(slope[0])), self.place, -9.0)
        return np.logaddexp(np.log1p(-self.shock) + base, np.log([1e-300, 1e-300, 1e-300, self.shock + 1e-300]))


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shaped_factor, "count_law", lambda law: SimpleNamespace(log_probs=law.log_probs()))
    monkeypatch.setattr(shaped_factor, "AtomInflated", lambda shock, law: Law(**{**vars(law), "shock": shock}))


SHAPE = Shape(
    "shape", lambda rates, loadings, place: Law(rates=rates, loadings=loadings, place=place), LOW, HIGH, (0.0, 1.0)
)  # type: ignore[arg-type,return-value]


def pool(histogram: np.ndarray = HISTOGRAM) -> Any:
    return SimpleNamespace(
        histogram=histogram,
        n_all_wrong=int(histogram[-1]),
        n_queries=int(histogram.sum()),
        n_models=3,
        error_rates=RATES,
        tetrachoric=np.full((3, 3), 0.5),
    )


def test_the_maximum_is_found_from_any_start() -> None:
    """Shares of 120 and 80 to 300: the slope is .4 and e^shape .2667; e^-9 is too rare to matter."""
    for starts in ((0.0, 1.0), (HIGH,), (LOW,)):
        found = fit(pool(), Shape("shape", SHAPE.law, LOW, HIGH, starts))
        assert found.shape == pytest.approx(np.log(80 / 300), abs=1e-3)
        np.testing.assert_allclose(found.loadings, np.full(3, 0.4 / np.hypot(1, 0.4)), rtol=1e-3)
        assert found.log_likelihood == pytest.approx([300, 120, 80] @ np.log([0.6, 0.24, 0.16]), abs=0.1)
        assert (found.shock, found.shape_interval, found.shock_interval) == (0.0, None, None)
        np.testing.assert_array_equal(vars(found.law)["rates"], RATES)


def test_slopes_are_a_pattern_times_a_scale() -> None:
    found = fit(pool(), SHAPE, pattern=np.array([1.0, -2.0, 0.5]))
    slopes = found.loadings / np.sqrt(1 - found.loadings**2)
    np.testing.assert_allclose(slopes, 0.4 * np.array([1.0, -2.0, 0.5]), rtol=1e-3)


def test_the_likeliest_start_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shaped_factor, "_MAX_STEPS", 0)
    for starts, best in (((2.0, -1.0, 0.5), -1.0), ((-2.5, -1.5), -1.5)):
        found = fit(pool(), Shape("shape", SHAPE.law, LOW, HIGH, starts))
        assert found.shape == best
        np.testing.assert_allclose(found.loadings, np.full(3, np.sqrt(0.5)))  # √(.5/.5) = 1 on the scale of slopes


def test_what_is_held_stays() -> None:
    """Beside e^shape = 1 the likeliest slope s has s/(s + 2) = 120/500; beside an atom of .1 rates are (α - .1)/.9."""
    held = fit(pool(), SHAPE, held_shape=0.0)
    slope = held.loadings[0] / np.sqrt(1 - held.loadings[0] ** 2)
    assert held.shape == 0.0 and slope == pytest.approx(2 * 120 / 380, rel=1e-3)
    beside = fit(pool(), SHAPE, atom=True, held_shock=0.1)
    assert beside.shock == pytest.approx(0.1) and vars(beside.law)["shock"] == pytest.approx(0.1)
    np.testing.assert_allclose(vars(beside.law)["rates"], (RATES - 0.1) / 0.9)


def profile_limits(deviance: Callable[[float], float], best: float, low: float, high: float) -> list[float]:
    excess: Any = lambda x: deviance(x) - chi2.ppf(0.95, 1)  # noqa: E731
    return [float(brentq(excess, *sorted((best, end)))) if excess(end) > 0 else end for end in (low, high)]


def test_limits_of_a_shape_are_of_its_profile() -> None:
    """With e^shape held the others keep their proportions: a binomial share of 80 in 500."""

    def deviance(shape: float) -> float:
        # The likeliest slope s beside e^shape = a: s / (1 + a) = 120 / 380.
        a = np.exp(shape)
        s = 120 / 380 * (1 + a)
        return -2 * float([300, 120, 80] @ (np.log(np.array([1, s, a]) / (1 + s + a)) - np.log([0.6, 0.24, 0.16])))

    found = fit(pool(), SHAPE, intervals=True)
    expected = profile_limits(deviance, np.log(80 / 300), LOW, HIGH)
    assert found.shape_interval == pytest.approx(expected, abs=0.02) and found.shock_interval is None
    narrow = fit(pool(), Shape("shape", SHAPE.law, -1.4, -1.2, (-1.3,)), intervals=True)
    assert narrow.shape_interval == (-1.4, -1.2)


def test_an_atom_is_at_most_the_rate_of_the_best_model() -> None:
    """Forty of 540 queries are all wrong, and the base gives next to none: ω is their share, .074 of at most .2."""
    counts = np.array([300, 120, 80, 40])
    found = fit(pool(counts), SHAPE, atom=True, intervals=True)
    assert found.shock == pytest.approx(40 / 540, rel=0.01) and found.shape == pytest.approx(np.log(80 / 300), abs=0.01)
    np.testing.assert_allclose(vars(found.law)["rates"], (RATES - found.shock) / (1 - found.shock))
    best = 40 / 540

    def deviance(shock: float) -> float:
        return -2 * float(40 * np.log(shock / best) + 500 * np.log((1 - shock) / (1 - best)))

    low, high = profile_limits(deviance, best, 1e-6, 0.19)
    assert found.shock_interval is not None and found.shape_interval is None
    top = float(clopper_pearson(40, 540, 0.05)[1])
    assert found.shock_interval == pytest.approx((low, min(high, top)), abs=1e-3)
    many = fit(pool(np.array([300, 120, 80, 200])), SHAPE, atom=True)
    assert many.shock == pytest.approx(0.99 * 0.2)  # of .286, to 99% of the best model's rate
    none = fit(pool(np.array([300, 120, 80, 0])), SHAPE, atom=True, intervals=True)
    assert none.shock == 0 and none.shock_interval == (0.0, float(clopper_pearson(0, 500, 0.05)[1]))


def test_an_atom_that_is_no_likelier_is_left_out() -> None:
    """The base alone gives e^-9 of 1 + .4 + .2667: one all-wrong query in 13,500 is what it expects."""
    found = fit(pool(np.array([9000, 3600, 2400, 1])), SHAPE, atom=True)
    assert found.shock < 1e-4
    assert found.log_likelihood >= fit(pool(np.array([9000, 3600, 2400, 1])), SHAPE).log_likelihood - 1e-9


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("atom", [False, True])
def test_what_is_reported(monkeypatch: pytest.MonkeyPatch, own: bool, atom: bool) -> None:
    """Limits beside a pattern are none; a shape at an end of its range is said to be, 0 is not."""
    seen: list[Any] = []
    best = ShapedFit("law", np.array([0.6, 0.3, 0.9]), 3.0, 0.07, -5.0, (0.5, 3.0), (0.01, 0.1))  # type: ignore[arg-type]

    def made(*given: Any, **more: Any) -> ShapedFit:
        seen.append((given, more))
        return best

    monkeypatch.setattr(shaped_factor, "fit", made)
    monkeypatch.setattr(shaped_factor, "minres_pattern", lambda _: "pattern")
    said = fit_shape(pool(), True, SHAPE, atom=atom, own_loadings=own)
    pattern = "pattern" if own else None
    assert seen[0][1] == {"pattern": pattern, "atom": atom, "intervals": not own} and seen[0][0][1] is SHAPE
    loading = {"loading_mean": 0.6, "loading_lowest": 0.3, "loading_highest": 0.9} if own else {"loading": 0.6}
    assert said.parameters == pytest.approx({"shape": 3.0, **loading} | ({"shock": 0.07} if atom else {}))
    assert said.intervals == {"shape": (0.5, 3.0)} | ({"shock": (0.01, 0.1)} if atom else {})
    assert said.notes == ("the likeliest shape is at the end of its range, 3",) and said.law == "law"
    for shape, low, noted in ((-3.0, LOW, True), (2.999, LOW, False), (0.0, 0.0, False)):
        best = best._replace(shape=shape, shape_interval=None, shock_interval=None)
        said = fit_shape(pool(), False, Shape("shape", SHAPE.law, low, HIGH, ()), atom=atom, own_loadings=own)
        assert bool(said.notes) == noted and said.intervals == {} and not seen[-1][1]["intervals"]


def test_a_pattern_is_of_slopes(monkeypatch: pytest.MonkeyPatch) -> None:
    """ℓ/√(1 - ℓ²) of loadings up to .98."""
    monkeypatch.setattr(shaped_factor.minres, "fit", lambda matrix: matrix[0])
    found = minres_pattern(SimpleNamespace(tetrachoric=np.array([[0.6, -0.8, 0.995, -0.99]])))  # type: ignore[arg-type]
    edge = 0.98 / np.sqrt(1 - 0.98**2)
    np.testing.assert_allclose(found, [0.75, -4 / 3, edge, -edge])
