"""Propositions whose truth is known and that a careless check answers wrongly: edges, equalities, zeros, mistakes."""

from typing import Any

import numpy as np
import pytest

from cofail_lab import models
from cofail_lab.claims.checking import check as checking
from cofail_lab.claims.checking.check import Outcome, check
from cofail_lab.claims.checking.confirm import Second, second_look
from cofail_lab.claims.checking.digit_formulas import NoDigitsError
from cofail_lab.claims.checking.digits import Digits
from cofail_lab.claims.checking.minimise import stacked
from cofail_lab.claims.checking.proposition import Proposition, read
from cofail_lab.errors import InputError
from cofail_lab.language.tree import Name

SHOCK, CLAYTON = models.CommonShock(0.05, [0.3] * 5), models.Clayton([0.4] * 5, 2.0)
INDEPENDENT = models.Independent([0.3] * 5)
SQUARE = {"x": [0, 1], "y": [0, 1]}


def proposed(says: str, law: models.AbstractErrorLaw | None = None, **more: Any) -> Proposition:
    return read({"when": None, "over": None, "match": None, "tolerance": None, **more, "says": says}, law)


def checked(says: str, law: models.AbstractErrorLaw | None = None, **more: Any) -> Outcome:
    return check(proposed(says, law, **more), 64, 0)


def test_a_decimal_on_the_edge_of_the_hypothesis_is_inside() -> None:
    """0.1 and 0.3 are no floats; as written they are equal to themselves."""
    assert checked("x < 0.3", when="x <= 0.3", over={"x": [0.1, 0.2, 0.3]}).answer == "refuted"
    # Where floats leave it open, rationals say so.
    assert checked("x < 0.3", when="x/3 <= 0.1", over={"x": [0.1, 0.2, 0.3]}).answer == "refuted"
    assert checked("y < 0.5", when="x >= 0.1", over={"x": 0.1, "y": [0, 1]}).answer == "refuted"
    assert checked("x >= 0.1 and y <= 0.7", over={"x": [0.1, 1], "y": [0, 0.7]}).answer == "survived"
    assert checked("x + y <= 1", over={"x": [0.1, 0.2, 0.3], "y": [0.5, 0.6, 0.7]}).answer == "survived"
    assert checked("x + y < 1", over={"x": [0.1, 0.2, 0.3], "y": [0.5, 0.6, 0.7]}).answer == "refuted"


def test_a_hypothesis_that_holds_only_in_a_corner_is_found() -> None:
    found = checked("y < 0.5", when="abs(x - 0.71234) < 0.000001", over=SQUARE)
    assert not found.judged.when.true.any()
    assert found.answer == "refuted"
    assert checked("y < 2", when="abs(x - 0.71234) < 0.000001", over=SQUARE).answer == "survived"


def test_a_hypothesis_inside_its_error_is_not_called_empty() -> None:
    outcome = checked("all_wrong(m) < pair", INDEPENDENT, when="tetrachoric >= 0", over={"error_rate": 0.3, "m": 5})
    assert (outcome.answer, outcome.controls.emptiness) == ("undecided", "hypothesis_undecided")


@pytest.mark.parametrize("symbol", ["<=", ">="])
@pytest.mark.parametrize(
    ("left", "right", "over"),
    [
        ("sqrt(x)*sqrt(x)", "x", {"x": [2, 3, 5, 7]}),
        ("exp(log(x))", "x", {"x": 3}),
        ("log(x*y) - log(x) - log(y)", "0", {"x": 1.7, "y": 2.3}),
        ("(x**0.5)**2 - x", "0", {"x": 2}),
    ],
)
def test_an_equality_is_never_refuted_by_its_rounding(left: str, right: str, over: dict, symbol: str) -> None:
    assert checked(f"{left} {symbol} {right}", over=over).answer == "undecided"


@pytest.mark.parametrize("says", ["all_wrong(2) - one_factor(2) >= 0", "one_factor(2) - all_wrong(2) >= 0"])
def test_digits_that_cancel_decide_nothing(says: str) -> None:
    point = {"shock": 0.05, "base_error_rate": 0.3}
    assert second_look(proposed(says, SHOCK), point).says is None
    assert second_look(proposed("all_wrong(3) - one_factor(3) > 0", SHOCK), point).says is True


def test_a_probability_that_underflows_is_not_zero() -> None:
    tiny = {"error_rate": np.array([0.01, 0.3]), "m": np.array([200.0, 5.0])}
    judged = proposed("count(m, m) > 0", INDEPENDENT, over={"error_rate": [0.01, 0.3], "m": [5, 200]}).judged(tiny)
    assert not judged.says.false.any() and judged.says.true.tolist() == [False, True]
    over = {"error_rate": [0.5, 0.99], "m": [1001, 2001]}
    assert checked("majority(m) > 0", INDEPENDENT, over=over).answer == "undecided"


@pytest.mark.parametrize("second", [None, True])
def test_violations_that_nothing_confirms_are_undecided(monkeypatch: pytest.MonkeyPatch, second: bool | None) -> None:
    monkeypatch.setattr(checking, "second_look", lambda *_: Second(True, second, "many digits", 40))
    outcome = checked("all_wrong(m) > pair", SHOCK)
    assert outcome.judged.violated.sum() > 8 and outcome.n_searched
    assert outcome.answer == "undecided" and outcome.n_undecided > 8


