"""Bounds on the all-wrong rate from pairwise rates: published examples, brute force, certificates, real matrices."""

import csv
import gzip
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

from cofail_lab.bounds import all_wrong_range, closed_forms, extendible_envelope, joint_range, wrong_count_range
from cofail_lab.bounds.block_lp import block_range, find_groups
from cofail_lab.bounds.lattice import lattice_bound
from cofail_lab.bounds.moments import (
    Right,
    at_least_range,
    gallot_kounias,
    hunter,
    kuai_alajaji_takahara,
    right_moments,
)
from cofail_lab.bounds.quadratic import QuadraticCertificate, pair_index
from cofail_lab.bounds.semidefinite import semidefinite_bound
from cofail_lab.errors import InputError

from .conftest import real_path


def patterns(m):
    return ((np.arange(2**m)[:, None] >> np.arange(m)) & 1).astype(bool)


def random_law(rng, m):
    """A law of the wrong pattern, sparse or spread out, and its rates."""
    probs = rng.dirichlet(np.full(2**m, rng.choice([0.05, 0.3, 1.0])))
    wrong = patterns(m)
    pairs = (wrong * probs[:, None]).T @ wrong
    return probs, np.diag(pairs).copy(), pairs


def brute_force(alpha, pairs, at_least):
    """The program over all patterns as one dense program, by SciPy: nothing shared with the code under test."""
    m = len(alpha)
    wrong = patterns(m)
    i, j = np.triu_indices(m)
    equations = np.vstack([np.ones(2**m), (wrong[:, i] & wrong[:, j]).T])
    event = (wrong.sum(axis=1) >= at_least).astype(float)
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    right = np.concatenate([[1.0], pairs[i, j]])
    return [s * linprog(s * event, A_eq=equations, b_eq=right, options=tight).fun for s in (1, -1)]


def common_shock(shock, base):
    alpha = shock + (1 - shock) * base
    pairs = shock + (1 - shock) * np.outer(base, base)
    np.fill_diagonal(pairs, alpha)
    return alpha, pairs


def read_matrix(name):
    with gzip.open(real_path(name), "rt") as lines:
        header, *rows = csv.reader(lines)
    first = 2 if header[1] == "dataset" else 1
    cells = np.array([row[first:] for row in rows])
    return cells[(cells != "").all(axis=1)] == "0"


def test_published_examples():
    assert all_wrong_range(np.full(3, 0.5), 0.25 + 0.25 * np.eye(3))[:2] == (0.0, 0.25)
    alpha, pairs = common_shock(0.05, np.full(67, 0.3))
    found = all_wrong_range(alpha, pairs)
    assert found.lower == 0
    assert found.upper == pytest.approx(0.0559712, abs=5e-8)
    assert found.sharp
    # P3.v: the common shock is not the upper extreme of a finite pool ...
    assert found.upper > 0.05 + 0.0059
    # ... it is that of an endless one.
    envelope = extendible_envelope(alpha[0], pairs[0, 1])
    assert float(envelope.upper.all_wrong(67)) == pytest.approx(0.05, abs=1e-14)


def test_300_random_pools_against_brute_force():
    rng = np.random.default_rng(20260628)
    widths = []
    for _ in range(300):
        m = int(rng.integers(3, 8))
        probs, alpha, pairs = random_law(rng, m)
        found = all_wrong_range(alpha, pairs)
        assert found.lower - 1e-12 <= probs[-1] <= found.upper + 1e-12
        np.testing.assert_allclose(found[:2], brute_force(alpha, pairs, m), atol=1e-8)
        assert found.sharp
        widths.append(found.upper - found.lower)
    # The check would mean little if the intervals were all points.
    assert np.median(widths) > 0.001


def test_other_events_against_brute_force():
    rng = np.random.default_rng(7)
    for _ in range(25):
        m = int(rng.integers(3, 8))
        _, alpha, pairs = random_law(rng, m)
        at_least = int(rng.integers(1, m + 1))
        found = joint_range(alpha, pairs, at_least)
        np.testing.assert_allclose(found[:2], brute_force(alpha, pairs, at_least), atol=1e-8)
        # Given less, the program in C is valid and no tighter.
        moments = [alpha.mean(), pairs[~np.eye(m, dtype=bool)].mean()]
        coarse = wrong_count_range([float(x) for x in moments], m, at_least)
        assert coarse.lower <= found.lower + 1e-9
        assert coarse.upper >= found.upper - 1e-9
        for side in (found.lower_certificate, found.upper_certificate):
            assert side.holds()
        for law, value in ((found.lower_law, found.attained_lower), (found.upper_law, found.attained_upper)):
            assert law.residual < 1e-9
            assert law.probs[law.patterns.sum(axis=1) >= at_least].sum() == pytest.approx(value, abs=1e-12)


