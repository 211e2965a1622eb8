"""P10.iv and P10.v: how good a greedy choice of members is, and what grading errors do to G and to β."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import combinations, product
from math import exp
from typing import NamedTuple

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_least, equals
from cofail_lab.claims.reference.cascade_populations import rational
from cofail_lab.decisions import as_graded, greedy_coverage

# Rounding of a few float64 operations on shares.
ROUNDING = 1e-12


# --- P10.iv


class Choice(NamedTuple):
    """Members, the share of the best coverage they are sure to have, and what no choice exceeds."""

    members: Sequence[int]
    share: float
    upper: float


def greedy(wrong: np.ndarray, k: int, weights: np.ndarray) -> Choice:
    """The greedy choice covers 1 - 1/e of the best; its coverage and the k largest gains bound that from above."""
    choice = greedy_coverage(wrong, k, weights)
    return Choice(choice.members.tolist(), 1 - exp(-1), choice.upper)


def most_accurate(wrong: np.ndarray, k: int, weights: np.ndarray) -> Choice:
    """The k members of the highest accuracy."""
    return greedy(wrong, k, weights)._replace(members=np.argsort(weights @ wrong, kind="stable")[:k].tolist())


def one_gain(wrong: np.ndarray, k: int, weights: np.ndarray) -> Choice:
    """The bound with the largest gain alone."""
    covered = greedy_coverage(wrong, k, weights).covered
    left = wrong[:, greedy(wrong, k, weights).members].all(axis=1) * weights / weights.sum()
    return greedy(wrong, k, weights)._replace(upper=covered + float((left @ (1 - wrong)).max()) / k)


def _matrix(case: Case) -> tuple[list[list[int]], list[Fraction]]:
    """Who is wrong on each query, and the queries' weights, of sum one."""
    weights = [rational(w) for w in case["weights"]]
    if not sum(weights):
        raise ZeroDivisionError("all weights are 0")
    wrong = case["wrong"]
    if not isinstance(wrong[0], list):
        m = len(wrong) // len(weights)
        wrong = [wrong[q * m : (q + 1) * m] for q in range(len(weights))]
    return wrong, [w / sum(weights) for w in weights]


def covered(wrong: list[list[int]], weights: list[Fraction], members: Sequence[int]) -> Fraction:
    """Share of queries on which one of the members is right."""
    rows = zip(weights, wrong, strict=True)
    return sum((w for w, row in rows if not all(row[i] for i in members)), Fraction(0))


def _chosen(formula: Callable, case: Case) -> tuple[Choice, Fraction, Fraction]:
    """What the formula chooses and says, what that covers, and the best of all choices of as many."""
    wrong, weights = _matrix(case)
    k = case["members"]
    choice = formula(np.array(wrong), k, np.array([float(w) for w in weights]))
    best = max(covered(wrong, weights, members) for members in combinations(range(len(wrong[0])), k))
    return choice, covered(wrong, weights, choice.members), best


def covers_enough(formula: Callable, case: Case) -> Measured:
    """The choice's coverage over the best one's."""
    choice, reached, best = _chosen(formula, case)
    return at_least(1.0 if not best else float(reached / best), choice.share)


def upper_holds(formula: Callable, case: Case) -> Measured:
    """The bound, less the best coverage."""
    choice, _, best = _chosen(formula, case)
    return at_least(choice.upper - float(best), -ROUNDING)


def gains_shrink(_formula: Callable, case: Case) -> Measured:
    """Submodularity, the proof's premise: the least drop of a gain f(S + i) - f(S) as S grows by one member."""
    wrong, weights = _matrix(case)
    m = len(wrong[0])
    f = {s: covered(wrong, weights, s) for k in range(m + 1) for s in combinations(range(m), k)}

    def plus(s: tuple[int, ...], *more: int) -> Fraction:
        return f[tuple(sorted({*s, *more}))]

    drops = [
        plus(s, i) - f[s] - plus(s, i, j) + plus(s, j)
        for s in f
        for i, j in combinations([i for i in range(m) if i not in s], 2)
    ]
    return at_least(min(drops), 0)


