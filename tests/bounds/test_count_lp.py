"""Bounds on events in C from its moments: the exact program, its laws, certificates and confidence boxes."""

import re
from fractions import Fraction
from itertools import combinations
from math import comb
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import linprog

from cofail_lab.bounds import binomial_moments, count_lp, law_ladder, wrong_count_range
from cofail_lab.bounds.count_lp import CountCertificate
from cofail_lab.bounds.moments import boros_prekopa
from cofail_lab.bounds.rounding import round_down, round_up
from cofail_lab.errors import InputError
from tests.bounds.pools import SHOCK, shock_moments


def by_vertices(moments, m, at_least):
    """Every basic law of C in rationals: the extremes of a linear program are at its vertices."""
    right = [Fraction(1), *(Fraction(p) * comb(m, k) for k, p in enumerate(moments, start=1))]
    values = []
    for nodes in combinations(range(m + 1), len(right)):
        weights = _solve_exactly([[comb(j, k) for j in nodes] for k in range(len(right))], right)
        if all(w >= 0 for w in weights):
            values.append(sum(w for j, w in zip(nodes, weights, strict=True) if j >= at_least))
    return min(values), max(values)


def _solve_exactly(matrix, right):
    rows = [[Fraction(x) for x in row] + [b] for row, b in zip(matrix, right, strict=True)]
    for i in range(len(rows)):
        pivot = next(r for r in range(i, len(rows)) if rows[r][i] != 0)
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for r in range(len(rows)):
            if r != i:
                rows[r] = [x - rows[r][i] * y for x, y in zip(rows[r], rows[i], strict=True)]
    return [row[-1] for row in rows]


def test_the_published_triple_and_its_two_laws():
    found = wrong_count_range([Fraction(1, 2), Fraction(1, 4)], 3)
    assert found[:2] == (0.0, 0.25)
    np.testing.assert_allclose(found.lower_law, [0.25, 0, 0.75, 0], atol=1e-15)
    np.testing.assert_allclose(found.upper_law, [0, 0.75, 0, 0.25], atol=1e-15)


@pytest.mark.parametrize("n_moments", [1, 2, 3, 4])
def test_exactly_the_best_vertex_for_every_event(n_moments):
    rng = np.random.default_rng(n_moments)
    for m in (5, 7):
        moments = binomial_moments([int(x) for x in rng.multinomial(60, rng.dirichlet(np.ones(m + 1)))], n_moments)
        for at_least in range(1, m + 1):
            found = wrong_count_range(moments, m, at_least)
            low, high = by_vertices(moments, m, at_least)
            assert found.lower_certificate.bound == low
            assert found.upper_certificate.bound == high
            assert Fraction(found.lower) <= low <= high <= Fraction(found.upper)
            assert found.upper - float(high) <= 2**-52


def test_against_a_float_program_at_a_size_where_floats_still_work():
    moments = [float(x) for x in shock_moments(*SHOCK, 2)]
    j = np.arange(68)
    equations = np.vstack([np.ones(68), j / 67, j * (j - 1) / (67 * 66)])
    event = (j >= 34).astype(float)
    found = wrong_count_range(moments, 67, 34)
    for sign, value in ((1, found.lower), (-1, found.upper)):
        result = linprog(sign * event, A_eq=equations, b_eq=[1.0, *moments])
        assert sign * result.fun == pytest.approx(value, abs=1e-9)


def test_large_pools_keep_their_precision():
    found = wrong_count_range(shock_moments(*SHOCK, 6), 2000)
    assert found.lower <= 0.05 <= found.upper
    assert found.upper - 0.05 < 1e-10
    # The extremal laws have the moments asked for, so the bound is attained and not merely valid.
    for law, value in ((found.lower_law, found.lower), (found.upper_law, found.upper)):
        assert law[2000] == pytest.approx(value, abs=1e-15)
        np.testing.assert_allclose(
            [float(x) for x in binomial_moments(law, 2)], [float(x) for x in shock_moments(*SHOCK, 2)], rtol=1e-12
        )


def test_certificates_are_checked_and_can_fail():
    upper = wrong_count_range(shock_moments(*SHOCK, 3), 67, 34).upper_certificate
    assert upper.holds()
    lowered = (upper.coefficients[0] - Fraction(1, 10**9), *upper.coefficients[1:])
    assert not upper._replace(coefficients=lowered).holds()


def test_no_limit_is_told_whose_certificate_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    for failing in ("lower", "upper"):
        monkeypatch.setattr(CountCertificate, "holds", lambda self, failing=failing: self.side != failing)
        with pytest.raises(ArithmeticError, match=r"^a certificate of the count program failed its exact check$"):
            wrong_count_range([0.4, 0.2], 5)


