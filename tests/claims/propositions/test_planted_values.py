"""Rare branches of measurements, on cases that are known by hand: right claims pass, planted wrong ones do not."""

from fractions import Fraction
from math import inf, isnan

import numpy as np
import pytest

from cofail_lab.bounds.quadratic import QuadraticCertificate
from cofail_lab.claims.claim import equals, holds
from cofail_lab.claims.propositions import p2_growth, p3_identification, p4_prices, p8_prices, p14_weights
from cofail_lab.claims.reference.cascade_populations import population
from cofail_lab.decisions import CriticalAuc

# --- P4.iii: V at three budgets. The dear model adds 1 for 2 on the one type that there is: V is B/2.

ONE_TYPE = {"quality": [0, 1], "prices": [0, 2], "prior": [1]}


def half(*_: object) -> tuple[float, float]:
    """Both prices of that program's budgets."""
    return 0.5, 0.5


def test_a_value_that_rises_along_its_chord_is_concave() -> None:
    assert p4_prices.concave(half, ONE_TYPE | {"shares": [0.25, 0.75]}).status == "confirmed"
    assert p4_prices.concave(lambda *_: (0.5 - 1e-6, 0.4), ONE_TYPE | {"shares": [0.25, 0.75]}).status == "refuted"
    assert p4_prices.concave(lambda *_: (0.6, 0.5 + 1e-6), ONE_TYPE | {"shares": [0.25, 0.75]}).status == "refuted"


def test_budgets_that_are_alike_have_no_chord() -> None:
    assert p4_prices.concave(half, ONE_TYPE | {"shares": [0.5, 0.5]}) == holds(True)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ((0, 1, 2), "confirmed"),
        ((0, Fraction(999_999, 10**6), 2), "refuted"),  # below its chord
        ((2, 2, 2), "confirmed"),
        ((2, 2, Fraction(1_999_999, 10**6)), "refuted"),  # it falls
    ],
)
def test_a_value_that_falls_or_is_below_a_chord_is_refuted(
    monkeypatch: pytest.MonkeyPatch, values: tuple, status: str
) -> None:
    """Though the prices are those of its chord; budgets are 0, ½ and 1."""
    points, chord = iter(map(Fraction, values)), Fraction(values[2]) - values[0]
    monkeypatch.setattr(p4_prices, "exact_value", lambda hull, budget: next(points))
    case = {"quality": [0, 1], "prices": [0, 1], "prior": [1], "shares": [1, 0]}
    assert p4_prices.concave(lambda *_: (float(chord), float(chord)), case).status == status


# --- P8.v


@pytest.mark.parametrize(("ratio", "status"), [(0.75, "confirmed"), (0.75000001, "undecided"), (0.7500001, "refuted")])
def test_an_auc_that_floats_round_to_1_is_that_of_a_price_ratio_of_the_accuracies(ratio: float, status: str) -> None:
    """Perfect separation escalates (q - a_L)/a_H: as dear as H alone at c_L/c_H = a_L/a_H, .6/.8 here."""
    case = {"cheap": 0.6, "strong": 0.8, "floor": 0.7, "price_ratio": ratio}
    assert p8_prices.indifferent_at(lambda *_: CriticalAuc(1.0, "exists"), case).status == status


def test_a_floor_of_the_strong_accuracy_sends_everything_to_it_by_a_coin() -> None:
    assert p8_prices.calls_at(0.5, 0.7, 0.9, 0.9) == 1.0
    assert p8_prices.calls_at(0.5, 0.7, 0.9, 0.85) == pytest.approx(0.75, abs=1e-9)


def test_the_least_escalation_that_meets_a_floor() -> None:
    """Blocks of ¼, ½, ¼: L is right on 0, .5, 1 of them and H on .8 everywhere. Q is .5, .7, .85, .8."""
    who = population({"mass": [1, 2, 1], "cheap": [0, 0.5, 1], "strong": 0.8})
    for floor, expected in (
        (Fraction(1, 2), Fraction(0)),
        (Fraction(2, 5), Fraction(0)),
        (Fraction(3, 5), Fraction(1, 8)),
        (Fraction(7, 10), Fraction(1, 4)),
        (Fraction(31, 40), Fraction(1, 2)),
        (Fraction(17, 20), Fraction(3, 4)),
        (Fraction(171, 200), None),
    ):
        assert who.least_escalation(floor) == expected, floor
    flat = population({"mass": [1, 1], "cheap": [0.5, 0], "strong": 0.5})
    assert flat.least_escalation(Fraction(1, 4)) == 0


# --- P2.c


def test_a_size_from_which_a_ratio_grows_is_kept_to() -> None:
    case = {"shock": 0.05, "base": 0.3, "m": 3, "step": 1}
    assert p2_growth.ratio_growth({"from": 4, "sign": 1}, case) == equals(0, 0, 0)
    at = p2_growth.ratio_growth({"from": 3, "sign": 1}, case)
    assert (at.status, at.most) == ("confirmed", inf) and at.low > 0.1
    assert p2_growth.ratio_growth({"from": 3, "sign": -1}, case).status == "refuted"


# --- P3.ii


@pytest.mark.parametrize(
    ("constant", "coefficients", "side", "expected"),
    [
        # Of two models: β <= p, and β >= 2·(share wrong) - 1 of both rates.
        (0, (0, 1, 0), "upper", Fraction(3, 10)),
        (-1, (1, 0, 1), "lower", Fraction(1, 10)),
        (-1, (1, 0, 1), "upper", None),  # -1 where nobody is wrong, no upper bound of 0
        (0, (0, 2, 0), "lower", None),  # 2 where both are
        (0, (0, 1, 0), "lower", Fraction(3, 10)),
    ],
)
def test_a_form_that_does_not_bound_the_event_proves_nothing(
    constant: int, coefficients: tuple[int, int, int], side: str, expected: Fraction | None
) -> None:
    """Tenths in which nobody, the second, the first and both are wrong: 2, 2, 3, 3."""
    assert [tuple(pair) for pair in np.transpose(p3_identification.pair_index(2))] == [(0, 0), (0, 1), (1, 1)]
    form = QuadraticCertificate(2, 2, side, constant, coefficients, 1, "")
    law = [Fraction(k, 10) for k in (2, 2, 3, 3)]
    mean = p3_identification._mean(form, law, p3_identification.patterns(2))
    assert isnan(mean) if expected is None else mean == expected


# --- P14.ii


def test_a_tie_of_weights_counts_half() -> None:
    """Two members of weights 1 and 1, right on .8 and .6: .48 both, .44 just one."""
    law = p14_weights.independent([Fraction(4, 5), Fraction(3, 5)])
    assert p14_weights.accuracy([1.0, 1.0], law) == Fraction(48, 100) + Fraction(44, 200)
    assert p14_weights.accuracy([1.0, 1.0 + 1e-13], law) == Fraction(70, 100)
    assert p14_weights.accuracy([1.0, 1.0 + 1e-11], law) == Fraction(60, 100)
    assert p14_weights.accuracy([1.0 + 1e-11, 1.0], law) == Fraction(80, 100)