def test_laws_that_share_an_error_rate_alone_share_it_and_keep_their_own_dependence() -> None:
    over = {"shock": [0.01, 0.05], "base_error_rate": [0.3, 0.5], "theta": [5, 10], "m": [3, 20]}
    strong = proposed("clayton.all_wrong(m) < shock.all_wrong(m)", SHOCK, match=["error_rate"], over=over)
    case = {"shock": 0.01, "base_error_rate": 0.3, "theta": 10.0, "m": 5.0}
    assert strong.judged(stacked([case])).violated.all()  # type: ignore[list-item]
    # Digits know Clayton's law by its pair only: they must not answer for another one.
    digits = Digits(case, strong.laws.alias, strong.laws.driver, strong.laws.match)
    with pytest.raises(NoDigitsError, match="parameters of its own"):
        digits.number(Name("clayton", "all_wrong", ()))
    over = {"theta": [1, 2], "error_rate": [0.3, 0.5], "shock": [0.01, 0.05], "a": [1, 2], "m": [3, 9]}
    same = "abs(shock.error_rate - clayton.error_rate) < 1e-9 and abs(beta.error_rate - clayton.error_rate) < 1e-9"
    assert checked(same, CLAYTON, match=["error_rate"], over=over).answer == "survived"


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"error_rate": [0.5, 1.5]}, r"claim\.over\.error_rate: 1\.5; numbers from 0 to 1 are accepted"),
        ({"theta": [-1, 2]}, r"claim\.over\.theta: -1; numbers >= 0 are accepted"),
        ({"error_rates": {"low": -0.1, "high": 0.5}, "m": 3}, r"claim\.over\.error_rates: -0\.1"),
        ({"m": [3, float("nan")]}, r"claim\.over\.m: nan is not a number"),
        ({"m": []}, r"claim\.over\.m: \[\] is not a number"),
        ({"thetta": [1, 2]}, r"claim\.over\.thetta: no law .* did you mean theta\?"),
        ({"shock": [0.1, 0.2]}, r"claim\.over\.shock: no law of the proposition has it"),
    ],
)
def test_a_box_of_no_law_is_refused(over: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        proposed("all_wrong(m) <= 1", CLAYTON, over=over)


def test_a_number_may_end_in_s() -> None:
    assert checked("loss >= 0", over={"loss": [0, 1]}).answer == "survived"


def test_numbers_that_do_not_exist_are_neither_true_nor_false() -> None:
    for says in ("1/x > 0", "log(x) < 1", "sqrt(x - 0.5) >= 0", "0**x == 0 or x == 0"):
        outcome = checked(says, over={"x": [0, 1]}, tolerance=0.0)
        assert outcome.answer == "survived", says
        assert outcome.not_defined == pytest.approx(np.mean(~outcome.judged.says.defined))


@pytest.mark.parametrize(
    ("says", "over", "answer"),
    [
        ("0 <= x <= y <= 1", SQUARE, "refuted"),
        ("(x + y)/2 >= sqrt(x*y)", SQUARE, "survived"),
        ("(x - y)**2 > 0 or x == y", SQUARE, "survived"),
        ("x*y < 0.9999999", SQUARE, "refuted"),
        ("(x - 0.31)**2 + (y - 0.77)**2 > 1e-9", SQUARE, "refuted"),
        ("x < y implies x**2 < y**2", SQUARE, "survived"),
        ("x < y implies x**2 < y**2", {"x": [-1, 1], "y": [-1, 1]}, "refuted"),
        ("floor(m/2)*2 < m", {"m": [1, 99]}, "refuted"),
        ("floor(m/3)*3 <= m < floor(m/3)*3 + 3", {"m": [1, 99]}, "survived"),
        ("m*m - m + 41 < 10**9", {"m": [1, 31623]}, "survived"),
        ("m*m - m + 41 < 10**9", {"m": [1, 31624]}, "refuted"),
        ("min(x, y)*max(x, y) <= x*y", SQUARE, "survived"),
        ("exp(x) >= 1 + x", {"x": [0.001, 3]}, "survived"),
        ("exp(x) >= 1 + x + x*x/2 + x**3/6 + x**4/20", {"x": [0.001, 3]}, "refuted"),
    ],
)
def test_known_truths_of_arithmetic(says: str, over: dict, answer: str) -> None:
    assert checked(says, over=over, tolerance=0.0).answer == answer


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ("((((((m**400)**400)**400)**400)**400)**400)**400 < 1", "vacuous"),
        ("0 > 1 and ((((((m**400)**400)**400)**400)**400)**400)**400 < 1", "refuted"),
        ("0 > 1 and exp(exp(exp(exp(m)))) > 1", "refuted"),
    ],
)
def test_powers_that_explode_end_at_once(says: str, answer: str) -> None:
    """In rationals they would fill the memory."""
    assert checked(says, over={"m": [9, 12]}).answer == answer


def test_a_formula_that_is_close_to_its_own_error_is_not_decided_by_it() -> None:
    """Equal in exact numbers: P7.ii's accuracy of an even majority is that of one vote less."""
    equal = "majority_accuracy(error_rate, correlation, 4) > majority_accuracy(error_rate, correlation, 3)"
    outcome = checked(equal, over={"error_rate": [0.2, 0.3], "correlation": [0.2, 0.3]})
    assert outcome.answer == "undecided"
