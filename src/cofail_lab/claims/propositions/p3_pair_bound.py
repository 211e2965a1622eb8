"""P3.iii: an upper limit on the all-wrong rate from every pair, in closed form, and its limit for endless pools."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from cofail_lab.bounds.moments import gallot_kounias, right_moments
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_most, equals
from cofail_lab.claims.propositions.p3_identification import ANY_LAW, float_rates
from cofail_lab.claims.reference.exact import elimination, joint_rates, laws_with_zeros, pattern_law, patterns, worst


class PairBounds(NamedTuple):
    """Two upper limits on β."""

    gallot_kounias: float
    smallest_pair: float


def pair_bounds(error_rates: np.ndarray, pairwise_wrong: np.ndarray) -> PairBounds:
    """1 - aᵀP⁺a and min p_ij."""
    return PairBounds(gallot_kounias(right_moments(error_rates, pairwise_wrong))[0], float(pairwise_wrong.min()))


def above_all_wrong(formula: Callable, case: Case) -> Measured:
    """β of a law, exact, against both limits from its own rates; rates are rounded to floats on the way."""
    bounds, all_wrong = formula(*float_rates(case)), pattern_law(case)[-1]
    return worst(at_most(all_wrong, bounds.gallot_kounias + 1e-14), at_most(all_wrong, bounds.smallest_pair + 1e-14))


def square_proves(formula: Callable, case: Case) -> Measured:
    """E(1 - v·z)² at v = P⁺a, pattern by pattern in rationals: a square, and 1 where no model is right."""
    law, right = pattern_law(case), 1 - patterns(len(joint_rates(case)[0]))
    models = range(right.shape[1])
    both = [[Fraction(sum(q for q, z in zip(law, right, strict=True) if z[i] * z[j])) for j in models] for i in models]
    v = elimination(both, [both[i][i] for i in range(len(both))])
    mean = sum(
        q * (1 - sum(x for x, one in zip(v, z, strict=True) if one)) ** 2 for q, z in zip(law, right, strict=True)
    )
    return equals(mean, formula(*float_rates(case)).gallot_kounias, 1e-12)


def attained(formula: Callable, case: Case) -> Measured:
    """A law in which two models wrong together take everyone with them."""
    return equals(pattern_law(case)[-1], formula(*float_rates(case)).smallest_pair, 1e-15)


def _gallot_slack(weights: Any) -> Any:
    """1 - aᵀP⁻¹a - β of three models, in JAX; a ridge keeps the inverse where models are duplicates."""
    import jax.numpy as jnp

    law, right = weights / weights.sum(), 1 - patterns(3)
    both = (right * law[:, None]).T @ right
    single = jnp.diag(both)
    return 1 - single @ jnp.linalg.solve(both + 1e-12 * jnp.eye(3), single) - law[-1]


def cantelli(error_rate: Any, pairwise_wrong: Any) -> Any:
    """σ²/(σ² + (1-α)²), σ² = p - α²."""
    variance = pairwise_wrong - error_rate * error_rate
    return variance / (variance + (1 - error_rate) ** 2)


def shock_attains(formula: Callable, case: Case) -> Measured:
    """The common shock's limit is its ω, in rationals."""
    shock, base = Fraction(case["shock"]), Fraction(case["base"])
    alpha, pair = (shock + (1 - shock) * base**k for k in (1, 2))
    return equals(shock, formula(alpha, pair), 0)


def endless_below(formula: Callable, case: Case) -> Measured:
    """A law of the difficulty with an atom at 1: β of ever larger pools tends to that atom; all in rationals."""
    points, weights = [*map(Fraction, case["points"]), Fraction(1)], list(map(Fraction, case["weights"]))
    total = sum(weights)
    alpha, pair = (sum(w * x**k for w, x in zip(weights, points, strict=True)) / total for k in (1, 2))
    if alpha == 1:
        raise ZeroDivisionError("everyone is always wrong")
    return at_most(weights[-1] / total, formula(alpha, pair))


def gallot_tends(formula: Callable, case: Case) -> Measured:
    """1 - aᵀP⁺a of m exchangeable models, whose v is the same for all, in rationals: at most a/(a₂m) off."""
    shock, base, m = Fraction(case["shock"]), Fraction(case["base"]), case["n_models"]
    right, both = ((1 - shock) * (1 - base) ** k for k in (1, 2))
    value = 1 - m * right**2 / (right + (m - 1) * both)
    return equals(value, formula(1 - right, 1 - 2 * right + both), right / both / m)


def _cantelli_slack(points: Any, weights: Any) -> Any:
    import jax.numpy as jnp

    weights, points = weights / weights.sum(), jnp.append(points, 1.0)
    return cantelli(weights @ points, weights @ points**2) - weights[-1]


