"""Formulas at points, at intervals and outside their domains; the few that are made here by other paths."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from cofail_lab.errors import InputError
from cofail_lab.language import formulas, values
from cofail_lab.language.formulas import FORMULAS, Formula, evaluate


def product(error: float = 0.0, exact: tuple[float, ...] = ()) -> Formula:
    return Formula(("x", "y"), "", lambda x, y: x * y, error, exact=exact)


def ends(formula: Formula, *arguments: tuple[float, float]) -> tuple[float, float]:
    """Of arguments (middle, half-width)."""
    of = tuple(values.within(np.array([middle]), np.array([half])) for middle, half in arguments)
    low, high = evaluate(formula, of).floats()
    return float(low[0]), float(high[0])


def test_changes_of_several_arguments_add_up() -> None:
    """xy at (1.1 ± .1, 2.2 ± .2): .22 to either side for each, a hundredth wider; alone just its own."""
    assert ends(product(), (1.1, 0.1), (2.2, 0.2)) == pytest.approx((2.42 - 0.4444, 2.42 + 0.4444), rel=1e-9)
    assert ends(product(), (1.1, 0.1), (2.2, 0.0)) == pytest.approx((2.42 - 0.2222, 2.42 + 0.2222), rel=1e-9)
    assert ends(product(), (1.1, 0.0), (2.2, 0.2)) == pytest.approx((2.42 - 0.2222, 2.42 + 0.2222), rel=1e-9)


def test_a_formula_has_an_error_of_its_own() -> None:
    assert ends(product(1e-3), (1.0, 0.0), (-2.0, 0.0)) == pytest.approx((-2.002, -1.998), rel=1e-12)
    assert ends(product(0.0), (1.0, 0.0), (2.0, 0.0)) == (2, 2)
    low, high = ends(product(1e-3), (1.1, 0.1), (2.2, 0.0))
    assert (low, high) == pytest.approx((2.42 - 0.22462, 2.42 + 0.22462), rel=1e-4)
    # Values that stand for a case have none.
    assert ends(product(1e-3, exact=(2.0,)), (1.0, 0.0), (2.0, 0.0)) == (2, 2)
    assert ends(product(1e-3, exact=(3.0,)), (1.0, 0.0), (2.0, 0.0)) != (2, 2)


def test_points_that_do_not_exist_leave_the_others_alone() -> None:
    def inverse(x: float) -> float | None:
        if x < 0:
            raise InputError("x: below 0")
        return None if x == 5 else 1 / x

    found = evaluate(Formula(("x",), "", inverse, 0.0), (values.exactly([-1.0, 0.0, 5.0, np.nan, 4.0]),))
    low, high = found.floats()
    assert np.isnan(low[:4]).all() and (low[4], high[4]) == (0.25, 0.25)
    with pytest.raises(TypeError):
        evaluate(Formula(("x",), "", lambda x: x + "", 0.0), (values.exactly([1.0]),))


def test_whole_numbers_arrive_as_such() -> None:
    seen: list[object] = []

    def note(k: object, x: object) -> float:
        seen.extend((k, x))
        return 1.0

    evaluate(Formula(("k", "x"), "", note, 0.0, ("k",)), (values.exactly([3.0, 2.5]), values.exactly([3.0, 4.0])))
    assert [(type(x), x) for x in seen] == [(int, 3), (float, 3.0), (float, 2.5), (float, 4.0)]


@pytest.mark.parametrize("correlation", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("ratio", [1, 2, 3, 6, 11, 12, 13, 30, 41.9, 42, 42.1, 999])
def test_the_best_size_at_a_price_by_trying_all(correlation: float, ratio: float) -> None:
    """The smallest k with the least λV(k) + ck, in rationals: ties where k(k + 1) c = λ(1 - ρ)."""
    price, cost = ratio / 64 / (1 - correlation), 1 / 64
    lost = [
        Fraction(price) * (1 - Fraction(correlation)) / k + Fraction(cost) * k + Fraction(price) * Fraction(correlation)
        for k in range(1, 80)
    ]
    assert formulas._best_at_price(price, correlation, cost) == 1 + lost.index(min(lost))
    assert formulas._best_at_price(-1.0, correlation, cost) == 1


def quality(threshold: np.ndarray, auc: float, cheap: float, strong: float) -> tuple[np.ndarray, np.ndarray]:
    """Share escalated and accuracy, where wrong answers score N(0, 1), right ones N(d, 1), and low ones escalate."""
    d = np.sqrt(2) * ndtri(auc)
    right, wrong = cheap * ndtr(threshold - d), (1 - cheap) * ndtr(threshold)
    return right + wrong, cheap - right + strong * (right + wrong)


@pytest.mark.parametrize(("auc", "cheap", "strong"), [(0.75, 0.6, 0.85), (0.9, 0.7, 0.75), (0.6, 0.5, 0.95)])
def test_the_least_share_that_reaches_a_floor(auc: float, cheap: float, strong: float) -> None:
    """On a grid of thresholds: the first that reaches it."""
    grid = np.linspace(-8, 8, 400_001)
    share, accuracy = quality(grid, auc, cheap, strong)
    for floor in (cheap + 0.01, (cheap + strong) / 2, strong):
        found = formulas._strong_calls(auc, cheap, strong, floor)
        assert found == pytest.approx(share[np.flatnonzero(accuracy >= floor)[0]], abs=1e-4)
    at = formulas._tail_accuracy(auc, 0.3, cheap)
    t = grid[np.searchsorted(share, 0.3)]
    assert at == pytest.approx(cheap * ndtr(t - np.sqrt(2) * ndtri(auc)) / 0.3, abs=1e-4)
    assert formulas._tail_accuracy(auc, 1.0, cheap) == pytest.approx(cheap)


@pytest.mark.parametrize(("cheap", "strong"), [(0.05, 0.1), (0.15, 0.2), (0.2, 0.6), (0.3, 0.85), (0.3, 0.65)])
def test_a_floor_that_rounding_puts_out_of_reach_needs_every_call(cheap: float, strong: float) -> None:
    """That of H alone, with scores that say little: short of all queries by less than floats can tell."""
    for auc in (0.5, 0.5127948717948718, 0.5127948717948718 + 1e-4):
        assert formulas._strong_calls(auc, cheap, strong, strong) == pytest.approx(1.0, abs=1e-12)


def test_ends_of_a_cascade() -> None:
    # Perfect scores: (floor - cheap)/strong of the queries, all wrong ones at most.
    assert formulas._strong_calls(1.0, 0.6, 0.8, 0.7) == pytest.approx(0.1 / 0.8)
    assert formulas._strong_calls(1.0, 0.6, 0.8, 0.8) == pytest.approx(0.2 / 0.8)
    # More than all wrong ones there are not: the cascade with H right on .7 of .3 reaches .91.
    assert formulas._strong_calls(1.0, 0.7, 0.72, 0.72) == pytest.approx(0.02 / 0.72)
    # Scores that say nothing: at the floor of H itself everything is escalated.
    assert formulas._strong_calls(0.5, 0.6, 0.8, 0.7) == pytest.approx(0.5)
    assert formulas._strong_calls(0.5, 0.6, 0.8, 0.8) == pytest.approx(1.0)
    assert formulas._strong_calls(0.49, 0.6, 0.8, 0.7) is None and formulas._strong_calls(1.01, 0.6, 0.8, 0.7) is None
    for fraction in (0.0, -0.1, 1.01):
        assert formulas._tail_accuracy(0.7, fraction, 0.6) is None


@pytest.mark.parametrize(
    ("value", "regime", "found"),
    [
        (0.5, "between", np.nextafter(0.5, 1)),
        (1.0, "between", np.nextafter(1, 0)),
        (0.7, "between", 0.7),
        (None, "always", 0.5),
        (None, "never", 1.0),
        (None, "other", None),
    ],
)
def test_a_critical_auc_is_at_an_end_only_where_that_is_a_case_of_its_own(
    monkeypatch: pytest.MonkeyPatch, value: float | None, regime: str, found: float | None
) -> None:
    monkeypatch.setattr(formulas.decisions, "critical_auc", lambda *_: SimpleNamespace(value=value, regime=regime))
    assert formulas._critical_auc(0.6, 0.85, 0.8, 0.3) == found


def test_the_critical_auc_by_trying() -> None:
    """At AUC* the least share escalated is q/a_H - c_L/c_H, what H alone would answer less the cheap call."""
    cheap, strong, floor, ratio = 0.6, 0.85, 0.8, 0.3
    found = formulas._critical_auc(cheap, strong, floor, ratio)
    assert found is not None and 0.5 < found < 1
    assert formulas._strong_calls(found, cheap, strong, floor) == pytest.approx(floor / strong - ratio, abs=1e-6)
    # Free cheap calls need no score; cheap calls as dear as what they save are never worth it.
    assert formulas._critical_auc(cheap, strong, floor, 0.0) == 0.5
    assert formulas._critical_auc(cheap, strong, floor, 1.0) == 1.0
    # Those two are cases of their own, without an error; what is computed has one.
    deal = ((cheap, 0), (strong, 0), (floor, 0))
    assert ends(FORMULAS["critical_auc"], *deal, (0.0, 0)) == (0.5, 0.5)
    assert ends(FORMULAS["critical_auc"], *deal, (1.0, 0)) == (1.0, 1.0)
    low, high = ends(FORMULAS["critical_auc"], *deal, (ratio, 0))
    assert (low, high) == pytest.approx((found, found), abs=2e-9) and high - low > 1e-9


def test_best_size_is_the_maximum_of_what_it_says() -> None:
    rate, r, cost = 0.3, 0.2, 0.004
    variance = [r + (1 - r) / k for k in range(1, 60)]
    value = ndtr(-ndtri(rate) / np.sqrt(variance)) - cost * np.arange(1, 60)
    assert ends(FORMULAS["best_size"], (rate, 0), (r, 0), (cost, 0))[0] == 1 + value.argmax()
    found = ends(FORMULAS["mean_score_accuracy"], (rate, 0), (r, 0), (5.0, 0))
    assert found == pytest.approx((ndtr(-ndtri(rate) / np.sqrt(variance[4])),) * 2, rel=1e-12)
    large = ends(FORMULAS["large_majority_accuracy"], (rate, 0), (r, 0), (9.0, 0))
    assert large[0] == pytest.approx(ndtr(-ndtri(rate) / np.sqrt(r + np.pi / 2 * (1 - r) / 9)), rel=1e-12)
    floor = ends(FORMULAS["error_floor"], (rate, 0), (r, 0))
    assert floor[1] == pytest.approx(ndtr(ndtri(rate) / np.sqrt(r)), rel=1e-12)


def test_a_tie_of_floats_that_is_none_of_rationals() -> None:
    """.1/.005 is 20 as a float, and a little more as the quotient of these two floats: a fifth member pays."""
    assert 0.1 / 0.005 == 20 and Fraction(0.1) / Fraction(0.005) > 20
    assert formulas._best_at_price(0.1, 0.0, 0.005) == 5
    assert formulas._best_at_price(20.0, 0.0, 1.0) == 4
