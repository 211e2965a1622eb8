"""P10.i: what of an oracle's gain is luck or guessing."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, equals
from cofail_lab.claims.reference.cascade_populations import rational
from cofail_lab.claims.reference.simulated import share_is
from cofail_lab.decisions import one_run_oracle, routable_ceiling, second_run_accuracy

# Rounding of means of a few products in float64.
ROUNDING = 1e-12

Rates = list[list[Fraction]]


def rates(case: Case) -> tuple[Rates, list[Fraction]]:
    """π_i of each type of query, a row each, and the weights of the types, of sum one."""
    weights = [rational(w) for w in case["weights"]]
    if not sum(weights):
        raise ZeroDivisionError("all weights are 0")
    return [[rational(pi) for pi in row] for row in _rows(case)], [w / sum(weights) for w in weights]


def _rows(case: Case) -> Sequence[Sequence[float]]:
    """The adversary's lists are flat: a row for each weight."""
    success = case["success"]
    if isinstance(success[0], list):
        return success
    m = len(success) // len(case["weights"])
    return [success[t * m : (t + 1) * m] for t in range(len(case["weights"]))]


def _floats(case: Case) -> tuple[np.ndarray, np.ndarray]:
    return np.array(_rows(case), dtype=float), np.array([float(rational(w)) for w in case["weights"]])


def runs(row: Sequence[Fraction]) -> Iterable[tuple[tuple[int, ...], Fraction]]:
    """Every pattern of who is right on one run of a query, with its probability."""
    for right in product((0, 1), repeat=len(row)):
        yield right, prod((pi if hit else 1 - pi for pi, hit in zip(row, right, strict=True)), start=Fraction(1))


def routed(table: Rates, weights: list[Fraction]) -> Fraction:
    """The best of all m^T routers that see the type of a query."""
    m = len(table[0])
    return max(
        sum((w * row[i] for w, row, i in zip(weights, table, router, strict=True)), Fraction(0))
        for router in product(range(m), repeat=len(table))
    )


# --- P10.i


def oracle_is(formula: Callable, case: Case) -> Measured:
    """The one-run oracle, pattern by pattern in rationals."""
    table, weights = rates(case)
    exact = sum(
        (w * p for w, row in zip(weights, table, strict=True) for right, p in runs(row) if any(right)), Fraction(0)
    )
    return equals(float(exact), formula(*_floats(case))[0], ROUNDING)


def ceiling_is(formula: Callable, case: Case) -> Measured:
    """The best router, router by router in rationals."""
    return equals(float(routed(*rates(case))), formula(*_floats(case))[1], ROUNDING)


def of_identical_models(formula: Callable, case: Case) -> Measured:
    """Ten identical models with π ~ Beta(2, 1): the oracle gains .318, a router nothing (as 1 + its gain)."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    pi = (nodes + 1) / 2
    oracle, ceiling = formula(np.repeat(pi[:, None], case["members"], axis=1), weights * pi)
    single = float(weights @ pi**2 / (weights @ pi))
    if case["of"] == "oracle":
        return equals(oracle - single, case["published"], 0.0005)
    return equals(1 + ceiling - single, 1 + case["published"], ROUNDING)


def one_run(success: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """1 - E Π(1 - π_i) and E max_i π_i."""
    return one_run_oracle(success, weights), routable_ceiling(success, weights)


# --- P10.i.b


def bracket(success: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Accuracy on a second run of the first run's pick, and the one-run oracle."""
    return second_run_accuracy(success, weights), one_run_oracle(success, weights)


def ceiling_inside(formula: Callable, case: Case) -> Measured:
    """The best router, in rationals, is between the two."""
    value = float(routed(*rates(case)))
    low, high = formula(*_floats(case))
    return Measured(value, value, low - ROUNDING, high + ROUNDING)


def second_run_is(formula: Callable, case: Case) -> Measured:
    """The pick's accuracy on a second run: all patterns of the first, a pick among the right (of all if none is)."""
    table, weights = rates(case)
    total = Fraction(0)
    for w, row in zip(weights, table, strict=True):
        for right, p in runs(row):
            chosen = [pi for pi, hit in zip(row, right, strict=True) if hit] or row
            total += w * p * sum(chosen, Fraction(0)) / len(chosen)
    return equals(float(total), formula(*_floats(case))[0], ROUNDING)