def test_a_certificate_that_claims_too_much_fails():
    _, alpha, pairs = random_law(np.random.default_rng(3), 5)
    good = joint_range(alpha, pairs).upper_certificate
    assert good.holds()
    assert not good._replace(constant=good.constant - good.scale // 1000).holds()


def test_every_closed_form_contains_the_sharp_interval():
    rng = np.random.default_rng(11)
    tight = 0
    for _ in range(60):
        m = int(rng.integers(3, 8))
        _, alpha, pairs = random_law(rng, m)
        sharp = joint_range(alpha, pairs)
        limits = closed_forms(alpha, pairs)
        assert max(limits.lower.values()) <= sharp.lower + 1e-9
        assert min(limits.upper.values()) >= sharp.upper - 1e-9
        assert limits.upper["Kuai-Alajaji-Takahara"] <= limits.upper["Dawson-Sankoff"] + 1e-12
        assert limits.upper["integer Gallot-Kounias"] <= limits.upper["smallest pair"] + 1e-12
        tight += min(limits.upper.values()) < sharp.upper + 1e-9
    # An inequality that is never attained may be far too loose; here one is attained in most pools.
    assert tight > 20


def test_dawson_sankoff_is_the_program_given_the_two_sums():
    rng = np.random.default_rng(12)
    for _ in range(30):
        m = int(rng.integers(3, 12))
        counts = rng.multinomial(1000, rng.dirichlet(np.full(m + 1, 0.4)))
        # An exchangeable pool with this law of C.
        j = np.arange(m + 1)
        alpha, pair = counts @ j / 1000 / m, counts @ (j * (j - 1)) / 1000 / (m * (m - 1))
        limits = closed_forms(np.full(m, alpha), np.where(np.eye(m, dtype=bool), alpha, pair))
        sharp = wrong_count_range(
            [Fraction(int(counts @ j), 1000 * m), Fraction(int(counts @ (j * (j - 1))), 1000 * m * (m - 1))], m
        )
        assert limits.upper["Dawson-Sankoff"] == pytest.approx(sharp.upper, abs=1e-12)
        assert limits.lower["Dawson-Sankoff"] == pytest.approx(sharp.lower, abs=1e-12)


def test_gallot_kounias_ignores_duplicates_and_reaches_cantelli():
    wrong = np.random.default_rng(5).random((200, 6)) < 0.4
    twice = np.hstack([wrong, wrong, ~wrong[:, :1] | wrong[:, :1]]).astype(float)
    values = []
    for table in (wrong.astype(float), twice):
        pairs = table.T @ table / 200
        values.append(gallot_kounias(right_moments(np.diag(pairs).copy(), pairs))[0])
    assert values[0] == pytest.approx(values[1], abs=1e-12)
    # Equal pairs, m -> infinity: σ²/(σ² + (1-α)²), attained by the shock.
    alpha, pairs = common_shock(0.05, np.full(1500, 0.3))
    variance = pairs[0, 1] - alpha[0] ** 2
    limit = variance / (variance + (1 - alpha[0]) ** 2)
    assert limit == pytest.approx(0.05, abs=1e-12)
    assert gallot_kounias(right_moments(alpha, pairs))[0] == pytest.approx(limit, abs=1e-3)


def test_hunter_equals_the_best_tree():
    from itertools import combinations

    rng = np.random.default_rng(8)
    for _ in range(20):
        _, alpha, pairs = random_law(rng, 4)
        right = right_moments(alpha, pairs)
        edges = list(combinations(range(4), 2))
        trees = [t for t in combinations(edges, 3) if len(set().union(*t)) == 4 and _connected(t)]
        assert len(trees) == 16
        best = max(sum(right.both[e] for e in tree) for tree in trees)
        assert hunter(right) == pytest.approx(max(0, 1 - right.single.sum() + best), abs=1e-12)


def _connected(tree):
    reached = {0}
    for _ in tree:
        for i, j in tree:
            if i in reached or j in reached:
                reached |= {i, j}
    return len(reached) == 4


def test_majority_limits_from_rates_alone_are_the_program():
    rng = np.random.default_rng(9)
    for _ in range(40):
        m = int(rng.integers(2, 8))
        rates, at_least = rng.random(m), int(rng.integers(1, m + 1))
        wrong = patterns(m)
        equations, right = np.vstack([np.ones(2**m), wrong.T]), np.concatenate([[1.0], rates])
        event = (wrong.sum(axis=1) >= at_least).astype(float)
        expected = [s * linprog(s * event, A_eq=equations, b_eq=right).fun for s in (1, -1)]
        np.testing.assert_allclose(at_least_range(rates, at_least), expected, atol=1e-9)
    # Kuncheva et al. (2003): equal accuracies a, majority of 2l+1: at most min(1, (2l+1)a/(l+1)) right.
    assert 1 - at_least_range(np.full(3, 0.4), 2)[0] == pytest.approx(0.9)


def test_lattice_certificates_hold_at_every_pattern():
    rng = np.random.default_rng(10)
    for _ in range(20):
        m = int(rng.integers(3, 8))
        _, alpha, pairs = random_law(rng, m)
        right = right_moments(alpha, pairs)
        bound = lattice_bound(right, gallot_kounias(right)[1])
        certificate = bound.certificate()
        assert certificate.holds()
        assert float(certificate.bound(alpha, pairs)) == pytest.approx(bound.upper, abs=1e-12)


def test_groups_of_interchangeable_models():
    base = np.array([0.3] * 3 + [0.5] * 4)
    alpha, pairs = common_shock(0.1, base)
    group = find_groups(pairs)
    assert group.tolist() == [0, 0, 0, 1, 1, 1, 1]
    for at_least in (4, 7):
        found = block_range(pairs, group, at_least)
        np.testing.assert_allclose(found[:2], brute_force(alpha, pairs, at_least), atol=1e-8)
    shuffled = np.random.default_rng(0).permutation(22)
    alpha, pairs = common_shock(0.05, np.repeat([0.3, 0.5], 11)[shuffled])
    found = all_wrong_range(alpha, pairs)
    assert found.sharp
    assert "2 groups" in found.method
    assert found.lower <= 0.05 <= found.upper <= min(closed_forms(alpha, pairs).upper.values()) + 1e-9


def test_column_generation_beyond_enumeration(monkeypatch):
    monkeypatch.setattr("cofail_lab.bounds.joint_lp.ENUMERATED", 3)
    rng = np.random.default_rng(1)
    closed = 0
    for _ in range(5):
        difficulty = rng.random((200, 1))
        wrong = (rng.random((200, 7)) < np.clip(0.8 * difficulty + 0.2 * rng.random(7), 0, 1)).astype(float)
        pairs = wrong.T @ wrong / 200
        alpha = np.diag(pairs).copy()
        found = joint_range(alpha, pairs, seconds=10)
        expected = brute_force(alpha, pairs, 7)
        # Limits hold whether or not the iteration closed.
        assert found.lower <= expected[0] + 1e-9
        assert found.upper >= expected[1] - 1e-9
        if found.sharp:
            closed += 1
            np.testing.assert_allclose(found[:2], expected, atol=2e-6)
    assert closed >= 3


def test_real_matrix_cruxeval_output():
    wrong = read_matrix("cruxeval_output")
    table = wrong.astype(float)
    pairs = table.T @ table / len(table)
    alpha = np.diag(pairs).copy()
    limits = closed_forms(alpha, pairs).upper
    assert limits["Gallot-Kounias"] == pytest.approx(0.119457, abs=5e-7)
    assert limits["Dawson-Sankoff"] == pytest.approx(0.3270, abs=5e-5)
    assert limits["Kuai-Alajaji-Takahara"] == pytest.approx(0.3127, abs=5e-5)
    found = all_wrong_range(alpha, pairs)
    assert wrong.all(axis=1).mean() == 0.05375
    assert 0.05375 < found.upper < limits["Gallot-Kounias"]
    assert found.upper == pytest.approx(0.095, abs=1e-12)


def test_semidefinite_bound_is_valid_and_between():
    rng = np.random.default_rng(13)
    gained = 0
    for _ in range(8):
        difficulty = rng.random((300, 1))
        wrong = (rng.random((300, 6)) < np.clip(0.8 * difficulty + 0.2 * rng.random(6), 0, 1)).astype(float)
        pairs = wrong.T @ wrong / 300
        alpha = np.diag(pairs).copy()
        found = semidefinite_bound(alpha, pairs, n_anchors=6)
        exact, gallot = joint_range(alpha, pairs).upper, closed_forms(alpha, pairs).upper["Gallot-Kounias"]
        assert exact - 1e-9 <= found.upper <= gallot + 1e-4
        # The certificate gives up little of what the solver claims, and never relies on it.
        assert found.upper == pytest.approx(found.solver_value, abs=1e-4)
        gained += found.upper < gallot - 1e-3
    assert gained >= 3


def test_semidefinite_bound_on_cruxeval_output():
    table = read_matrix("cruxeval_output").astype(float)
    pairs = table.T @ table / len(table)
    found = semidefinite_bound(np.diag(pairs).copy(), pairs)
    # Below Gallot-Kounias (.119457) and above what was observed; it reaches the sharp limit.
    assert 0.05375 < found.upper < 0.119
    assert found.upper == pytest.approx(0.095, abs=1e-6)


@pytest.mark.parametrize(
    "name", ["cruxeval_output", "misguided_attention", "chembench", "farel_bench", "swebench_pro_public"]
)
def test_the_observed_rate_is_never_outside_by_a_rounding_error(name):
    # On misguided_attention Gallot-Kounias equals the observed .08 exactly; in plain floats it came out 1e-14 below.
    wrong = read_matrix(name)
    table = wrong.astype(float)
    pairs = table.T @ table / len(table)
    found = all_wrong_range(np.diag(pairs).copy(), pairs)
    assert found.lower <= wrong.all(axis=1).mean() <= found.upper


def test_real_sub_pool_by_enumeration_and_by_generation(monkeypatch):
    wrong = read_matrix("cruxeval_output")[:, ::3]
    table = wrong.astype(float)
    pairs = table.T @ table / len(table)
    alpha = np.diag(pairs).copy()
    exact = joint_range(alpha, pairs)
    assert exact.sharp
    assert exact.lower <= wrong.all(axis=1).mean() <= exact.upper
    monkeypatch.setattr("cofail_lab.bounds.joint_lp.ENUMERATED", 3)
    generated = joint_range(alpha, pairs, patterns=np.unique(wrong, axis=0), seconds=20)
    assert generated.upper >= exact.upper - 1e-8
    assert generated.attained_upper <= exact.upper + 1e-6


def rates(*alpha, **off):
    pairs = np.diag(np.array(alpha))
    for name, value in off.items():
        i, j = int(name[1]), int(name[2])
        pairs[i, j] = pairs[j, i] = value
    return np.array(alpha), pairs


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (rates(0.5, 0.4, p01=0.45), r"p\[0,1\] = 0.45 exceeds an error rate"),
        (rates(0.9, 0.9, p01=0.5), r"p\[0,1\] = 0.5 is below 0.9 \+ 0.9 - 1"),
        ((np.full(6, 0.5), np.where(np.eye(6, dtype=bool), 0.5, 0.17)), "eigenvalue -0.15 < 0"),
        (rates(0.5, 0.5, 0.5, p01=0.1, p02=0.1, p12=0.1), r"P\(some of 0, 1, 2 wrong\) would be at least 1.2"),
        (rates(0.5, 0.5, 0.5, p01=0.4, p02=0.4, p12=0.25), r"p\[0,1\] \+ p\[0,2\] - p\[1,2\] exceeds α\[0\] by 0.05"),
        ((np.array([0.5, np.nan]), np.eye(2)), r"error_rates: nan at \(1,\)"),
        ((np.array([0.5, 0.5]), np.array([[0.5, np.inf], [0.2, 0.5]])), "pairwise_wrong: inf"),
        ((np.array([0.5, 0.5]), np.array([[0.5, 0.3], [0.2, 0.5]])), "not symmetric"),
        ((np.array([0.5, 0.5]), np.array([[0.5, 0.2], [0.2, 0.6]])), "must be equal"),
        ((np.array([0.5, 0.5]), np.eye(3)), "shape"),
        ((np.array([]), np.zeros((0, 0))), "at least one rate"),
    ],
)
def test_impossible_rates_say_which_inequality_fails(table, message):
    with pytest.raises(InputError, match=message) as raised:
        all_wrong_range(*table)
    assert "\n" not in str(raised.value)


