"""P3.iv: limits on the all-wrong rate from more and more moments."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import pairwise
from math import comb
from typing import Any

import numpy as np

from cofail_lab.bounds import binomial_moments, wrong_count_range
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_least, at_most, equals, holds
from cofail_lab.claims.reference.exact import worst


def ladder(counts: list[Fraction], n_moments: int) -> tuple[float, float]:
    """Limits on β from the first K binomial moments of a law of C."""
    limits = wrong_count_range(binomial_moments(counts, n_moments), len(counts) - 1)
    return limits.lower, limits.upper


def shock_counts(case: Case) -> list[Fraction]:
    """P(C = j) of the exchangeable common shock, in rationals; its parameters are read as decimal fractions."""
    shock, base, m = Fraction(str(case["shock"])), Fraction(str(case["base"])), case["n_models"]
    law = [(1 - shock) * comb(m, j) * base**j * (1 - base) ** (m - j) for j in range(m + 1)]
    law[m] += shock
    return law


def printed(formula: Callable, case: Case) -> Measured:
    """A printed limit, known to half its last digit."""
    limit = formula(shock_counts(case), case["n_moments"])[("lower", "upper").index(case["side"])]
    return equals(case["printed"], limit, 0.5 * 10.0 ** -case["digits"])


def certified(formula: Callable, case: Case) -> Measured:
    """The dual polynomials in C, count by count in rationals: on the event's side, and their mean is the limit."""
    law, k = shock_counts(case), case["n_moments"]
    m = len(law) - 1
    limits = wrong_count_range(binomial_moments(law, k), m)
    means: list[Any] = []
    for certificate, sign in ((limits.lower_certificate, -1), (limits.upper_certificate, 1)):
        values = [sum(y * comb(j, i) for i, y in enumerate(certificate.coefficients)) for j in range(m + 1)]
        valid = all(sign * value >= sign * (j == m) for j, value in enumerate(values))
        means.append(sum(q * value for q, value in zip(law, values, strict=True)) if valid else float("nan"))
    # A limit is attained by the law that its program returns; moments and all-wrong rate of this law are sums.
    for attained, mean in ((limits.lower_law, means[0]), (limits.upper_law, means[1])):
        moments = zip(binomial_moments(attained, k), binomial_moments(law, k), strict=True)
        if abs(attained[-1] - mean) > 1e-12 or any(abs(a / b - 1) > 1e-9 for a, b in moments):
            return holds(False)
    return worst(*(equals(mean, limit, 1e-15) for mean, limit in zip(means, formula(law, k), strict=True)))


def nested(formula: Callable, case: Case) -> Measured:
    """Every rung contains β and lies inside the one before; the last is a point."""
    law = [Fraction(n, sum(case["counts"])) for n in case["counts"]]
    m = len(law) - 1
    rungs = [formula(law, k) for k in range(1, m + 1)]
    if any(after[0] < before[0] or after[1] > before[1] for before, after in pairwise(rungs)):
        return holds(False)
    inside = [at_most(low, law[m]) for low, _ in rungs] + [at_least(high, law[m]) for _, high in rungs]
    return worst(*inside, equals(rungs[-1][1] - rungs[-1][0], 0, 1e-15))


def random_counts(trial: Trial) -> Iterable[Case]:
    """Laws of C for 4 to 12 models, many of them with gaps."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 33]))
    for m in (4, 5, 6, 8, 12):
        counts = draw.integers(0, 12, m + 1) * draw.integers(0, 2, m + 1)
        counts[1] += 1
        counts[m] += 2
        yield {"counts": counts.tolist()}


PRINTED = tuple(
    {"shock": 0.05, "base": 0.3, "n_models": 67, "n_moments": k, "side": side, "printed": value, "digits": digits}
    for k, side, value, digits in (
        (2, "upper", 0.05597, 5),
        (3, "upper", 0.05181, 5),
        (4, "upper", 0.05008, 5),
        (8, "upper", 0.05, 5),
        (2, "upper", 0.0559712, 7),
        (1, "lower", 0, 5),
        (2, "lower", 0, 5),
        (3, "lower", 0, 5),
        (4, "lower", 0, 5),
        (6, "lower", 0.049, 4),
    )
)


CLAIMS = (
    Claim(
        id="P3.iv",
        releases=("lab",),
        statement=(
            "Bounds on the all-wrong rate from the first K binomial moments of C narrow to a point as K grows to m."
        ),
        symbols="β ∈ [β_min(K), β_max(K)], nested in K, a point at K = m",
        hypothesis="Any law of C.",
        expected="confirmed",
        formula=ladder,
        checks=(
            Check("printed limits of the shock ω = .05, α0 = .3, m = 67", "exact", printed, PRINTED),
            Check(
                "dual polynomials count by count, and laws that attain the limits",
                "exact",
                certified,
                tuple(
                    {"shock": w, "base": b, "n_models": m, "n_moments": k}
                    for w, b, m, k in ((0.05, 0.3, 67, 2), (0.05, 0.3, 67, 5), (0.2, 0.6, 12, 4), (0.01, 0.1, 200, 3))
                ),
            ),
            Check(
                "rungs nested and closing",
                "exact",
                nested,
                random_counts,
                Search({"counts": Range(1, 30, integer=True, size=5)}, n_starts=8, n_polished=1, n_steps=12),
            ),
        ),
        control=Control("one moment fewer than stated", "refuted", lambda law, k: ladder(law, max(1, k - 1))),
        mutants={
            "plain moments E[C^k]/m^k for binomial ones": lambda law, k: _from_plain_moments(law, k),
            "β_max of pairs at every K": lambda law, k: (ladder(law, k)[0], ladder(law, min(k, 2))[1]),
            "one moment more than stated": lambda law, k: ladder(law, min(k + 1, len(law) - 1)),
        },
        universal=True,
    ),
)


def _from_plain_moments(law: list[Fraction], k: int) -> tuple[float, float]:
    """Limits with E[(C/m)^k] in the place of p_k."""
    m = len(law) - 1
    moments = [sum(q * Fraction(j, m) ** i for j, q in enumerate(law)) for i in range(1, k + 1)]
    limits = wrong_count_range(moments, m)
    return limits.lower, limits.upper