def second_run_by_simulation(formula: Callable, case: Case) -> Measured:
    """Two runs drawn on 40,000 queries; who is picked after the first is graded on the second."""
    success, weights = _floats(case)
    draw = np.random.Generator(np.random.Philox(key=[case["seed"], 101]))
    n, m = 40_000, success.shape[1]
    pi = success[draw.choice(len(weights), size=n, p=weights / weights.sum())]
    first, second = draw.random((2, n, m)) < pi
    # A random order decides among the right, and among all where nobody is.
    pick = (draw.random((n, m)) + first).argmax(axis=1)
    right = second[np.arange(n), pick]
    return share_is(int(right.sum()), n, case["level"], formula(success, weights)[0])


# --- P10.i.c


def guess_corrected(all_wrong: Any, n_models: int, n_options: int) -> tuple[Any, Any]:
    """β_know = β/(1 - 1/k)^m and the routable ceiling 1 - β_know(1 - 1/k)."""
    missed = 1 - Fraction(1, n_options)
    known = all_wrong / missed**n_models
    return known, 1 - known * missed


def _guessers(case: Case) -> tuple[Fraction, Fraction, Fraction]:
    """β observed, β_know and the routable ceiling: every pattern of who knows, every combination of answers.

    ``weights`` are those of the patterns of who knows; whoever does not picks one of k answers, 0 being right.
    """
    weights, k = [rational(w) for w in case["weights"]], case["options"]
    m = (len(weights) - 1).bit_length()
    observed = nobody = ceiling = Fraction(0)
    for weight, knows in zip(weights, product((0, 1), repeat=m), strict=True):
        free = m - sum(knows)
        answers = list(product(range(k), repeat=free))
        missed = Fraction(sum(0 not in given for given in answers), len(answers)) if free == m else Fraction(0)
        observed += weight * missed
        nobody += weight * (free == m)
        ceiling += weight * max(Fraction(1) if one else Fraction(1, k) for one in knows)
    total = sum(weights)
    if not total:
        raise ZeroDivisionError("all weights are 0")
    return observed / total, nobody / total, ceiling / total


def known_rate_is(formula: Callable, case: Case) -> Measured:
    """The rate at which nobody knows, from the rate at which all are wrong."""
    observed, nobody, _ = _guessers(case)
    return equals(nobody, formula(observed, (len(case["weights"]) - 1).bit_length(), case["options"])[0], 0)


def guessing_ceiling_is(formula: Callable, case: Case) -> Measured:
    """The routable ceiling from the same: the router sees who knows."""
    observed, _, ceiling = _guessers(case)
    return equals(ceiling, formula(observed, (len(case["weights"]) - 1).bit_length(), case["options"])[1], 0)


# --- cases


def tables(trial: Trial) -> Iterable[Case]:
    """Two or three types of query, two to four models, success rates in tenths."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 102]))
    for types, m in ((3, 3), (2, 4), (3, 2), (3, 4)):
        success = (draw.integers(0, 11, size=(types, m)) / 10).tolist()
        yield {"success": success, "weights": draw.integers(1, 10, size=types).tolist()}


TWO_TYPES = {"success": [[0.9, 0.3, 0.5], [0.2, 0.6, 0.6]], "weights": [0.7, 0.3]}
ALIKE = {"success": [[0.5, 0.5, 0.5, 0.5], [0.8, 0.8, 0.8, 0.8]], "weights": [0.5, 0.5]}
ANY_TABLE = Search(
    {"success": Range(0, 1, size=6), "weights": Range(0, 1, size=2)}, n_starts=64, n_polished=2, n_steps=40
)


def knowers(trial: Trial) -> Iterable[Case]:
    """Who knows, in random patterns of two to four models, with two to five options."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 103]))
    for m, k in ((2, 4), (3, 3), (3, 5), (4, 2)):
        yield {"weights": draw.integers(1, 10, size=2**m).tolist(), "options": k}


