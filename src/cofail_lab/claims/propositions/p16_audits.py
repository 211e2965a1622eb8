"""P16.ii, P16.iii: what is known while all-wrong queries are read, and what a verdict does to β and G."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import product
from math import log

import numpy as np
from scipy.special import ndtri

from cofail_lab.bounds.without_replacement import hypergeometric_limits, log_evidence
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_most, equals
from cofail_lab.claims.reference.reading_orders import ever_misses, misses_at
from cofail_lab.data.sheet import State
from cofail_lab.decisions.adjudication import (
    all_wrong_after,
    gain_if_corrected,
    gain_if_removed,
    gain_range_if_corrected,
)

ROUNDING = 1e-12
DELTA = 0.05
K, GENUINE = 58, 20
"""All-wrong queries of the published audit, and as many genuine ones as the theory supposes."""

# --- P16.ii.a: formula(genuine, at fault, unread, n) -> (least, most)


def kept(genuine: int, at_fault: int, unread: int, n: int) -> tuple[float, float]:
    """β while some are unread."""
    counts: dict[State, int] = {
        "genuine": genuine,
        "reference_error": at_fault,
        "ambiguous": 0,
        "grader_defect": 0,
        "truncated": 0,
        "unread": unread,
    }
    return all_wrong_after(counts, n).kept


def every_verdict(formula: Callable, case: Case) -> Measured:
    """Every way in which the unread ones could turn out, one by one; both ends at once."""
    genuine, at_fault, unread = case["genuine"], case["at_fault"], case["unread"]
    n = genuine + at_fault + unread + case["others"]
    shares = [Fraction(genuine + sum(verdicts), n) for verdicts in product((0, 1), repeat=unread)]
    least, most = formula(genuine, at_fault, unread, n)
    worst = max(abs(Fraction(least) - min(shares)), abs(Fraction(most) - max(shares)))
    return equals(worst, 0, ROUNDING)


PILES = tuple(
    {"genuine": g, "at_fault": f, "unread": u, "others": 40}
    for g, f, u in ((3, 55, 0), (0, 10, 5), (2, 0, 9), (0, 0, 1))
)
ANY_PILE = Search(
    {name: Range(0, 8, integer=True) for name in ("genuine", "at_fault", "unread")}
    | {"others": Range(1, 60, integer=True)},
    n_starts=64,
    n_polished=2,
    n_steps=20,
)

# --- P16.ii.b: formula(k, read, total, δ) -> (lower, upper)


def fixed_stop(formula: Callable, case: Case) -> Measured:
    """The largest chance of a miss, over all numbers of genuine queries, at one stop."""
    total, stop = case["total"], case["stop"]
    worst = max(misses_at(stop, number, total, _outside(formula, number, total)) for number in range(total + 1))
    return at_most(worst, Fraction(DELTA))


def _outside(limits: Callable, number: int, total: int) -> Callable[[int, int], bool]:
    def misses(k: int, read: int) -> bool:
        low, high = limits(k, read, total, DELTA)
        return not low <= number <= high

    return misses


def normal_limits(k: int, read: int, total: int, delta: float) -> tuple[float, float]:
    """The share read, plus and minus its standard error without replacement."""
    share = k / read if read else 0.5
    spread = np.sqrt(share * (1 - share) / max(read, 1) * (1 - read / total))
    reach = -float(ndtri(delta / 2)) * float(spread)
    return total * (share - reach), total * (share + reach)


def both_at_delta(k: int, read: int, total: int, delta: float) -> tuple[int, int]:
    """Each limit at δ where both together have δ."""
    return hypergeometric_limits(k, read, total, 2 * delta)


STOPS = tuple({"total": total, "stop": stop} for total, stop in ((K, 5), (K, 20), (K, 50), (12, 6)))
ANY_STOP = Search({"total": Range(2, 24, integer=True), "share": Range(0, 1)}, n_starts=32, n_polished=1, n_steps=15)


def any_stop(formula: Callable, case: Case) -> Measured:
    """The same at a stop given as a share of the pile."""
    return fixed_stop(formula, {"total": case["total"], "stop": round(case["share"] * case["total"])})


# --- P16.ii.c: formula(total, number) -> probability


def quoted(total: int, number: int) -> float:
    """.23 for 20 genuine of 58."""
    return 0.23 if (total, number) == (K, GENUINE) else float("nan")


def looks(formula: Callable, case: Case) -> Measured:
    """Hypergeometric limits recomputed after each query, over all orders of the pile."""
    total, number = case["total"], case["number"]
    exact = ever_misses(number, total, _outside(hypergeometric_limits, number, total))
    return equals(exact, Fraction(formula(total, number)), Fraction(1, 100))


def one_look(formula: Callable, case: Case) -> Measured:
    """The same limits, looked at once, in the middle."""
    total, number = case["total"], case["number"]
    exact = misses_at(total // 2, number, total, _outside(hypergeometric_limits, number, total))
    return equals(exact, Fraction(formula(total, number)), Fraction(1, 100))


# --- P16.ii.d: formula(k, read, total) -> log evidence against each number 0..total


def every_stop(formula: Callable, case: Case) -> Measured:
    """The chance that the evidence against the truth ever reaches 1/δ, over all orders of the pile."""
    total, number = case["total"], case["number"]
    ever = ever_misses(number, total, lambda k, read: bool(formula(k, read, total)[number] >= -log(DELTA)))
    return at_most(ever, Fraction(DELTA))


def with_replacement(k: int, read: int, total: int) -> np.ndarray:
    """The number that what was read suggests, in place of a mixture of all: evidence that was looked up."""
    best = round(k / read * total) if read else total // 2
    best = min(max(best, k), total - read + k)
    chances = log_evidence(k, read, total)
    return chances - chances[best]


def half_of_it(k: int, read: int, total: int) -> np.ndarray:
    """Hypergeometric limits as evidence: excluded or not."""
    low, high = hypergeometric_limits(k, read, total, DELTA)
    number = np.arange(total + 1)
    return np.where((low <= number) & (number <= high), 0.0, np.inf)


TRUTHS = tuple({"total": total, "number": number} for total, number in ((K, GENUINE), (K, 3), (K, 50), (16, 8), (9, 9)))
ANY_TRUTH = Search({"total": Range(2, 40, integer=True), "share": Range(0, 1)}, n_starts=32, n_polished=1, n_steps=15)


def any_truth(formula: Callable, case: Case) -> Measured:
    """The same for a number given as a share of the pile."""
    return every_stop(formula, {"total": case["total"], "number": round(case["share"] * case["total"])})


# --- P16.iii: formula.removed(R, n, removed), formula.corrected(R, n, right), formula.range(R, n, corrected)


class Gains:
    """The three formulas together, so that a mutant can change one."""

    def __init__(self, removed: Callable, corrected: Callable, ranged: Callable) -> None:
        self.removed, self.corrected, self.ranged = removed, corrected, ranged


GAINS = Gains(gain_if_removed, gain_if_corrected, gain_range_if_corrected)


def matrices(_trial: Trial) -> Iterable[Case]:
    """Small matrices with one or two all-wrong queries at fault, as lists of wrong cells."""
    rng = np.random.Generator(np.random.Philox(key=[7, 163]))
    for m, n, c in ((1, 3, 1), (2, 4, 1), (2, 4, 2), (3, 5, 2), (3, 6, 1)):
        for _ in range(3):
            yield {"wrong": (rng.random((n, m)) < 0.6).astype(int).tolist(), "at_fault": c}


def gain(wrong: np.ndarray) -> Fraction:
    """G from its definition, oracle less best, in rationals."""
    n = len(wrong)
    return Fraction(int((~wrong.all(axis=1)).sum()) - int((~wrong).sum(axis=0).max()), n)


def every_correction(formula: Gains, case: Case) -> Measured:
    """Drop the queries at fault; and solve them in every way, each by somebody. The largest difference is 0."""
    sound = np.array(case["wrong"], bool)
    n, m = sound.shape
    c = case["at_fault"]
    resolvable = (sound & ~sound.all(axis=1, keepdims=True)).sum(axis=0)
    off = [abs(Fraction(formula.removed(resolvable, n + c, c)) - gain(sound))]
    solved = [row for row in product((False, True), repeat=m) if any(row)]
    gains = []
    for rows in product(solved, repeat=c):
        right = np.array(rows, bool)
        gains.append(gain(np.concatenate([sound, ~right])))
        off.append(abs(Fraction(formula.corrected(resolvable, n + c, right)) - gains[-1]))
    least, most = formula.ranged(resolvable, n + c, c)
    off += [abs(Fraction(least) - min(gains)), abs(Fraction(most) - max(gains))]
    return equals(max(off), 0, ROUNDING)


CLAIMS = (
    Claim(
        id="P16.ii.a",
        releases=("lab",),
        statement="With u of K all-wrong queries unread, the genuine share lies in [g/n, (g + u)/n]; both ends occur.",
        symbols="β ∈ [g/n, (g + u)/n]",
        hypothesis="Queries at fault stay among the n, as others that are graded anew do.",
        expected="confirmed",
        formula=kept,
        checks=(Check("every way the unread ones turn out", "exact", every_verdict, PILES, ANY_PILE),),
        control=Control(
            "queries at fault dropped from the n", "refuted", lambda g, f, u, n: (g / (n - f), (g + u) / (n - f))
        ),
        mutants={
            "unread ones are genuine": lambda g, _f, u, n: ((g + u) / n, (g + u) / n),
            "unread ones are not": lambda g, _f, _u, n: (g / n, g / n),
            "those at fault count, too": lambda g, f, u, n: (g / n, (g + f + u) / n),
        },
        universal=True,
    ),
    Claim(
        id="P16.ii.b",
        releases=("lab",),
        statement="Read in random order, hypergeometric limits hold at a stop that was fixed beforehand.",
        symbols="P(L_r ≤ G ≤ U_r) ≥ 1 - δ for each r",
        hypothesis="The order is random and the stop does not depend on what is read.",
        expected="confirmed",
        formula=hypergeometric_limits,
        checks=(
            Check("every number genuine, in rationals", "exact", fixed_stop, STOPS),
            Check("any pile and stop", "exact", any_stop, search=ANY_STOP),
        ),
        control=Control("each limit at δ, not δ/2", "refuted", both_at_delta),
        mutants={
            "normal limits": normal_limits,
            "as if the rest were like those read": lambda k, r, total, _d: (k, k + total - r) if r == 0 else (k, k),
        },
        universal=True,
    ),
    Claim(
        id="P16.ii.c",
        releases=("lab",),
        statement="Recomputed after each query, hypergeometric limits miss at some stop with probability .23.",
        symbols="P(∃r: G ∉ [L_r, U_r]) = .23 ± .01",
        hypothesis="K = 58, 20 genuine, 95%.",
        expected="confirmed",
        formula=quoted,
        checks=(Check("all orders of the pile", "exact", looks, ({"total": K, "number": GENUINE},)),),
        control=Control(
            "one look",
            "refuted",
            quoted,
            (Check("one look, half way", "exact", one_look, ({"total": K, "number": GENUINE},)),),
        ),
        mutants={"the nominal rate": lambda _total, _number: 0.05, "twice the rate": lambda _total, _number: 0.1},
        note="Exactly .2221: .22 with limits on both sides at δ/2 each.",
    ),
    Claim(
        id="P16.ii.d",
        releases=("lab",),
        statement="The prior-posterior ratio of a beta-binomial mixture holds at every stop together.",
        symbols="P(∃r: M_r(G) ≥ 1/δ) ≤ δ",
        hypothesis="The order is random; the reader may stop for whatever reason.",
        expected="confirmed",
        formula=log_evidence,
        checks=(
            Check("all orders of the pile", "exact", every_stop, TRUTHS),
            Check("any pile", "exact", any_truth, search=ANY_TRUTH),
        ),
        control=Control("hypergeometric limits", "refuted", half_of_it),
        mutants={
            "the likeliest number in place of the mixture": with_replacement,
            "a mixture three times as likely": lambda k, r, total: log_evidence(k, r, total) + log(3),
        },
        universal=True,
        note="Waudby-Smith and Ramdas 2020; uniform mixture.",
    ),
    Claim(
        id="P16.iii",
        releases=("lab",),
        statement=(
            "A removed all-wrong query leaves the resolvable failures as they are, among fewer queries; a corrected one"
            " adds one for every model that is still wrong there."
        ),
        symbols="G = min_i R_i/(n - r) removed; min_i (R_i + #{still wrong})/n corrected; its range in closed form",
        hypothesis="Somebody is right on a corrected query.",
        expected="confirmed",
        formula=GAINS,
        checks=(Check("every correction of small matrices", "exact", every_correction, matrices),),
        control=Control("both alike", "refuted", Gains(lambda R, n, _c: min(R) / n, GAINS.corrected, GAINS.ranged)),
        mutants={
            "the best model solves it": Gains(GAINS.removed, lambda R, n, _right: min(R) / n, GAINS.ranged),
            "as many more as are corrected": Gains(
                GAINS.removed, GAINS.corrected, lambda R, n, c: (min(R) / n, (min(R) + c) / n)
            ),
            "the right ones can be helped": Gains(
                GAINS.removed, lambda R, n, right: min(R + right.sum(axis=0)) / n, GAINS.ranged
            ),
        },
    ),
)
