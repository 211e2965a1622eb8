"""P3.i and P3.ii: pairwise statistics leave the all-wrong rate open, and how far a linear program tells."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import combinations
from math import comb, prod
from typing import NamedTuple

import numpy as np

from cofail_lab.bounds import all_wrong_range, joint_range, wrong_count_range
from cofail_lab.bounds.moments import at_least_range, gallot_kounias, right_moments
from cofail_lab.bounds.quadratic import QuadraticCertificate, pair_index
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Number, Trial, equals
from cofail_lab.claims.reference.exact import elimination, joint_rates, laws_with_zeros, pattern_law, patterns, worst

LP_ERROR = 1e-9


class Twins(NamedTuple):
    """Two laws of the number of wrong among three exchangeable models, and the all-wrong rates claimed of them."""

    first: tuple[Fraction, ...]
    second: tuple[Fraction, ...]
    first_all_wrong: Fraction
    second_all_wrong: Fraction


TWINS = Twins(
    (Fraction(1, 4), Fraction(0), Fraction(3, 4), Fraction(0)),
    (Fraction(0), Fraction(3, 4), Fraction(0), Fraction(1, 4)),
    Fraction(0),
    Fraction(1, 4),
)


def padded(counts: tuple[Fraction, ...], case: Case) -> dict[tuple[int, ...], Fraction]:
    """The exchangeable law of three models and, beside them, independent ones of the rates in ``case['padding']``."""
    rates = [Fraction(rate) for rate in case["padding"]]
    law = {}
    for row in patterns(3 + len(rates)).tolist():
        n_wrong = sum(row[:3])
        beside = prod(
            (rate if wrong else 1 - rate for rate, wrong in zip(rates, row[3:], strict=True)), start=Fraction(1)
        )
        law[tuple(row)] = counts[n_wrong] / comb(3, n_wrong) * beside
    return law


def same_rates(twins: Twins, case: Case) -> Measured:
    """Largest difference between the rates of the two laws, over all sets of up to ``case['size']`` models."""
    first, second = (padded(law, case) for law in (twins.first, twins.second))
    sets = [s for k in range(1, case["size"] + 1) for s in combinations(range(3 + len(case["padding"])), k)]
    gaps = [sum(first[row] - second[row] for row in first if all(row[i] for i in members)) for members in sets]
    return equals(max(map(abs, gaps)), 0, 0)


def twin_all_wrong(twins: Twins, case: Case) -> Measured:
    """β of both laws: the one of three models times the padding's rates."""
    share = prod((Fraction(rate) for rate in case["padding"]), start=Fraction(1))
    everyone = (1,) * (3 + len(case["padding"]))
    return worst(
        equals(padded(twins.first, case)[everyone], twins.first_all_wrong * share, 0),
        equals(padded(twins.second, case)[everyone], twins.second_all_wrong * share, 0),
    )


PADDINGS = ([], [0.3], [0.05, 0.5], [0.9, 0.02, 0.4])
_ANY_PADDING = Search({"padding": Range(0, 1, size=3)}, fixed={"size": 2}, n_starts=16, n_polished=1, n_steps=20)


def limits(error_rates: np.ndarray, pairwise_wrong: np.ndarray) -> tuple[float, float]:
    """The interval of β, by a program over patterns or over counts."""
    limits = all_wrong_range(error_rates, pairwise_wrong)
    return limits.lower, limits.upper


