"""Quantities and formulas with many digits against the language's own; the rules of a second look, one by one."""

from fractions import Fraction
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest

from cofail_lab.claims.checking import digit_formulas, digits
from cofail_lab.claims.checking.confirm import Second, _truth
from cofail_lab.claims.checking.digit_formulas import NoDigitsError
from cofail_lab.claims.checking.digits import Digits, ends
from cofail_lab.language import parse
from cofail_lab.language.evaluate import Evaluator
from cofail_lab.language.pools import ClosedPool
from cofail_lab.language.tree import Node

CASES = {
    "independent": {"error_rate": 0.3, "m": 5.0},
    "common_shock": {"shock": 0.05, "base_error_rate": 0.3, "m": 5.0},
    "beta_mixing": {"a": 2.0, "b": 3.0, "m": 5.0},
    "clayton": {"error_rate": 0.4, "theta": 2.0, "m": 5.0},
}
PLAIN = ("all_wrong", "error_rate", "pair", "pearson", "single_best", "oracle_gain", "foreclosed", "independent")
SOME = ("tetrachoric", "one_factor", "one_factor_pearson", "clayton", "frechet_lower", "frechet_upper", "mean_score(3)")


def digits_of(law: str, **case: float) -> Digits:
    return Digits({**CASES[law], **case}, {"": law}, law)


def number(text: str) -> Node:
    return parse(f"{text} > 0", "s").parts[0]  # type: ignore[union-attr]


def middle(value: object) -> float:
    return float(value) if isinstance(value, Fraction) else float(sum(ends(value)) / 2)


def own(law: str, text: str) -> float:
    case = {name: np.array([x]) for name, x in CASES[law].items()}
    pool = ClosedPool(law, {name: x for name, x in case.items() if name != "m"})
    with np.errstate(all="ignore"):
        return float(Evaluator(case, {"": pool}, None).number(number(text)).middle()[0])


@pytest.mark.parametrize("law", CASES)
def test_quantities_are_those_of_the_language(law: str) -> None:
    for text in PLAIN if law != "common_shock" else (*PLAIN, *SOME, "ratio_independent", "ratio_one_factor(4)"):
        with mpmath.workdps(40):
            mpmath.iv.dps = 40
            found = middle(digits_of(law).number(number(text)))
        assert found == pytest.approx(own(law, text), rel=1e-9, abs=1e-12), text


def test_rationals_stay_rationals() -> None:
    found = digits_of("common_shock")
    assert found.number(number("all_wrong(3)")) == Fraction(1, 20) + Fraction(19, 20) * Fraction(27, 1000)
    assert found.number(number("pearson")) == Fraction(19, 400) * Fraction(49, 100) / (
        Fraction(335, 1000) * Fraction(665, 1000)
    )
    assert digits_of("beta_mixing").number(number("all_wrong(3)")) == Fraction(2 * 3 * 4, 5 * 6 * 7)
    assert found.exact
    assert not isinstance(digits_of("clayton").number(number("all_wrong")), Fraction)


def test_what_a_law_of_the_case_alone_can_say() -> None:
    two = Digits(CASES["common_shock"], {"": "common_shock", "beta": "beta_mixing"}, "common_shock", ("pair",))
    with pytest.raises(NoDigitsError, match="pair of a matched law"):
        two.number(number("beta.pair"))
    with pytest.raises(NoDigitsError):
        two.number(number("beta.all_wrong(3)"))
    for size in ("all_wrong(m - 5)", "all_wrong(m/2)"):
        with pytest.raises(NoDigitsError, match="no whole number"):
            digits_of("common_shock").number(number(size))
    for quantity in ("tetrachoric", "one_factor_pearson(3)"):
        with pytest.raises(NoDigitsError, match="no positive correlation"):
            digits_of("independent").number(number(quantity))
    assert digits_of("beta_mixing").number(number("all_wrong(3000)")) < Fraction(1, 10**5)
    with pytest.raises(NoDigitsError, match="a product of many terms"):
        digits_of("beta_mixing").number(number("all_wrong(3001)"))