SHOCKS = tuple({"shock": w, "base": b} for w, b in ((0.05, 0.3), (0.41, 0.45), (0.001, 0.9), (0.25, 0.01)))

CLAIMS = (
    Claim(
        id="P3.iii",
        releases=("lab",),
        statement=(
            "The all-wrong rate is at most 1 - aᵀP⁺a, with P the rates of being right together, and at most the "
            "smallest pairwise rate."
        ),
        symbols="β ≤ 1 - aᵀP⁺a = min_v E(1 - v·z)² and β ≤ min_ij p_ij, z = 1 - E, a = E z, P = E zzᵀ",
        hypothesis="Any joint law of any number of models.",
        expected="confirmed",
        formula=pair_bounds,
        checks=(
            Check("the majorizing square, pattern by pattern", "exact", square_proves, laws_with_zeros, ANY_LAW),
            Check(
                "a law that attains the smallest pair",
                "exact",
                attained,
                ({"weights": [0, 0, 0, 4, 0, 3, 0, 3]}, {"weights": [1, 0, 5, 4, 0, 3, 0, 3]}),
            ),
            Check(
                "laws against both limits",
                "exact",
                above_all_wrong,
                laws_with_zeros,
                Search({"weights": Range(0, 1, size=8)}, n_polished=4, slack=_gallot_slack),
            ),
        ),
        control=Control(
            "P of being wrong together",
            "refuted",
            lambda alpha, pairs: PairBounds(float(1 - alpha @ np.linalg.pinv(pairs) @ alpha), float(pairs.min())),
        ),
        mutants={
            "P without the inverse": lambda alpha, pairs: pair_bounds(alpha, pairs)._replace(
                gallot_kounias=float(1 - (1 - alpha) @ right_moments(alpha, pairs).both @ (1 - alpha))
            ),
            "a_i² on the diagonal of P": lambda alpha, pairs: pair_bounds(alpha, pairs)._replace(
                gallot_kounias=_with_squares(alpha, pairs)
            ),
            "the largest pair": lambda alpha, pairs: pair_bounds(alpha, pairs)._replace(
                smallest_pair=float(pairs.max())
            ),
            "independence in place of the pair": lambda alpha, pairs: pair_bounds(alpha, pairs)._replace(
                smallest_pair=float(np.sort(alpha)[:2].prod())
            ),
        },
        universal=True,
    ),
    Claim(
        id="P3.iii.b",
        releases=("lab",),
        statement=(
            "For endless exchangeable pools the limit is Cantelli's: no law with these rates has more all-wrong "
            "mass, and the common shock attains it."
        ),
        symbols="β_∞ ≤ σ²/(σ² + (1 - α)²), σ² = p - α²; = ω under the common shock",
        hypothesis="Exchangeable pools that can be extended without end.",
        expected="confirmed",
        formula=cantelli,
        checks=(
            Check(
                "the common shock attains it",
                "exact",
                shock_attains,
                SHOCKS,
                Search({"shock": Range(0, 0.9), "base": Range(0, 0.99)}, n_starts=32, n_polished=1),
            ),
            Check(
                "laws of the difficulty with an atom at 1",
                "exact",
                endless_below,
                (
                    {"points": [0.1, 0.5, 0.9], "weights": [4, 3, 2, 1]},
                    {"points": [0, 0.3, 0.3], "weights": [0, 1, 1, 1]},
                ),
                Search(
                    {"points": Range(0, 0.99, size=3), "weights": Range(0.01, 1, size=4)},
                    n_polished=3,
                    slack=_cantelli_slack,
                ),
            ),
            Check(
                "1 - aᵀP⁺a as the pool grows",
                "exact",
                gallot_tends,
                tuple({**s, "n_models": m} for s in SHOCKS for m in (10, 10**3, 10**6, 10**12)),
            ),
        ),
        control=Control("p in place of the variance", "refuted", lambda a, p: p / (p + (1 - a) ** 2)),
        mutants={
            "α for 1 - α": lambda a, p: (p - a * a) / ((p - a * a) + a**2),
            "no variance in the denominator": lambda a, p: (p - a * a) / (1 - a) ** 2,
            "(1 - α) without the square": lambda a, p: (p - a * a) / ((p - a * a) + (1 - a)),
        },
        universal=True,
    ),
)


def _with_squares(alpha: np.ndarray, pairs: np.ndarray) -> float:
    both = right_moments(alpha, pairs).both.copy()
    np.fill_diagonal(both, (1 - alpha) ** 2)
    return float(1 - (1 - alpha) @ np.linalg.pinv(both) @ (1 - alpha))
