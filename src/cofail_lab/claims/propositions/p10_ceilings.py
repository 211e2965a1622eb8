"""P10.ii and P10.iii: what a router gains at most, by its score's AUC and by what its signal tells."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import product

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_most, equals
from cofail_lab.claims.reference.cascade_populations import rational
from cofail_lab.decisions import auc, concave_roc_auc, information_ceiling, router_gain_ceiling

# Rounding of a few float64 operations on shares.
ROUNDING = 1e-12


# --- P10.ii


def _hull(gained: np.ndarray, lost: np.ndarray) -> float:
    """AUC of the concave hull for queries of both kinds by score, lowest first."""
    total = gained + lost
    area = concave_roc_auc(np.arange(len(total)), gained / np.where(total > 0, total, 1), total)
    assert area is not None  # noqa: S101  both kinds have mass
    return area


def _raw(gained: np.ndarray, lost: np.ndarray) -> float:
    """AUC of the score as it is, at least ½."""
    total = gained + lost
    area = auc(np.arange(len(total)), gained / np.where(total > 0, total, 1), total)
    assert area is not None  # noqa: S101
    return max(area, 0.5)


def gain_ceiling(gained: np.ndarray, lost: np.ndarray) -> float:
    """c(2·AUC - 1) with the AUC of the concave hull."""
    return router_gain_ceiling(float(gained.sum()), _hull(gained, lost))


def _kinds(case: Case) -> tuple[list[Fraction], list[Fraction]]:
    """Shares of queries that only A and only S gets right, by score; the latter are no fewer."""
    kinds = []
    for shape, share in (("gained", "only_alternative"), ("lost", "only_best")):
        masses = [rational(mass) for mass in case[shape]]
        if not sum(masses):
            raise ZeroDivisionError("no queries of a kind")
        kinds.append([rational(case[share]) * mass / sum(masses) for mass in masses])
    if sum(kinds[1]) < sum(kinds[0]):
        raise ArithmeticError("A would be the best model")
    return kinds[0], kinds[1]


def best_threshold_gain(gained: list[Fraction], lost: list[Fraction]) -> Fraction:
    """What sending all queries above the best threshold to A gains over S, in rationals."""
    gains = [sum(gained[t:], Fraction(0)) - sum(lost[t:], Fraction(0)) for t in range(len(gained) + 1)]
    return max(gains)


def routed_gain_below(formula: Callable, case: Case) -> Measured:
    """No threshold gains more."""
    gained, lost = _kinds(case)
    claimed = formula(*(np.array([float(x) for x in kind]) for kind in (gained, lost)))
    return at_most(float(best_threshold_gain(gained, lost)), claimed + ROUNDING)


def routed_gain_attains(formula: Callable, case: Case) -> Measured:
    """Where part of the gained queries score above all others and the rest are alike: the ceiling itself."""
    gained, lost = _kinds(case)
    claimed = formula(*(np.array([float(x) for x in kind]) for kind in (gained, lost)))
    return equals(float(best_threshold_gain(gained, lost)), claimed, ROUNDING)


def scores(trial: Trial) -> Iterable[Case]:
    """Random scores of three to six levels, concave or not."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 105]))
    for levels in (3, 4, 5, 6):
        gained, lost = draw.integers(0, 10, size=(2, levels)) + 1
        yield {"gained": gained.tolist(), "lost": lost.tolist(), "only_alternative": 0.1, "only_best": 0.25}
    yield BOTH_ENDS


# A score whose extremes both call for A: AUC ½, and it pays.
BOTH_ENDS = {"gained": [1, 0, 1], "lost": [0, 1, 0], "only_alternative": 0.2, "only_best": 0.2}
TRIANGLES = tuple(
    {"gained": [10 - top, top], "lost": [1, 0], "only_alternative": 0.1, "only_best": best}
    for top, best in ((3, 0.1), (7, 0.3), (9, 0.6))
)


# --- P10.iii


def _joint(case: Case) -> list[list[Fraction]]:
    """P(X, E): a row for each signal, a column for each pattern of who is wrong."""
    weights, columns = [rational(w) for w in case["weights"]], 2 ** case["members"]
    total = sum(weights)
    if not total:
        raise ZeroDivisionError("all weights are 0")
    return [[w / total for w in weights[x : x + columns]] for x in range(0, len(weights), columns)]


def _routing_gain(joint: list[list[Fraction]], m: int) -> Fraction:
    """The best of all routers on the signal, over the best single model."""
    right = [[1 - e for e in pattern] for pattern in product((0, 1), repeat=m)]

    def accuracy(router: tuple[int, ...]) -> Fraction:
        rows = zip(joint, router, strict=True)
        return sum((p * right[e][i] for row, i in rows for e, p in enumerate(row)), Fraction(0))

    everyone = [accuracy((i,) * len(joint)) for i in range(m)]
    return max(accuracy(router) for router in product(range(m), repeat=len(joint))) - max(everyone)