@pytest.mark.parametrize("prediction", ["one_factor", "one_factor_pearson", "common_shock", "clayton"])
def test_a_prediction_of_one_model_is_its_rate(prediction: str) -> None:
    """Whether or not its pairs have what the prediction needs: models that fail independently have not."""
    assert digits_of("independent").number(number(f"{prediction}(1)")) == Fraction(3, 10)
    assert digits_of("independent").number(number(f"ratio_{prediction}(1)")) == 1


def test_a_one_factor_law_by_the_orthants_of_its_medians() -> None:
    """At α = ½ and r = ½: ½, ¼ + asin(r)/2π = 1/3 and 1/8 + 3 asin(r)/4π = ¼."""
    with mpmath.workdps(40):
        mpmath.iv.dps = 40
        for m, expected in ((1, Fraction(1, 2)), (2, Fraction(1, 3)), (3, Fraction(1, 4))):
            found = Digits({"error_rate": 0.5, "correlation": 0.5}, {"": "one_factor_gaussian"}, "one_factor_gaussian")
            value = found.number(number(f"all_wrong({m})"))
            assert middle(value) == pytest.approx(float(expected), rel=1e-15)
            assert found.exact is (m == 1)


def test_operations_on_rationals_and_intervals() -> None:
    x = Digits({"x": 0.7, "y": 3.0}, {}, "")
    for text, expected in (
        ("x + y", Fraction(37, 10)),
        ("x - y", Fraction(-23, 10)),
        ("x*y/2", Fraction(21, 20)),
        ("-x**2", Fraction(-49, 100)),
        ("y**-2", Fraction(1, 9)),
        ("min(x, y, 1)", Fraction(7, 10)),
        ("max(1, x, y)", Fraction(3)),
        ("abs(x - y)", Fraction(23, 10)),
        ("floor(-x)", Fraction(-1)),
    ):
        assert x.number(number(text)) == expected, text
    assert x.exact
    with mpmath.workdps(40):
        mpmath.iv.dps = 40
        for text, expected in (
            ("sqrt(y)", mpmath.sqrt(3)),
            ("y**0.5", mpmath.sqrt(3)),
            ("exp(y)", mpmath.e**3),
            ("log(y)", mpmath.log(3)),
            ("min(sqrt(y), 2)", mpmath.sqrt(3)),
            ("max(sqrt(y), 1)", mpmath.sqrt(3)),
        ):
            low, high = ends(x.number(number(text)))
            assert low <= expected <= high and high - low < mpmath.mpf(10) ** -36, text
        assert x.number(number("floor(exp(y))")) == 20
        with pytest.raises(NoDigitsError, match="edge of a whole one"):
            x.number(number("floor(sqrt(y)*sqrt(y))"))
        with pytest.raises(NoDigitsError, match="beyond all digits"):
            x.number(number("exp(10**16)"))


def test_the_error_of_a_quantity_is_around_it() -> None:
    """One computed to 1e-15 has an interval of at least this, also after its digits cancel."""
    with mpmath.workdps(40):
        mpmath.iv.dps = 40
        found = Digits({"error_rate": 0.3, "correlation": 0.2}, {}, "")
        low, high = ends(found.number(number("majority_accuracy(error_rate, correlation, 3)")))
        assert 1e-15 < (high - low) / high < 1e-13
        assert not found.exact
        bare = digits_of("clayton")
        low, high = ends(bare.number(number("all_wrong")))
        assert 1e-29 < (high - low) / high < 1e-26


def test_an_integral_is_as_certain_as_two_steps_of_it_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """In logs, twice their difference; the finer one is the value. Large pools have the error of another path."""
    steps = {0: mpmath.mpf(-3), 1: mpmath.mpf(-3) + mpmath.mpf("1e-12")}
    monkeypatch.setattr(digits, "log_one_factor", lambda *given: steps[given[-1]])
    with mpmath.workdps(40):
        found = Digits({"error_rate": 0.3, "correlation": 0.2}, {}, "")
        value = found._one_factor(mpmath.mpf(0), (mpmath.mpf(0.6), mpmath.mpf(0.8)), 5)
        assert (found.relative, found.exact) == (2 * mpmath.fabs(steps[1] - steps[0]), False)
        assert value == mpmath.exp(steps[1])
        found._one_factor(mpmath.mpf(0), (mpmath.mpf(0.6), mpmath.mpf(0.8)), 4000)
        assert found.relative == mpmath.mpf(1e-9)


