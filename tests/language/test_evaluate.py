"""Statements at points: truth tables with true, false, undecided and not defined, and their margins."""

from fractions import Fraction

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.language import parse
from cofail_lab.language.evaluate import Evaluator, Truth, check_names, laws_in, needs_size
from cofail_lab.language.pools import BuiltPool, ClosedPool
from cofail_lab.language.tree import Number, Operation

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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + 2*one", [2, 3, 4]),
        ("x - one/4", [-0.25, 0.75, 1.75]),
        ("-x**2", [0, -1, -4]),
        ("min(x, one, 0.5)", [0, 0.5, 0.5]),
        ("max(x, 0.5, one)", [1, 1, 2]),
        ("min(one, x)", [0, 1, 1]),
        # The second of three is the one.
        ("min(one, x/4, 2)", [0, 0.25, 0.5]),
        ("max(one, x, 0.5)", [1, 1, 2]),
        ("abs(x - 1.5)", [1.5, 0.5, 0.5]),
        ("floor(x*0.75)", [0, 0, 1]),
        ("floor(-x*0.75)", [0, -1, -2]),
        ("exp(x)", np.exp(X)),
        ("log(1 + x)", np.log1p(X)),
        ("sqrt(x)", np.sqrt(X)),
        ("+x/3", X / 3),
    ],
)
def test_operations(text: str, expected: list[float]) -> None:
    tree = parse(f"{text} > 0", "claim.says").parts[0]
    found = Evaluator({"x": X, "one": np.ones(3)}, {}, None).number(tree)
    low, high = found.floats()
    assert found.middle() == pytest.approx(expected, abs=1e-15)
    assert (high - low <= 4e-15 * (1 + np.abs(low))).all()


def test_written_numbers_are_compared_as_they_are_written() -> None:
    """A parameter and a decimal are equal where their digits are; arithmetic of decimals has the error of floats."""
    x = np.array([0.3, 0.1 + 0.2])

    def at(text: str) -> str:
        return letters(Evaluator({"x": x}, {}, 0.0).truth(parse(text, "claim.says")))

    assert [at(f"x {sign} 0.3") for sign in ("<", "<=", ">", ">=", "==")] == ["ff", "tf", "ft", "tt", "tf"]
    assert [at(f"0.3 {sign} x") for sign in ("<", ">=")] == ["ft", "tf"]
    assert [at(f"x + 0 {sign} 0.3") for sign in ("<", "<=")] == ["uu", "uu"]
    low, high = Evaluator({"x": x}, {}, None).number(parse("0.3 > 0", "s").parts[0]).floats()
    assert Fraction(low[0]) < Fraction(3, 10) < Fraction(high[0])


def test_where_a_statement_is_defined() -> None:
    """One true part of several is enough for "or", one false part for "and"; the margin is that of what exists."""
    either, both = truth("x < 5 or log(x) >= 0"), truth("x > 5 and log(x) >= 0")
    assert either.defined.tolist() == both.defined.tolist() == [True] * 3
    assert either.margin == pytest.approx([1, 0.8, np.log(2)])
    assert both.margin == pytest.approx([-1, -0.8, -0.6])
    assert truth("x > 5 or log(x) >= 0").defined.tolist() == [False, True, True]
    assert truth("log(x) < 1 and x < 5").defined.tolist() == [False, True, True]
    assert truth("x < log(x)").defined.tolist() == [False, True, True]


def test_margins_of_differences_and_of_numbers_beyond_floats() -> None:
    assert truth("x > 0").margin == pytest.approx([0, 1, 2])
    assert truth("0 < x").margin == pytest.approx([0, 1, 2])
    assert truth("x > 0.5").margin == pytest.approx([-1, 0.5, 0.75])
    assert truth("exp(-1000) < exp(-1001)").margin == pytest.approx(np.full(3, np.exp(-1) - 1))
    assert truth("exp(-1000) < 1").margin == pytest.approx(np.ones(3))
    assert truth("x > 1 implies x > 3").margin == pytest.approx([1, 0, -1 / 3])
    assert np.isnan(truth("x/x > 0").margin[0])