def matrices(trial: Trial) -> Iterable[Case]:
    """Random matrices of five models, two or three to choose; and the classical trap, a model across two others."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 107]))
    yield TRAP
    yield COPIES
    for k in (2, 3, 3):
        yield {
            "wrong": draw.integers(0, 2, size=(8, 5)).tolist(),
            "weights": draw.integers(1, 10, size=8).tolist(),
            "members": k,
        }


# Two models share the queries between them; a third takes a little more than half, across both.
TRAP = {
    "wrong": [[0, 1, 1], [0, 1, 0], [1, 0, 0], [1, 0, 1]],
    "weights": [24, 26, 26, 24],
    "members": 2,
}
# Two copies of the most accurate model, and one that is right on all the rest.
COPIES = {"wrong": [[0, 0, 1], [1, 1, 0]], "weights": [52, 48], "members": 2}
ANY_MATRIX = Search(
    {"wrong": Range(0, 1, integer=True, size=24), "weights": Range(0, 1, size=6)},
    fixed={"members": 2},
    n_starts=128,
    n_polished=2,
    n_steps=40,
)


# --- P10.v


def graded_is(formula: Callable, case: Case) -> Measured:
    """G and β of the law of errors with the wrongly graded queries in it, in rationals; the one farther off."""
    weights = [rational(w) for w in case["weights"]]
    if not sum(weights):
        raise ZeroDivisionError("all weights are 0")
    law = [w / sum(weights) for w in weights]
    error = rational(case["error"])
    graded = [(1 - error) * p for p in law]
    graded[-1] += error

    def gain_and_all_wrong(law: list[Fraction]) -> tuple[Fraction, Fraction]:
        m = (len(law) - 1).bit_length()
        wrong = list(product((0, 1), repeat=m))
        best = max(sum((p for p, row in zip(law, wrong, strict=True) if not row[i]), Fraction(0)) for i in range(m))
        return 1 - law[-1] - best, law[-1]

    claimed = formula(*(float(x) for x in gain_and_all_wrong(law)), float(error))
    seen = gain_and_all_wrong(graded)
    which = max((0, 1), key=lambda i: abs(float(seen[i]) - claimed[i]))
    return equals(float(seen[which]), claimed[which], ROUNDING)


def error_laws(trial: Trial) -> Iterable[Case]:
    """Random laws of errors of two to four models with 2 to 20% of queries graded wrong for all."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 104]))
    for m, error in ((2, 0.2), (3, 0.05), (4, 0.02)):
        yield {"weights": draw.integers(1, 10, size=2**m).tolist(), "error": error}


CLAIMS = (
    Claim(
        id="P10.iv",
        releases=("lab",),
        statement=(
            "Adding the model that repairs most, one by one, covers at least 1 - 1/e of what the best choice of as "
            "many covers, and its own coverage and gains bound that best."
        ),
        symbols="V°(greedy) >= (1 - 1/e)·max V°(S); max V°(S) <= V°(S') + Σ of the k largest gains over S'",
        hypothesis="Any matrix of outcomes.",
        expected="confirmed",
        formula=greedy,
        checks=(
            Check("coverage over the best of all choices", "exact", covers_enough, matrices, ANY_MATRIX),
            Check("the bound over the best of all choices", "exact", upper_holds, matrices, ANY_MATRIX),
            Check("gains shrink", "exact", gains_shrink, matrices),
        ),
        control=Control("the most accurate models in the greedy choice's place", "refuted", most_accurate),
        mutants={
            "at least .8 of the best": lambda wrong, k, w: greedy(wrong, k, w)._replace(share=0.8),
            "the models that repair least": lambda wrong, k, w: greedy(wrong, k, w)._replace(
                members=np.argsort(-(w @ wrong), kind="stable")[:k].tolist()
            ),
            "a bound without the remaining gains": lambda wrong, k, w: greedy(wrong, k, w)._replace(
                upper=greedy_coverage(wrong, k, w).covered
            ),
            "the largest gain once, over k": one_gain,
        },
        universal=True,
    ),
    Claim(
        id="P10.v",
        releases=("lab",),
        statement=(
            "Queries graded wrong for everyone add their whole share to the all-wrong rate and take only that share of "
            "the oracle gain: read G before β."
        ),
        symbols="G_obs = (1 - ε)G, β_obs = ε + (1 - ε)β",
        hypothesis="A share ε of queries, independent of the models, is graded wrong for all.",
        expected="confirmed",
        formula=as_graded,
        checks=(
            Check(
                "laws with the atom added, in rationals",
                "exact",
                graded_is,
                error_laws,
                Search({"weights": Range(0, 1, size=8), "error": Range(0, 1)}, n_starts=64, n_polished=2, n_steps=40),
            ),
        ),
        control=Control("G and β untouched", "refuted", lambda gain, all_wrong, _error: (gain, all_wrong)),
        mutants={
            "G - ε": lambda gain, all_wrong, error: (gain - error, as_graded(gain, all_wrong, error).all_wrong),
            "β + ε": lambda gain, all_wrong, error: (as_graded(gain, all_wrong, error).oracle_gain, all_wrong + error),
            "both shrink": lambda gain, all_wrong, error: ((1 - error) * gain, (1 - error) * all_wrong),
        },
        universal=True,
    ),
)
