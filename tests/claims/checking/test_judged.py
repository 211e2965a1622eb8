"""What is made of a judged design: controls, slices, margins, and the simplest form of a counterexample; by hand."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.claims.checking import check as checking
from cofail_lab.claims.checking.box import Axis, Box, read_box
from cofail_lab.claims.checking.check import Outcome, _no_two_alike, _worst
from cofail_lab.claims.checking.controls import Controls, controls
from cofail_lab.claims.checking.minimise import Points, _rounded, _smaller, case_of, minimise, stacked
from cofail_lab.claims.checking.proposition import Judged, read
from cofail_lab.claims.checking.slices import leading_axes, slice_through
from cofail_lab.language.evaluate import Truth


def truth(letters: str, margin: list[float] | None = None) -> Truth:
    """t, f, u(ndecided) or n(ot defined) at every point."""
    is_in = {letter: np.array([one == letter for one in letters]) for letter in "tfn"}
    return Truth(is_in["t"], is_in["f"], ~is_in["n"], np.array(margin if margin is not None else [1.0] * len(letters)))


def points(n: int, *, vary: bool = True) -> Points:
    return {"x": np.arange(n) * float(vary), "y": np.ones(n)}


def test_what_is_inside_violated_undecided() -> None:
    """All pairs of what a hypothesis and a statement can be."""
    when, says = np.meshgrid(list("tfun"), list("tfun"), indexing="ij")
    judged = Judged(truth("".join(says.ravel())), truth("".join(when.ravel())))
    at = ["".join(pair) for pair in zip(when.ravel(), says.ravel(), strict=True)]

    def where(mask: np.ndarray) -> set[str]:
        return {name for name, hit in zip(at, mask, strict=True) if hit}

    assert where(judged.inside) == {"tt", "tf", "tu"}
    assert where(judged.violated) == {"tf"}
    assert where(judged.undecided) == {"tu", "uf", "uu"}


def test_what_an_adversary_makes_small() -> None:
    says = truth("tttn", [0.5, -0.5, 0.25, np.nan])
    when = truth("tfft", [1.0, -2.0, np.nan, 1.0])
    assert Judged(says, when).slack.tolist() == [0.5, 10 + 2 - 0.5, 1010.25, 1e6]


@pytest.mark.parametrize(
    ("says", "when", "margin", "vary", "expected"),
    [
        ("ttt", "ttt", [1.0, 2.0, 3.0], True, Controls(True, True, "")),
        ("fff", "ttt", [-1.0, -1.0, -2.0], True, Controls(False, True, "")),
        ("ttf", "fft", [1.0, 2.0, -3.0], True, Controls(False, False, "")),
        ("ttt", "fff", [1.0, 2.0, 3.0], True, Controls(False, False, "hypothesis_never")),
        ("ttt", "nfn", [1.0, 2.0, 3.0], True, Controls(False, False, "hypothesis_never")),
        ("ttt", "uff", [1.0, 2.0, 3.0], True, Controls(False, False, "hypothesis_undecided")),
        ("nnt", "ttf", [np.nan, np.nan, 3.0], True, Controls(False, False, "never_defined")),
        ("ttt", "ttt", [2.0, 2.0, 2.0], True, Controls(True, False, "nothing_varies")),
        ("ttt", "ttt", [2.0, 2.0, 2.0], False, Controls(True, False, "")),
        ("tft", "tff", [2.0, 1.0, 2.0], True, Controls(True, False, "")),
        ("ttt", "ttt", [2.0, 2.0 + 1e-12, 2.0 + 2e-12], True, Controls(True, False, "nothing_varies")),
        ("ttt", "ttt", [2.0, 2.0, 2.5], True, Controls(True, False, "")),
    ],
)
def test_controls(says: str, when: str, margin: list[float], vary: bool, expected: Controls) -> None:
    """The shifted statement fails where some margin is below the middle one of those where the hypothesis holds."""
    assert controls(Judged(truth(says, margin), truth(when)), points(3, vary=vary)) == expected


def test_the_simplest_counterexample() -> None:
    """Whole numbers first, the least that violates with the others as they are; then as few digits as do."""
    box = read_box({"m": [3, 1000], "x": [0.25, 2], "c": [0.5, 0.7, 0.9], "fixed": 0.5}, None)

    def violates(at: Points) -> np.ndarray:
        return (at["m"] >= 57) & (at["x"] > 0.7382) & (at["x"] < 1.4)

    case = {"m": 931.0, "x": 0.738265, "c": 0.7, "fixed": 0.5}
    assert minimise(box, case, violates) == {"m": 57.0, "x": 0.74, "c": 0.7, "fixed": 0.5}
    # Rounded to one digit 0.24 would leave the box; 300 models need no fewer than they have.
    inside = minimise(
        box, {"m": 300.0, "x": 0.2512, "c": 0.9, "fixed": 0.5}, lambda at: (at["m"] >= 300) & (at["x"] < 0.26)
    )
    assert inside == {"m": 300.0, "x": 0.25, "c": 0.9, "fixed": 0.5}
    low = minimise(box, {"m": 5.0, "x": 0.2546, "c": 0.9, "fixed": 0.5}, lambda at: at["x"] < 0.2549)
    assert (low["m"], low["x"]) == (3.0, 0.25)
    lists = Box({"base": Axis(0.1, 0.9, size=2), "m": Axis(3, 9, whole=True)})
    found = minimise(lists, {"base": [0.1234, 0.5678], "m": 7.0}, lambda at: at["base"].sum(axis=1) < 0.695)
    assert found == {"base": [0.12, 0.57], "m": 3.0}
    # Only less than it is, all of the first dozen, and to the end.
    assert _smaller(Axis(3, 1000, whole=True), 8.0) == [3, 4, 5, 6, 7]
    many = _smaller(Axis(3, 1000, whole=True), 900.0)
    assert many[:12] == list(range(3, 15)) and len(many) < 32 and 700 < max(many) < 900


def test_points_and_cases_are_one_another() -> None:
    cases: list[Any] = [{"x": 0.5, "rates": [0.1, 0.2]}, {"x": 0.25, "rates": [0.3, 0.4]}]
    at = stacked(cases)
    assert at["rates"].shape == (2, 2)
    assert [case_of(at, i) for i in range(2)] == cases


def proposed(says: str, when: str | None, over: dict[str, Any]) -> Any:
    return read({"says": says, "when": when, "over": over, "match": None, "tolerance": None}, None)


def test_a_slice_has_the_margin_where_the_hypothesis_holds() -> None:
    one = proposed("x > y", "x >= z and k > 0", {"x": [0.5, 4], "y": [0.5, 4], "z": [1, 2], "k": [3, 7]})
    found = slice_through(one, {"x": 3.0, "y": 2.0, "z": 1.0, "k": 5.0}, ("x", "y"), 8)
    assert (found.names, found.point, found.log) == (("x", "y"), (3.0, 2.0), (False, False))
    np.testing.assert_allclose(found.values[0], np.arange(1, 9) / 2)
    x, y = np.meshgrid(*found.values, indexing="ij")
    np.testing.assert_allclose(found.margin, np.where(x >= 1, (x - y) / np.maximum(x, y), np.nan))
    single = slice_through(one, {"x": 3.0, "y": 2.0, "z": 1.0, "k": 5.0}, ("k",), 50)
    assert single.values[0].tolist() == [3, 4, 5, 6, 7]
    np.testing.assert_allclose(single.margin, 1 / 3)
    listed = proposed("x > y", None, {"x": [1, 2, 4], "y": [0.5, 50]})
    chosen = slice_through(listed, {"x": 2.0, "y": 1.0}, ("x", "y"), 3)
    assert (chosen.values[0].tolist(), chosen.log) == ([1, 2, 4], (False, True))
    np.testing.assert_allclose(chosen.values[1], [0.5, 5, 50])


def test_the_two_parameters_that_the_margin_moves_with() -> None:
    """Falling counts as much as rising; they are named in the order of the box."""
    one = proposed("a*0.01 + b - c > 0", None, {"a": [0, 1], "b": [0, 1], "c": [0, 1]})
    at = one.box.points(np.random.default_rng(0).random((60, 3)))
    judged = one.judged(at)
    assert leading_axes(one, at, judged) == ("b", "c")
    assert leading_axes(one, {k: v[:7] for k, v in at.items()}, one.judged({k: v[:7] for k, v in at.items()})) == (
        "a",
        "b",
    )
    two = proposed("b - a > 0", None, {"a": [0, 1], "b": [0, 1]})
    assert leading_axes(two, at, two.judged(at)) == ("a", "b")


def test_the_worst_of_all_that_was_looked_at_where_the_hypothesis_holds() -> None:
    """Of the design and of the adversary's ends; margins that are no numbers, or elsewhere, do not count."""
    judged = Judged(truth("ttntf", [0.3, -5.0, np.nan, 0.2, 0.1]), truth("tfttn"))
    margin, case = _worst([(points(5), judged)])
    assert margin == 0.2 and case == {"x": 3.0, "y": 1.0}
    assert _worst([(points(2), Judged(truth("tn"), truth("ft")))]) == (None, None)
    found = {"x": np.array([7.0, 8.0]), "y": np.array([7.0, 8.0])}
    margin, case = _worst([(points(5), judged), (found, Judged(truth("tt", [0.15, -1.0]), truth("tf")))])
    assert margin == 0.15 and case == {"x": 7.0, "y": 7.0}