def float_rates(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """α_i and p_ij, rounded to floats."""
    alpha, pairs = joint_rates(case)
    return np.array(alpha, dtype=float), np.array(pairs, dtype=float)


def extreme_laws(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Laws of least and greatest β with the rates of a case: one dense program over all patterns, by SciPy."""
    from scipy.optimize import linprog

    alpha, pairs = float_rates(case)
    wrong = patterns(len(alpha))
    i, j = np.triu_indices(len(alpha))
    equations = np.vstack([np.ones(len(wrong)), (wrong[:, i] * wrong[:, j]).T])
    right = np.concatenate([[1.0], pairs[i, j]])
    event = np.zeros(len(wrong))
    event[-1] = 1
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    solutions = [linprog(sign * event, A_eq=equations, b_eq=right, method="highs", options=tight) for sign in (1, -1)]
    if failed := [result.message for result in solutions if not result.success]:
        raise ArithmeticError(failed[0])
    return solutions[0].x, solutions[1].x


def sharp_limits(formula: Callable, case: Case) -> Measured:
    """Both limits against the program, and what lies between them is attained by mixtures of its two laws."""
    low, high = (float(law[-1]) for law in extreme_laws(case))
    lower, upper = formula(*float_rates(case))
    share = case["share"]
    mixed = (1 - share) * low + share * high
    return worst(
        equals(low, lower, 2 * LP_ERROR, LP_ERROR),
        equals(high, upper, 2 * LP_ERROR, LP_ERROR),
        equals(mixed, (1 - share) * lower + share * upper, 2 * LP_ERROR, LP_ERROR),
    )


def sharp_count_limits(formula: Callable, case: Case) -> Measured:
    """Exchangeable pools: the basic solutions of the program in C, every one of them, in rationals."""
    m, total = len(case["counts"]) - 1, sum(case["counts"])
    if not total:
        raise ZeroDivisionError("all counts are 0")
    means = [Fraction(sum(comb(j, k) * n for j, n in enumerate(case["counts"])), total) for k in range(3)]
    all_wrong = []
    for nodes in combinations(range(m + 1), 3):
        weights = elimination([[Fraction(comb(j, k)) for j in nodes] for k in range(3)], means)
        if min(weights) >= 0:
            all_wrong.append(weights[-1] if nodes[-1] == m else Fraction(0))
    alpha, pair = float(means[1] / m), float(means[2] / comb(m, 2))
    lower, upper = formula(np.full(m, alpha), np.where(np.eye(m, dtype=bool), alpha, pair))
    return worst(equals(min(all_wrong), lower, 1e-14), equals(max(all_wrong), upper, 1e-14))


def inside(formula: Callable, case: Case) -> Measured:
    """β of a law, exact, between the limits from its own rates, which are rounded to floats on the way."""
    lower, upper = formula(*float_rates(case))
    return equals(pattern_law(case)[-1], (lower + upper) / 2, (upper - lower) / 2 + 1e-14)


def proved(formula: Callable, case: Case) -> Measured:
    """What the dual's quadratic forms prove: on the event's side of every pattern, and their mean is the limit."""
    law, wrong = pattern_law(case), patterns(len(joint_rates(case)[0]))
    limits = joint_range(*float_rates(case))
    lower, upper = formula(*float_rates(case))
    proofs = limits.lower_certificate, limits.upper_certificate
    return worst(*(equals(_mean(c, law, wrong), limit, 1e-9) for c, limit in zip(proofs, (lower, upper), strict=True)))


def _mean(certificate: QuadraticCertificate, law: list[Fraction], wrong: np.ndarray) -> Number:
    """Mean of a quadratic form in the wrong indicators in rationals; nan unless it bounds the all-wrong event."""
    i, j = pair_index(wrong.shape[1])
    sign = 1 if certificate.side == "upper" else -1
    total = Fraction(0)
    for probability, row in zip(law, wrong.tolist(), strict=True):
        terms = (c for c, a, b in zip(certificate.coefficients, i, j, strict=True) if row[a] and row[b])
        value = Fraction(certificate.constant + sum(terms), certificate.scale)
        if sign * value < sign * all(row):
            return float("nan")
        total += probability * value
    return total


def beyond_enumeration(formula: Callable, case: Case) -> Measured:
    """Unequal models in a pool too large to enumerate, independent given a difficulty: β is a short sum."""
    draw = np.random.Generator(np.random.Philox(key=case["key"]))
    weights, rates = draw.dirichlet(np.ones(3)), draw.random((3, case["n_models"])) ** case["power"]
    pairs = (rates * weights[:, None]).T @ rates
    alpha = weights @ rates
    np.fill_diagonal(pairs, alpha)
    lower, upper = formula(alpha, pairs)
    return equals(float(weights @ rates.prod(axis=1)), (lower + upper) / 2, (upper - lower) / 2)


def _counts(trial: Trial) -> Iterable[Case]:
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 32]))
    yield {"counts": [1, 0, 3, 0]}
    for m in (4, 5, 5, 6, 7):
        yield {"counts": (draw.integers(0, 9, m + 1) * draw.integers(0, 2, m + 1) + (np.arange(m + 1) == 1)).tolist()}


ANY_LAW = Search({"weights": Range(0, 40, integer=True, size=8)}, n_starts=32, n_polished=2, n_steps=30)

CLAIMS = (
    Claim(
        id="P3.i",
        releases=("june", "sept"),
        statement=(
            "Two pools of three models share every error rate and every pairwise rate, and so all Pearson and "
            "tetrachoric "
            "correlations; all three are wrong together never in one and on a quarter of queries in the other. "
            "Independent models added to both carry the example to any size."
        ),
        symbols="q = (1/4, 0, 3/4, 0) and (0, 3/4, 0, 1/4): α = 1/2, p = 1/4 in both; β = 0 and 1/4",
        hypothesis="Padding by any number of independent models of any rates.",
        expected="confirmed",
        formula=TWINS,
        checks=(
            Check(
                "rates of all sets of up to two models",
                "exact",
                same_rates,
                tuple({"padding": p, "size": 2} for p in PADDINGS),
                _ANY_PADDING,
            ),
            Check("β of both pools", "exact", twin_all_wrong, tuple({"padding": p} for p in PADDINGS), _ANY_PADDING),
        ),
        control=Control(
            "sets of three models",
            "refuted",
            TWINS,
            (Check("rates of all sets of up to three models", "exact", same_rates, ({"padding": [], "size": 3},)),),
        ),
        mutants={
            "β of the second pool 1/8, as under independence": TWINS._replace(second_all_wrong=Fraction(1, 8)),
            "β of the two pools exchanged": TWINS._replace(
                first_all_wrong=Fraction(1, 4), second_all_wrong=Fraction(0)
            ),
            "all wrong or all right, each half of the time": TWINS._replace(
                second=tuple(Fraction(x, 2) for x in (1, 0, 0, 1)), second_all_wrong=Fraction(1, 2)
            ),
        },
        universal=True,
    ),
    Claim(
        id="P3.ii",
        releases=("june", "sept"),
        statement=(
            "Given every error rate and every pairwise rate, the attainable all-wrong rates form an interval whose "
            "ends a "
            "linear program gives: over counts where models are exchangeable, over patterns of wrong models otherwise."
        ),
        symbols="{P(C = m) : P(E_i) = α_i, P(E_i E_j) = p_ij} = [β_min, β_max]",
        hypothesis="Any pool; every end attained up to 16 models, and a limit beyond.",
        expected="confirmed",
        formula=limits,
        checks=(
            Check(
                "the program over all patterns by SciPy, and mixtures of its two laws",
                "lp",
                sharp_limits,
                lambda t: ({**case, "share": 0.3} for case in laws_with_zeros(t, (3, 3, 4, 5, 6))),
            ),
            Check(
                "every basic law of the count",
                "exact",
                sharp_count_limits,
                _counts,
                Search({"counts": Range(0, 20, integer=True, size=6)}, n_starts=16, n_polished=1, n_steps=20),
            ),
            Check("laws against the limits from their own rates", "exact", inside, laws_with_zeros, ANY_LAW),
            Check("dual certificates, pattern by pattern", "exact", proved, laws_with_zeros),
            Check(
                "unequal models too many to enumerate",
                "exact",
                beyond_enumeration,
                tuple({"key": k, "n_models": m, "power": p} for k, m, p in ((1, 18, 1), (2, 24, 0.2), (3, 40, 0.05))),
            ),
        ),
        control=Control(
            "error rates alone, without the pairs",
            "refuted",
            lambda alpha, _pairs: at_least_range(alpha, len(alpha)),
        ),
        mutants={
            "the smallest pair as β_max": lambda alpha, pairs: (limits(alpha, pairs)[0], float(pairs.min())),
            "0 as β_min": lambda alpha, pairs: (0.0, limits(alpha, pairs)[1]),
            "1 - aᵀP⁺a as β_max": lambda alpha, pairs: (
                limits(alpha, pairs)[0],
                gallot_kounias(right_moments(alpha, pairs))[0],
            ),
            "mean rates in place of the single ones": lambda alpha, pairs: wrong_count_range(
                [float(alpha.mean()), float(pairs[~np.eye(len(alpha), dtype=bool)].mean())], len(alpha)
            )[:2],
        },
        universal=True,
    ),
)