def test_rates_that_only_five_models_together_cannot_have():
    # The pentagonal inequality E[(C - 2)(C - 3)] >= 0 is violated; every triple has a law.
    alpha, pair = 0.5, 0.19
    pairs = np.where(np.eye(5, dtype=bool), alpha, pair)
    pairs[0, 1] += 1e-6
    pairs[1, 0] += 1e-6
    with pytest.raises(InputError, match="no joint law of 5 models"):
        all_wrong_range(np.full(5, alpha), pairs)


def test_small_and_degenerate_pools():
    assert all_wrong_range(np.array([0.3]), np.array([[0.3]]))[:2] == (0.3, 0.3)
    assert all_wrong_range(np.array([0.3, 0.4]), np.array([[0.3, 0.2], [0.2, 0.4]]))[:2] == (0.2, 0.2)
    alpha = np.array([0.0, 1.0, 0.3])
    found = all_wrong_range(
        alpha, np.minimum(alpha[:, None], alpha) * np.maximum(alpha[:, None], alpha) + np.diag(alpha - alpha**2)
    )
    assert found[:2] == (0.0, 0.0)
    same = all_wrong_range(np.full(30, 0.2), np.full((30, 30), 0.2))
    assert same[:2] == pytest.approx((0.2, 0.2), abs=1e-12)