def test_shares_of_the_design() -> None:
    judged = Judged(truth("tnntf"), truth("ttfnf"))
    found = Outcome("survived", points(5), judged, 0, None, None, None, 0, 0, Controls(True, True, ""))
    assert (found.n_points, found.left_out, found.not_defined) == (5, pytest.approx(0.6), pytest.approx(0.2))


def test_roundings_stay_between_the_ends_of_their_axis() -> None:
    """.284 to one digit is .3: outside of [.25, .29], inside of [.25, .3]; of a list all have to be inside."""
    assert _rounded(Axis(0.25, 0.29), 0.2841)[:2] == [0.28, 0.284]
    assert _rounded(Axis(0.25, 0.3), 0.2841)[:2] == [0.3, 0.28]
    assert _rounded(Axis(0.282, 1.0), 0.2841)[:2] == [0.3, 0.284]
    assert _rounded(Axis(0.25, 0.29), [0.25, 0.2841])[:1] == [[0.25, 0.28]]
    assert _rounded(Axis(0.25, 0.29), 0.2841234567)[-1] == 0.28412346


def test_points_that_are_the_same_are_looked_at_once() -> None:
    box = read_box({"m": [3, 5], "x": [0, 1]}, None)
    shares = np.array([[0.9, 0.5], [0.1, 0.5], [0.12, 0.5], [0.12, 0.6], [0.88, 0.5]])
    np.testing.assert_array_equal(_no_two_alike(box, shares), shares[[0, 1, 3]])


