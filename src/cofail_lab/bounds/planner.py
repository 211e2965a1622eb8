"""How many queries to grade before a certificate can succeed (theory P1.viii)."""

from typing import NamedTuple

import numpy as np
from scipy.special import bdtr

from cofail_lab import checks
from cofail_lab.bounds.binomial import clopper_pearson_lower, clopper_pearson_upper
from cofail_lab.bounds.certificate import Certificate


class Plan(NamedTuple):
    """A sample size for the paired certificate P1.v.

    Attributes:
        n_queries: least n at which the certificate succeeds with at least the wanted probability, for it and every
            larger n up to ``searched``; None if there is none up to there.
        failures_allowed: resolvable failures of the best model with which it still succeeds at that n.
        probability: exact probability of success at that n.
        n_least: least n at which it can succeed at all (no failure allowed).
        searched: largest n considered.
    """

    n_queries: int | None
    failures_allowed: int | None
    probability: float | None
    n_least: int
    searched: int


def least_queries(gain: float, n_models: int, delta: float = 0.05) -> int:
    """ln(δ/m) / ln(1 - ε), rounded up: without a single resolvable failure this many queries certify gain <= ε.

    Args:
        gain: ε in (0, 1).
        n_models: m: that many models share δ; 1 for a pre-specified reference model.
        delta: error probability, in (0, 1).
    """
    _check(gain, n_models, delta)
    n = int(np.ceil(np.log(delta / n_models) / np.log1p(-gain)))
    # The formula's own rounding may be one off.
    while n > 1 and (1 - gain) ** (n - 1) <= delta / n_models:
        n -= 1
    while (1 - gain) ** n > delta / n_models:
        n += 1
    return n


def failures_allowed(n_queries: int, gain: float, n_models: int, delta: float = 0.05) -> int:
    """Largest number of resolvable failures of the best model with which n queries certify gain <= ε; -1 if none do."""
    _check(gain, n_models, delta)
    low, high = -1, n_queries
    while high - low > 1:
        middle = (low + high) // 2
        if clopper_pearson_upper(middle, n_queries, delta / n_models) <= gain:
            low = middle
        else:
            high = middle
    return low


def success_probability(n_queries: int, gain: float, resolvable: float, n_models: int, delta: float = 0.05) -> float:
    """Probability that n queries will certify gain <= ε if the best model's resolvable rate is `resolvable`.

    Exact for that model alone; the certificate takes the best limit of all models, so it is a lower bound for the pool.
    """
    checks.share("resolvable", resolvable)
    allowed = failures_allowed(n_queries, gain, n_models, delta)
    return 0.0 if allowed < 0 else float(bdtr(allowed, n_queries, resolvable))


def plan_certificate(
    gain: float, resolvable: float, n_models: int, delta: float = 0.05, probability: float = 0.8, search: int = 200_000
) -> Plan:
    """The sample size at which a gain below ε will be certified with the wanted probability.

    Args:
        gain: ε in (0, 1), the gain to rule out.
        resolvable: what the best model's resolvable rate (its G) is assumed to be, in [0, 1).
        n_models: m.
        delta: error probability of the certificate.
        probability: wanted probability of success, in (0, 1).
        search: largest n considered.
    """
    checks.share("resolvable", resolvable)
    checks.probability("probability", probability)
    n_least = least_queries(gain, n_models, delta)
    if resolvable >= gain:
        return Plan(None, None, None, n_least, search)
    # Success drops a little at every n and jumps where one more failure is allowed; so each number of failures has one
    # candidate, its first n, and the answer is the first after which no drop goes below the wanted probability.
    answer, allowed, n = None, 0, n_least
    while n <= search:
        following = _first_with(allowed + 1, gain, n_models, delta, n)
        if bdtr(allowed, following - 1, resolvable) >= probability:
            answer = (n, allowed) if answer is None else answer
            # Far enough above the wanted probability, no drop goes below it.
            if bdtr(allowed, following - 1, resolvable) > (1 + probability) / 2:
                break
        else:
            answer = None
        allowed, n = allowed + 1, following
    if answer is None:
        return Plan(None, None, None, n_least, search)
    return Plan(answer[0], answer[1], float(bdtr(answer[1], answer[0], resolvable)), n_least, search)


def _first_with(failures: int, gain: float, n_models: int, delta: float, above: int) -> int:
    """Least n > above that certifies with this many failures: P(Binomial(n, ε) <= failures) <= δ/m."""
    low, high = above, 2 * above
    while bdtr(failures, high, gain) > delta / n_models:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if bdtr(failures, middle, gain) <= delta / n_models:
            high = middle
        else:
            low = middle
    return high


def _check(gain: float, n_models: int, delta: float) -> None:
    checks.probability("gain", gain)
    checks.whole("n_models", n_models, 1)
    checks.probability("delta", delta)


def queries_to_decide(certificate: Certificate, search: int = 10_000_000) -> int | None:
    """About how many queries settle whether the gain exceeds the overhead, if the best model's rates stay as observed.

    Below the overhead the upper certificate P1.v decides, with probability 0.8 (`plan_certificate`); above it the lower
    one P1.vii, with about 0.5. None where no overhead is stated, where the two are too close for ``search`` queries, or
    nothing is open.
    """
    overhead, n = certificate.overhead, certificate.n_queries
    if overhead is None or certificate.outcome != "open" or overhead <= 0:
        return None
    resolvable = (n - certificate.best_correct - certificate.n_all_wrong) / n
    if resolvable < overhead:
        plan = plan_certificate(
            overhead, resolvable, certificate.n_models, certificate.delta, search=min(search, 10**6)
        )
        return plan.n_queries
    least = n
    while clopper_pearson_lower(round(resolvable * least), least, certificate.delta) <= overhead:
        least *= 2
        if least > search:
            return None
    low, high = least // 2, least
    while high - low > max(1, low // 100):
        middle = (low + high) // 2
        if clopper_pearson_lower(round(resolvable * middle), middle, certificate.delta) <= overhead:
            low = middle
        else:
            high = middle
    return high