def test_an_argument_that_is_rounded_widens_a_formula() -> None:
    """Φ(Φ⁻¹(.3)/√.25), once of 3/10 and once of the root of 9/100."""
    with mpmath.workdps(40):
        mpmath.iv.dps = 40
        widths = []
        for text in ("error_floor(0.3, 0.25)", "error_floor(sqrt(z), 0.25)"):
            low, high = ends(Digits({"z": 0.09}, {}, "").number(number(text)))
            assert low <= mpmath.ncdf(2 * mpmath.erfinv(2 * mpmath.mpf("0.3") - 1) * mpmath.sqrt(2)) <= high
            widths.append((high - low) / high)
    assert widths[0] < mpmath.mpf("1e-24") and mpmath.mpf("1e-20") < widths[1] < mpmath.mpf("1e-18")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("large_majority_accuracy(0.3, 0.2, 101)", "large_majority_accuracy"),
        ("shadow_price(0.3, 0.2)", "shadow_price"),
        ("strong_calls(0.7, 0.6, 0.8, 0.7)", "strong_calls"),
        ("majority_accuracy(0.3, 0.2, 63)", "a long sum"),
        ("majority_accuracy(0.3, 0, 5)", "a long sum"),
        ("majority_accuracy(0.3, 1, 5)", "a long sum"),
        ("critical_auc(0.5, 1, 0.75, 0.4)", "critical_auc"),
        ("best_size_at_price(12.001, 0, 1)", "a long search"),
    ],
)
def test_what_has_no_way_to_more_digits_says_so(monkeypatch: pytest.MonkeyPatch, text: str, why: str) -> None:
    monkeypatch.setattr(digit_formulas, "_LONGEST_SEARCH", 3)
    with mpmath.workdps(40), pytest.raises(NoDigitsError, match=f"^{why}$"):
        Digits({"z": 1.0}, {}, "").number(number(text))