def test_a_start_that_floats_cannot_guess_is_found_among_all_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a float solution, counts that are spread evenly come first, then every one."""
    moments = [Fraction(2, 5), Fraction(1, 5)]
    expected = wrong_count_range(moments, 30)
    monkeypatch.setattr("scipy.optimize.linprog", lambda *_, **__: SimpleNamespace(x=None))
    program = count_lp._Program([(p, p) for p in moments], 30)
    assert count_lp._float_solution(*program._scaled(), np.zeros(31)).tolist() == [0.0] * 31
    candidates = list(program._candidates(np.zeros(31)))
    assert candidates == [*np.linspace(0, 30, 12).astype(int), *range(31)]
    assert wrong_count_range(moments, 30)[:2] == expected[:2]


def test_boxes_contain_points_and_widen_with_their_size():
    point = wrong_count_range([Fraction(3, 10), Fraction(15, 100)], 12)
    previous = point
    for width in (Fraction(1, 1000), Fraction(1, 100)):
        box = wrong_count_range(
            [
                (Fraction(3, 10) - width, Fraction(3, 10) + width),
                (Fraction(15, 100) - width, Fraction(15, 100) + width),
            ],
            12,
        )
        assert box.lower <= previous.lower
        assert box.upper > previous.upper
        assert box.lower_certificate.holds()
        assert box.upper_certificate.holds()
        previous = box


@pytest.mark.parametrize(
    ("moments", "m", "message"),
    [
        ([0.5, 0.1], 3, r"\(C - 1\)\(C - 2\) is never negative, but its mean would be -0.4"),
        ([0.3, 0.31], 10, r"C\(10 - C\) is never negative, but its mean would be -0.9"),
        ([0.3, 1.2], 10, "p_2 = 1.2 is not a probability"),
        ([0.3, float("nan")], 10, "p_2 = nan"),
        ([0.1, 0.1], 1, "moments: 2 given"),
        ([(0.3, 0.2)], 5, "p_1"),
        ([(0.5, 0.51), (0.1, 0.11)], 3, "inside all these intervals"),
    ],
)
def test_moments_that_no_law_has(moments, m, message):
    with pytest.raises(InputError, match=message) as raised:
        wrong_count_range(moments, m)
    assert "\n" not in str(raised.value)


def test_float_moments_off_by_rounding_alone_are_accepted():
    # Twelve float moments of a law of 2,000 models are off the moment space by rounding.
    found = wrong_count_range([0.05 + 0.95 * 0.3**k for k in range(1, 11)], 500)
    assert found.lower <= 0.05 <= found.upper
    assert found.upper - found.lower < 1e-6


def test_events_and_rungs_out_of_range():
    with pytest.raises(InputError, match="at_least: 4"):
        wrong_count_range([0.5], 3, 4)
    with pytest.raises(InputError, match="n_moments"):
        law_ladder([0.5, 0.5], [2])
    with pytest.raises(InputError, match="n_models: 2"):
        boros_prekopa((Fraction(1), Fraction(0), Fraction(0)), 2)


def test_a_lower_certificate_is_checked_on_its_own_side() -> None:
    """E[C] - (m - 1) is below the event of all wrong; one more is above it somewhere, and above it is no proof."""
    lower = CountCertificate(4, 4, "lower", (Fraction(-3), Fraction(1)), Fraction(0))
    assert lower.holds()
    assert not lower._replace(coefficients=(Fraction(-2), Fraction(1))).holds()
    assert not lower._replace(side="upper").holds()
    upper = CountCertificate(4, 2, "upper", (Fraction(0), Fraction(1, 2)), Fraction(0))
    assert upper.holds() and not upper._replace(at_least=1).holds()
    assert not upper._replace(coefficients=(Fraction(0), Fraction(49, 100))).holds()
    assert not upper._replace(side="lower").holds()


def test_limits_are_rounded_outwards() -> None:
    """Thirds and sevenths are no floats: the limits are the nearest floats outside."""
    found = wrong_count_range([Fraction(3, 7), Fraction(2, 9)], 5, 4)
    low, high = by_vertices([Fraction(3, 7), Fraction(2, 9)], 5, 4)
    assert (found.lower, found.upper) == (round_down(low), round_up(high))
    assert Fraction(found.lower) < low < high < Fraction(found.upper)
    assert found.method == "linear program in C, exact, 2 moments" and found.sharp


def test_an_interval_gives_the_widest_of_its_points() -> None:
    """Of a grid of points of the box, and of its corners: the limits over the box are the extremes."""
    box = [(Fraction(2, 5), Fraction(1, 2)), (Fraction(1, 4), Fraction(3, 10))]
    found = wrong_count_range(box, 4, 3)
    inside = []
    for a in range(5):
        for b in range(5):
            point = [box[0][0] + (box[0][1] - box[0][0]) * Fraction(a, 4), box[1][0] + Fraction(b, 80)]
            inside.append(by_vertices(point, 4, 3))
    assert found.lower_certificate.bound == min(low for low, _ in inside)
    assert found.upper_certificate.bound == max(high for _, high in inside)
    for law, value in ((found.lower_law, found.lower), (found.upper_law, found.upper)):
        assert law[3:].sum() == pytest.approx(value, abs=1e-12) and law.sum() == pytest.approx(1, abs=1e-12)
        for k, (low, high) in enumerate(box, start=1):
            moment = law @ [comb(j, k) / comb(4, k) for j in range(5)]
            assert low - 1e-12 <= moment <= high + 1e-12
    mixed = wrong_count_range([0.5, (0.3, 0.3)], 3)
    assert mixed[:2] == wrong_count_range([0.5, 0.3], 3)[:2]


@pytest.mark.parametrize("m", [3, 4, 6])
@pytest.mark.parametrize(
    "moments", [[0.5, 0.1], [0.5, 0.2], [0.3, 0.31], [0.9, 0.7], [0.5, 0.3, 0.31], [0.5, 0.3, 0.05]]
)
def test_the_inequality_that_is_shown_is_one_and_is_broken(m: int, moments: list[float]) -> None:
    """The factors of the message, multiplied out: never negative at 0..m, and of the mean that the moments give."""
    try:
        given = wrong_count_range(moments, m)
    except InputError as error:
        found = re.search(r"models: (-?)(.*) is never negative, but its mean would be (-[\d.e-]+)$", str(error))
        assert found is not None
        sign = -1 if found[1] else 1
        j = np.arange(m + 1)
        product = np.full(m + 1, float(sign))
        for factor in re.findall(r"\(C - (\d+)\)|\((\d+) - C\)|C", found[2]):
            product *= j - int(factor[0]) if factor[0] else int(factor[1]) - j if factor[1] else j
        assert (product >= 0).all() and (product > 0).any()
        rows = np.array([[comb(int(i), k) for i in j] for k in range(m + 1)], dtype=float)
        coefficients = np.linalg.solve(rows.T, product)
        assert coefficients[len(moments) + 1 :] == pytest.approx(0, abs=1e-8)
        mean = coefficients[0] + sum(
            c * comb(m, k) * p for k, (c, p) in enumerate(zip(coefficients[1:], moments, strict=False), 1)
        )
        assert float(found[3]) == pytest.approx(mean, rel=1e-4) and mean < 0
    else:
        low, high = by_vertices([Fraction(p) for p in moments], m, m)
        assert given[:2] == pytest.approx((float(low), float(high)), abs=1e-12)


def test_what_a_program_refuses_and_where_it_ends() -> None:
    for arguments, message in (
        (([], 3), "moments: 0 given, 1 to 3"),
        (([0.5], 0), "n_models: 0"),
        (([0.5], 3, 0), "at_least: 0 is outside 1..3"),
        (([-0.1], 3), "p_1 = -0.1"),
        (([(0.2, 1.1)], 3), "p_1"),
    ):
        with pytest.raises(InputError, match=message):
            wrong_count_range(*arguments)
    assert wrong_count_range([0.25], 1)[:2] == (0.25, 0.25)
    assert wrong_count_range([1.0], 3, 1)[:2] == (1, 1) and wrong_count_range([0.0], 3, 1)[:2] == (0, 0)
    # Exact moments are not widened: 10^-18 outside is outside.
    with pytest.raises(InputError, match="belong to no law"):
        wrong_count_range([Fraction(1, 2), Fraction(1, 2) + Fraction(1, 10**18)], 3)


@pytest.mark.parametrize("m", [7, 10, 11])
def test_floats_of_a_certain_count_are_not_refused_for_their_rounding(m: int) -> None:
    """Always j wrong: its moments as floats are often of no law, by some 1e-17; exactly as far off they are refused."""
    refused = 0
    for j in range(1, m):
        moments = [comb(j, k) / comb(m, k) for k in (1, 2, 3)]
        found = wrong_count_range(moments, m, j)
        assert found[:2] == pytest.approx((1, 1), abs=1e-9)
        assert wrong_count_range(moments, m, j + 1)[:2] == pytest.approx((0, 0), abs=1e-9)
        try:
            wrong_count_range([Fraction(p) for p in moments], m, j)
        except InputError:
            refused += 1
    assert refused >= 2
