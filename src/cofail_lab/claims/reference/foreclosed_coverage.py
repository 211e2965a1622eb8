"""How often limits of the foreclosed share hold, by exact sums over the outcomes of pools whose share is known."""

from collections.abc import Callable

import numpy as np

from cofail_lab.claims.claim import Case, Measured
from cofail_lab.claims.reference.binomial_coverage import Outcomes, binomial, coverage_at_least, two_model_outcomes
from cofail_lab.claims.reference.exact import exact_error_rates, joint_law

# Outcomes rarer than this are left out, and their mass counts as not covered.
_RARE = 1e-16


def covered(side: str) -> Callable:
    """A check: P(limit >= f), P(limit <= f) or, for ``both``, P(lower <= f <= upper) of a formula."""

    def measure(formula: Callable, case: Case) -> Measured:
        outcomes, share, left_out = _POOLS[case["pool"]](case)
        limits = formula(outcomes.errors, outcomes.all_wrong, case["n"], case["delta"])
        lower, upper = {"above": (-1.0, limits), "below": (limits, 2.0), "both": limits}[side]
        inside = (lower <= share + 1e-12) & (upper >= share - 1e-12)
        return coverage_at_least(float(outcomes.mass[inside].sum()) - left_out, case["delta"])

    return measure


def two_models(case: Case) -> tuple[Outcomes, float, float]:
    """Two models of any joint law, ``weights``. ZeroDivisionError where one never errs: there is no share."""
    wrong, probs = joint_law(case)
    return two_model_outcomes(case), float(probs[-1] / min(exact_error_rates(wrong, probs))), 0.0


def tied_models(case: Case) -> tuple[Outcomes, float, float]:
    """m models of one error rate under a common shock: the law of K, and of the fewest and the most errors given K.

    Left out are queries that all get wrong without a shock.
    """
    n, m, shock, base = case["n"], case["m"], case["shock"], case["base"]
    mass, fewest, most, all_wrong = [], [], [], []
    for k, p in enumerate(binomial(n, shock)):
        below = np.append(0.0, np.minimum(np.cumsum(binomial(n - k, base)), 1.0))
        # P(a <= every one's other errors <= b); the corners of this table give the law of the least and the greatest.
        within = np.maximum(below[None, 1:] - below[:-1, None], 0) ** m
        joint = within.copy()
        joint[:-1] -= within[1:]
        joint[:, 1:] -= within[:, :-1]
        joint[:-1, 1:] += within[1:, :-1]
        least, greatest = np.nonzero(p * joint > _RARE)
        mass.append(p * joint[least, greatest])
        fewest.append(k + least)
        most.append(k + greatest)
        all_wrong.append(np.full(len(least), k))
    ends = np.concatenate(fewest), np.concatenate(most)
    # Between those two nobody matters to a limit.
    errors = np.stack([ends[0], *[ends[1]] * (m - 1)], axis=1)
    share = shock / (shock + (1 - shock) * base)
    return Outcomes(np.concatenate(mass), errors, np.concatenate(all_wrong)), share, n * (1 - shock) * base**m


def separate_best(case: Case) -> tuple[Outcomes, float, float]:
    """A best model that errs with ``error_rate``; the m - 1 others are right on all but ``share`` of its errors."""
    n, m, share = case["n"], case["m"], case["share"]
    mass, errors, all_wrong = [], [], []
    for e, p in enumerate(binomial(n, case["error_rate"])):
        mass.append(p * binomial(e, share))
        all_wrong.append(np.arange(e + 1))
        # Where the best is right, the others are wrong.
        errors.append(np.stack([np.full(e + 1, e), *[n - e + np.arange(e + 1)] * (m - 1)], axis=1))
    outcomes = Outcomes(np.concatenate(mass), np.concatenate(errors), np.concatenate(all_wrong))
    kept = outcomes.mass > _RARE
    return Outcomes(*(column[kept] for column in outcomes)), share, 0.0


_POOLS = {"two": two_models, "tied": tied_models, "separate": separate_best}