def test_a_row_sum_rounded_below_zero_stays_zero():
    # Three models never right together, their products -1e-17 for 0: the bound came out as 1.9, elsewhere as -inf.
    both = np.where(np.eye(3, dtype=bool), 0.1, -1e-17)
    assert kuai_alajaji_takahara(Right(np.full(3, 0.1), both)) == pytest.approx(0.7, abs=1e-12)


def test_a_pool_too_large_for_programs_gets_the_best_closed_form():
    wrong = np.random.default_rng(14).random((80, 1100)) < np.linspace(0.1, 0.9, 80)[:, None]
    table = wrong.astype(float)
    pairs = table.T @ table / 80
    found = all_wrong_range(np.diag(pairs).copy(), pairs)
    limits = closed_forms(np.diag(pairs).copy(), pairs)
    assert found.lower <= wrong.all(axis=1).mean() <= found.upper
    assert found.upper == max(0.0, min(limits.upper.values()))
    assert found.method.startswith("upper: ")


def test_envelope_edges_and_scope():
    envelope = extendible_envelope(0.3, 0.15)
    rng = np.random.default_rng(2)
    for mixing in (envelope.lower, envelope.upper):
        np.testing.assert_allclose(mixing.all_wrong(np.array([1, 2])), [0.3, 0.15], atol=1e-15)
    assert float(envelope.lower.all_wrong(7)) == pytest.approx(0.3 ** (2 - 7) * 0.15**6, abs=1e-15)
    # Random mixing laws with these two moments stay inside, for every m.
    sizes = np.arange(2, 60)
    low, high = envelope.lower.all_wrong(sizes), envelope.upper.all_wrong(sizes)
    for _ in range(200):
        points = np.sort(rng.random(3))
        weights = np.linalg.solve(np.vander(points, 3, increasing=True).T, [1, 0.3, 0.15])
        if (weights < 0).any():
            continue
        value = (weights * points ** sizes[:, None]).sum(axis=1)
        assert (value >= low - 1e-12).all()
        assert (value <= high + 1e-12).all()
    with pytest.raises(InputError, match="no law of an endless pool"):
        extendible_envelope(0.3, 0.05)
    with pytest.raises(InputError, match="error_rate: 1"):
        extendible_envelope(1.0, 1.0)


def test_certificates_of_large_pools_are_not_enumerated():
    m = 20
    certificate = QuadraticCertificate(m, m, "lower", 0, (0,) * len(pair_index(m)[0]), 1, "a probability")
    with pytest.raises(ValueError, match="too many patterns"):
        certificate.holds()