def test_which_laws_and_sizes_are_asked_for() -> None:
    def tree(text: str) -> Operation:
        return parse(text, "claim.says")

    assert laws_in(tree("pair > 0 and pair(3) > 0 and clayton.pair > shock.pair and clayton.pair(2) > 0"), ()) == (
        "",
        "clayton",
        "shock",
    )
    assert needs_size(tree("pair > 0"), ())
    assert needs_size(tree("m > 3"), ("m",))
    assert needs_size(tree("count(2) > 0"), ())
    assert not needs_size(tree("pair(3) > 0"), ())
    assert not needs_size(tree("count(2, 3) > variance(3, 0.5)"), ())
    assert not needs_size(tree("pair > 0"), ("pair",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pair(3, 4) > 0", r"pair of 2 numbers; it is pair\(m\)"),
        ("count(1, 2, 3) > 0", r"count of 3 numbers; it is count\(j, m\)"),
        ("count > 0", r"count of 0 numbers; it is count\(j, m\)"),
        ("variance(3) > 0", r"variance of 1 numbers; it is variance\(k, correlation\)"),
        ("majority > 0", r"majority of 0 numbers; it is majority\(k\)"),
        ("clayton.variance(3, 0.5) > 0", "'variance' is no quantity, formula or parameter"),
        ("x(3) > 0", "'x' is no quantity"),
        ("clayton.x > 0", "'x' is no quantity"),
    ],
)
def test_names_take_what_they_take(text: str, message: str) -> None:
    with pytest.raises(InputError, match=f"claim.says: {message}"):
        check_names(parse(text, "claim.says"), ("x",), "claim.says")


def test_names_that_are_known() -> None:
    for text in ("pair > 0", "pair(3) > 0", "count(1) > 0", "count(1, 3) > 0", "variance(3, x) > 0", "x > 0"):
        check_names(parse(text, "claim.says"), ("x",), "claim.says")


def test_a_size_that_is_left_out() -> None:
    """It is the parameter m; without one any size of an endless pool, and all models of one that has a size."""

    def pairs(law: BuiltPool | ClosedPool, **parameters: np.ndarray) -> float:
        tree = parse("independent > 0", "s").parts[0]
        return float(Evaluator({"z": np.ones(1), **parameters}, {"": law}, None).number(tree).middle()[0])

    endless = ClosedPool("independent", {"error_rate": np.array([0.5])})
    assert pairs(endless, m=np.array([5.0])) == pytest.approx(0.5**5)
    assert pairs(endless) == pytest.approx(0.5**2)
    listed = ClosedPool("independent", {"error_rate": np.array([[0.5, 0.25, 0.2]])})
    assert pairs(listed, m=np.array([2.0])) == pytest.approx(0.125)
    assert pairs(listed) == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("shokc > 0", "did you mean shock?"),
        # A law has no parameters and no functions to ask for, and nothing with arguments is a parameter.
        ("clayton.shokc > 0", "docs/check.md lists them"),
        ("shokc(2) > 0", "docs/check.md lists them"),
        ("flor(2) > 0", "did you mean floor?"),
        ("clayton.flor(2) > 0", "docs/check.md lists them"),
        ("clayton.pearsn > 0", "did you mean pearson?"),
        ("varianec(5, 0.2) > 0", "did you mean variance?"),
    ],
)
def test_what_may_have_been_meant(text: str, meant: str) -> None:
    with pytest.raises(InputError) as refused:
        check_names(parse(text, "claim.says"), ("shock",), "claim.says")
    assert str(refused.value).endswith(meant) and "is no quantity, formula or parameter of claim.over" in str(
        refused.value
    )


def test_a_number_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError, match="is a number, and no statement"):
        Evaluator({"x": X}, {}, None).truth(Number(Fraction(1)))
