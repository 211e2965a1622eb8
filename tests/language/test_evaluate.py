"""Statements at points: truth tables with true, false, undecided and not defined, and their margins."""

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.language import parse
from cofail_lab.language.evaluate import Evaluator, Truth, check_names, laws_in

X = np.array([0.0, 1.0, 2.0])


def truth(text: str, tolerance: float | None = None) -> Truth:
    return Evaluator({"x": X, "one": np.ones(3)}, {}, tolerance).truth(parse(text, "claim.says"))


def letters(found: Truth) -> str:
    """t, f, u(ndecided) or n(ot defined) at every point."""
    return "".join(
        "t" if t else "f" if f else "u" if d else "n"
        for t, f, d in zip(found.true, found.false, found.defined, strict=True)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x < one", "tff"),
        ("x <= one", "ttf"),
        ("x > one", "fft"),
        ("x >= one", "ftt"),
        ("not x < one", "ftt"),
        ("x < one and x >= 0", "tff"),
        ("x < one and x > one", "fff"),
        ("x < one or x > one", "tft"),
        ("x > 0 implies x > one", "tft"),
        ("x < 2 implies x < one", "tft"),
        ("log(x) >= 0", "ntt"),
        ("x > 5 or log(x) >= 0", "ntt"),
        ("x < 5 or log(x) >= 0", "ttt"),
        ("x < 5 and log(x) >= 0", "ntt"),
        ("sqrt(3)*sqrt(3) > 3", "uuu"),
        ("sqrt(3)*sqrt(3) > 3 and x > 0", "fuu"),
        ("sqrt(3)*sqrt(3) > 3 or x > 0", "utt"),
        ("x > 0 implies sqrt(3)*sqrt(3) > 3", "tuu"),
        ("0.1 + 0.2 == 0.3", "uuu"),
    ],
)
def test_truth_tables(text: str, expected: str) -> None:
    assert letters(truth(text, 0.0)) == expected


def test_equalities_have_a_tolerance() -> None:
    assert letters(truth("x == one", 0.0)) == "ftf"
    assert letters(truth("x == one", 0.5)) == "ftf"
    assert letters(truth("x == one", 1.0)) == "ttt"
    assert letters(truth("0.1 + 0.2 == 0.3", 1e-12)) == "ttt"


def test_margins_say_how_far_a_statement_is_from_turning() -> None:
    assert truth("x < one").margin == pytest.approx([1, 0, -0.5])
    assert truth("x > one").margin == pytest.approx([-1, 0, 0.5])
    assert truth("x - 1 > 0").margin == pytest.approx([-1, 0, 1])
    assert truth("x > one and x < 4").margin == pytest.approx([-1, 0, 0.5])
    assert truth("x > one or x < 4").margin == pytest.approx([1, 0.75, 0.5])
    assert truth("not x > one").margin == pytest.approx([1, 0, -0.5])
    assert truth("x == one", 0.25).margin == pytest.approx([-0.75, 0.25, -0.75])
    assert np.isnan(truth("log(x) >= 0").margin[0])


def test_names_are_parameters_before_they_are_quantities() -> None:
    tree = parse("error_rate + tetrachoric > shock.pair(m)", "claim.says")
    assert laws_in(tree, ("error_rate", "m")) == ("", "shock")
    assert laws_in(parse("error_rate > 0", "claim.says"), ("error_rate",)) == ()
    with pytest.raises(InputError, match=r"did you mean theta\?"):
        check_names(parse("tetha > 0", "claim.when"), ("theta",), "claim.when")