def test_the_worst_violations_are_seen_again_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four of them, each in its simplest form and as it was found, until a second look agrees."""
    margins = np.array([-1.0, -6.0, -3.0, 5.0, -5.0, -2.0, -4.0])
    fake = SimpleNamespace(
        box=SimpleNamespace(points=lambda ends: {"x": ends[:, 0]}),
        judged=lambda found: Judged(
            truth("".join("tf"[int(x < 0)] for x in found["x"]), found["x"].tolist()), truth("t" * len(found["x"]))
        ),
    )
    tried: list[float] = []

    def second(agrees: float | None) -> Callable:
        def look(_: object, case: dict) -> SimpleNamespace:
            tried.append(case["x"])
            return SimpleNamespace(violated=case["x"] == agrees)

        return look

    monkeypatch.setattr(checking, "minimise", lambda _box, case, _violates: {"x": case["x"] + 0.5})
    monkeypatch.setattr(checking, "describe", lambda _proposition, case, _second: case)
    monkeypatch.setattr(checking, "second_look", second(None))
    assert checking._first_violation(fake, margins[:, None]) is None
    assert tried == [-5.5, -6.0, -4.5, -5.0, -3.5, -4.0, -2.5, -3.0]
    tried.clear()
    monkeypatch.setattr(checking, "second_look", second(-5.0))
    assert checking._first_violation(fake, margins[:, None]) == {"x": -5.0} and len(tried) == 4
    assert checking._first_violation(fake, margins[:0, None]) is None