CLAIMS = (
    Claim(
        id="P10.i",
        releases=("lab",),
        statement=(
            "Luck is not routable: one graded run's oracle counts every lucky answer, a router that decides before "
            "anyone answers gets the best model of each type of query at most."
        ),
        symbols="one-run oracle = 1 - E Π(1 - π_i); routable ceiling = E max_i π_i",
        hypothesis="Answers independent given the type of the query, which is all the router sees.",
        expected="confirmed",
        formula=one_run,
        checks=(
            Check("oracle: every pattern of a run", "exact", oracle_is, tables, ANY_TABLE),
            Check("ceiling: every router", "exact", ceiling_is, tables, ANY_TABLE),
            Check(
                "ten identical models",
                "quadrature",
                of_identical_models,
                (
                    {"members": 10, "of": "oracle", "published": 0.318},
                    {"members": 10, "of": "ceiling", "published": 0},
                ),
            ),
        ),
        control=Control(
            "the oracle taken for the ceiling", "refuted", lambda pi, w: (one_run(pi, w)[0], one_run(pi, w)[0])
        ),
        mutants={
            "the two exchanged": lambda pi, w: one_run(pi, w)[::-1],
            "1 - Π(1 - E π_i)": lambda pi, w: (1 - np.prod(1 - np.average(pi, axis=0, weights=w)), one_run(pi, w)[1]),
            "max_i E π_i for E max_i π_i": lambda pi, w: (one_run(pi, w)[0], np.average(pi, axis=0, weights=w).max()),
        },
        universal=True,
    ),
    Claim(
        id="P10.i.b",
        releases=("lab",),
        statement=(
            "Two runs bracket what routing can reach: picking a model that was right on the first and grading it on "
            "the second is a router, and no router beats the oracle of one run."
        ),
        symbols="E π_pick <= E max_i π_i <= 1 - E Π(1 - π_i)",
        hypothesis="Runs independent given the query.",
        expected="confirmed",
        formula=bracket,
        checks=(
            Check("best router between the two", "exact", ceiling_inside, lambda t: [*tables(t), ALIKE], ANY_TABLE),
            Check("second run: every pattern of the first", "exact", second_run_is, tables, ANY_TABLE),
            Check("two runs drawn", "monte_carlo", second_run_by_simulation, (TWO_TYPES, ALIKE)),
        ),
        control=Control(
            "the pick graded on the run that chose it", "refuted", lambda pi, w: (one_run_oracle(pi, w),) * 2
        ),
        mutants={
            "the two exchanged": lambda pi, w: bracket(pi, w)[::-1],
            "any of all picked": lambda pi, w: (float(np.average(pi.mean(axis=1), weights=w)), one_run_oracle(pi, w)),
            "the mean for the oracle": lambda pi, w: (
                bracket(pi, w)[0],
                float(np.average(pi, axis=0, weights=w).max()),
            ),
        },
        universal=True,
    ),
    Claim(
        id="P10.i.c",
        releases=("lab",),
        statement=(
            "On multiple choice guesses hide what nobody knows: all m guess wrong only (1 - 1/k)^m of the time, and a "
            "router gets one in k of those right."
        ),
        symbols="β = β_know(1 - 1/k)^m; routable ceiling 1 - β_know(1 - 1/k)",
        hypothesis="Whoever knows is right; who does not guesses evenly and independently among k options.",
        expected="confirmed",
        formula=guess_corrected,
        checks=(
            Check(
                "who knows, from who is right",
                "exact",
                known_rate_is,
                knowers,
                Search({"weights": Range(0, 1, size=4), "options": Range(2, 6, integer=True)}, n_starts=32, n_steps=30),
            ),
            Check("routable ceiling", "exact", guessing_ceiling_is, knowers),
        ),
        control=Control(
            "β taken as it is",
            "refuted",
            lambda beta, _m, k: (beta, 1 - beta * (1 - Fraction(1, k))),
        ),
        mutants={
            "m-th power dropped": lambda beta, _m, k: guess_corrected(beta, 1, k),
            "1/k for 1 - 1/k": lambda beta, m, k: (beta * Fraction(k) ** m, guess_corrected(beta, m, k)[1]),
            "no guess counted in the ceiling": lambda beta, m, k: (
                guess_corrected(beta, m, k)[0],
                1 - guess_corrected(beta, m, k)[0],
            ),
        },
        universal=True,
    ),
)