def _variation(joint: list[list[Fraction]]) -> Fraction:
    """E_X of the total variation between the law of errors given the signal and without it."""
    patterns = [sum(column, Fraction(0)) for column in zip(*joint, strict=True)]
    return sum((abs(p - sum(row) * q) for row in joint for p, q in zip(row, patterns, strict=True)), Fraction(0)) / 2


def _ceiling(formula: Callable, joint: list[list[Fraction]]) -> float:
    return formula(np.array([[float(p) for p in row] for row in joint]))


def information_bounds(formula: Callable, case: Case) -> Measured:
    """The routing gain, router by router in rationals."""
    joint = _joint(case)
    return at_most(float(_routing_gain(joint, case["members"])), _ceiling(formula, joint) + ROUNDING)


def variation_between(formula: Callable, case: Case) -> Measured:
    """The proof's two steps: gain <= mean total variation (exact) <= √(I/2) (Pinsker and Jensen)."""
    joint = _joint(case)
    gain, variation = _routing_gain(joint, case["members"]), _variation(joint)
    return Measured(float(variation), float(variation), float(gain), _ceiling(formula, joint) + ROUNDING)


def information_attained(formula: Callable, case: Case) -> Measured:
    """Two models of which just one is right, and a faint signal of which: the gain over its ceiling, near 1."""
    joint = _joint(case)
    return equals(float(_routing_gain(joint, case["members"])) / _ceiling(formula, joint), 1, 1e-4, ROUNDING)


def of_count(joint: np.ndarray) -> float:
    """√(I/2) with the number of wrong models in the place of who they are."""
    counts = np.array([bin(e).count("1") for e in range(joint.shape[1])])
    return information_ceiling(np.stack([np.bincount(counts, row) for row in joint]))


def signals(trial: Trial) -> Iterable[Case]:
    """Random joint laws of signal and errors; the last identifies which of two models is right."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 106]))
    for members, n in ((2, 3), (3, 2), (3, 3)):
        weights = draw.integers(0, 10, size=n * 2**members) * draw.integers(0, 2, size=n * 2**members) + (
            np.arange(n * 2**members) == 0
        )
        yield {"members": members, "weights": weights.tolist()}
    yield {"members": 2, "weights": [0, 1, 0, 0, 0, 0, 1, 0]}


FAINT = tuple({"members": 2, "weights": [0, 50 + d, 50 - d, 0, 0, 50 - d, 50 + d, 0]} for d in (1, 0.1))
ANY_SCORE = Search(
    {
        "gained": Range(0, 1, size=4),
        "lost": Range(0, 1, size=4),
        "only_alternative": Range(0.01, 0.5),
        "only_best": Range(0.01, 0.5),
    },
    n_starts=128,
    n_polished=2,
    n_steps=60,
)
ANY_SIGNAL = Search({"weights": Range(0, 1, size=8)}, fixed={"members": 2}, n_starts=128, n_polished=3, n_steps=60)

CLAIMS = (
    Claim(
        id="P10.ii",
        releases=("lab",),
        statement=(
            "A router between the best model and an alternative gains at most the share of queries that only the "
            "alternative gets right, times what its score's AUC exceeds chance by, twice. A raw AUC will not do."
        ),
        symbols="gain <= c(2·AUC - 1), AUC of the concave hull of the ROC curve",
        hypothesis="Only A is right on a share c, only S on b >= c; the router sends all above a threshold to A.",
        expected="confirmed",
        formula=gain_ceiling,
        checks=(
            Check("every threshold, in rationals", "exact", routed_gain_below, scores, ANY_SCORE),
            Check("where it is attained", "exact", routed_gain_attains, TRIANGLES),
        ),
        control=Control(
            "raw AUC", "refuted", lambda gained, lost: router_gain_ceiling(float(gained.sum()), _raw(gained, lost))
        ),
        mutants={
            "b for c": lambda gained, lost: router_gain_ceiling(float(lost.sum()), _hull(gained, lost)),
            "AUC for 2·AUC - 1": lambda gained, lost: float(gained.sum()) * _hull(gained, lost),
            "AUC - ½": lambda gained, lost: float(gained.sum()) * (_hull(gained, lost) - 0.5),
        },
        universal=True,
    ),
    Claim(
        id="P10.iii",
        releases=("lab",),
        statement="Routing on a signal gains at most the root of half the information it carries about who is wrong.",
        symbols="gain <= √(I(X;E)/2), I in nats",
        hypothesis="Any joint law of signal and errors.",
        expected="confirmed",
        formula=information_ceiling,
        checks=(
            Check("every router, in rationals", "exact", information_bounds, signals, ANY_SIGNAL),
            Check("total variation between the two", "exact", variation_between, signals, ANY_SIGNAL),
            Check("attained by faint signals", "exact", information_attained, FAINT),
        ),
        control=Control("the number of wrong models in the place of who they are", "refuted", of_count),
        mutants={
            "I/2 without the root": lambda joint: information_ceiling(joint) ** 2,
            "√I/2": lambda joint: information_ceiling(joint) / 2**0.5,
            "√I": lambda joint: information_ceiling(joint) * 2**0.5,
        },
        universal=True,
    ),
)