def test_a_search_may_end_at_its_last_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third member pays, as λ is above 2·3 c, and a fourth does not below 3·4 c."""
    monkeypatch.setattr(digit_formulas, "_LONGEST_SEARCH", 3)
    assert Digits({"z": 1.0}, {}, "").number(number("best_size_at_price(12, 0, 1)")) == 3


def test_formulas_are_those_of_the_language() -> None:
    for text in (
        "variance(5, 0.3)",
        "growth_threshold(0.2, 0.3, 0.01)",
        "mean_score_accuracy(0.3, 0.2, 5)",
        "majority_accuracy(0.3, 0.2, 5)",
        "majority_accuracy(0.3, 0.2, 6)",
        "error_floor(0.3, 0.2)",
        "best_size(0.3, 0.2, 0.004)",
        "best_size_at_price(0.2, 0.3, 0.01)",
    ):
        with mpmath.workdps(40):
            mpmath.iv.dps = 40
            found = middle(Digits({"z": 1.0}, {}, "").number(number(text)))
        values = Evaluator({"z": np.ones(1)}, {}, None).number(number(text))
        assert found == pytest.approx(float(values.middle()[0]), rel=1e-12), text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # One more pays while λ(1-ρ) > c k (k + 1): at 6 = 2 · 3 it does not, just below it does.
        ("best_size_at_price(6, 0, 1)", 2),
        ("best_size_at_price(6.000001, 0, 1)", 3),
        ("best_size_at_price(5.999999, 0, 1)", 2),
        # H alone costs .85/.9 of its price less what L costs: both edges of AUC*'s range, exactly.
        ("critical_auc(0.5, 1, 0.75, 0.5)", Fraction(1)),
        ("critical_auc(0.5, 1, 0.75, 0.25)", Fraction(1, 2)),
        ("critical_auc(0.5, 1, 0.75, 0.75)", Fraction(1)),
        ("critical_auc(0.5, 1, 0.75, 0.1)", Fraction(1, 2)),
    ],
)
def test_edges_of_formulas_in_rationals(text: str, expected: Fraction) -> None:
    assert Digits({"z": 1.0}, {}, "").number(number(text)) == expected


def test_best_size_of_two_that_tie_is_the_smaller() -> None:
    from cofail_lab.claims.checking.digit_formulas import _best_size

    account = SimpleNamespace(threshold=lambda _: mpmath.mpf(0), real=mpmath.mpf, exact=True, relative=0)
    # At α = ½ no member adds anything, and at no cost all sizes tie.
    assert _best_size([0.5, 0.2, 1e-300], account) == 1  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x < 0.7", False),
        ("x <= 0.7", True),
        ("x >= 0.7", True),
        ("x > 0.7", False),
        ("x == 0.7", True),
        ("x == 0.71", None),
        ("sqrt(y)*sqrt(y) > 3", None),
        ("sqrt(y)*sqrt(y) >= 3", None),
        ("sqrt(y) > 1.7", True),
        ("sqrt(y) < 1.7", False),
        ("sqrt(y) <= 1.7", False),
        ("not sqrt(y)*sqrt(y) > 3", None),
        ("not x < 0.7", True),
        ("x < 1 and sqrt(y)*sqrt(y) > 3", None),
        ("x > 1 and sqrt(y)*sqrt(y) > 3", False),
        ("x < 1 or sqrt(y)*sqrt(y) > 3", True),
        ("x > 1 or sqrt(y)*sqrt(y) > 3", None),
        ("x < 1 and y > 2", True),
        ("x > 1 or y < 2", False),
        ("x > 1 implies sqrt(y)*sqrt(y) > 3", True),
        ("x < 1 implies sqrt(y)*sqrt(y) > 3", None),
        ("sqrt(y)*sqrt(y) > 3 implies x < 1", True),
        ("x < 1 implies y < 2", False),
    ],
)
def test_a_second_look_at_statements(text: str, expected: bool | None) -> None:
    with mpmath.workdps(40):
        mpmath.iv.dps = 40
        digits = Digits({"x": 0.7, "y": 3.0}, {}, "")
        tolerance = 0.0 if expected is not None else 0.01
        assert _truth(digits, parse(text, "s"), tolerance) is (True if text == "x == 0.71" else expected)


def test_a_number_is_no_statement() -> None:
    with pytest.raises(NoDigitsError, match="no statement"):
        _truth(Digits({"x": 0.7}, {}, ""), number("x"), None)


def test_what_a_second_look_calls_a_violation() -> None:
    seen = {
        (when, says): Second(when, says, "rationals").violated
        for when in (True, False, None)
        for says in (True, False, None)
    }
    assert [pair for pair, violated in seen.items() if violated] == [(True, False)]


@pytest.mark.parametrize("name", ["common_shock", "clayton", "one_factor_gaussian", "independent"])
def test_a_law_that_is_matched_to_the_pairs(name: str) -> None:
    """Of a common shock: the shock again, to the digit; the others as the language predicts them from its pairs."""
    case = CASES["beta_mixing" if name == "common_shock" else "common_shock"]
    law = "beta_mixing" if name == "common_shock" else "common_shock"
    with mpmath.workdps(40):
        mpmath.iv.dps = 40
        found = middle(
            Digits(case, {"": law, name: name}, law, ("error_rate", "pair")).number(number(f"{name}.all_wrong(4)"))
        )
    if name == "common_shock":
        # E p and E p² of Beta(2, 3): base (α - p)/(1 - α), and the shock that gives the rate.
        alpha, pair = Fraction(2, 5), Fraction(2 * 3, 5 * 6)
        base = (alpha - pair) / (1 - alpha)
        shock = (alpha - base) / (1 - base)
        assert shock + (1 - shock) * base**2 == pair
        assert found == pytest.approx(float(shock + (1 - shock) * base**4), rel=1e-12)
    else:
        text = {"one_factor_gaussian": "one_factor"}.get(name, name)
        assert found == pytest.approx(own("common_shock", f"{text}(4)"), rel=1e-9)
