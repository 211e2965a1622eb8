"""P12: what a router can get from features that say nothing, something, or which part of a partition a query is in."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import product

import numpy as np

from cofail_lab.claims.adversary import Range
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_most, equals
from cofail_lab.claims.propositions.l1_types import POLICY, oracle, single_best, stochastic
from cofail_lab.claims.reference.exact import pattern_law, patterns, worst
from cofail_lab.claims.reference.exact_routing import BOX, N_TYPES, Program, program, searched

_MEMBERS, _SIGNALS = 3, 3
N_KINDS = 5
_ROUNDING = 1e-12


# --- P12.i


def blind_accuracy(picks: list[Fraction], accuracies: list[Fraction]) -> Fraction:
    """Σ_i P(pick i)a_i."""
    return sum((p * a for p, a in zip(picks, accuracies, strict=True)), Fraction(0))


def blind_router(formula: Callable, case: Case) -> Measured:
    """A stochastic router on a signal that is independent of the outcomes, signal by signal and pattern by pattern."""
    law, wrong = pattern_law(case), patterns(_MEMBERS).tolist()
    weights = [Fraction(w) for w in case["signal"]]
    signal = [w / sum(weights) for w in weights]
    flat = [Fraction(w) for w in case["policy"]]
    rows = [flat[i : i + _MEMBERS] for i in range(0, len(flat), _MEMBERS)]
    router = [[w / sum(row) for w in row] for row in rows]
    right = sum(
        (
            s * q * pick * (1 - e)
            for (s, row), (q, pattern) in product(zip(signal, router, strict=True), zip(law, wrong, strict=True))
            for pick, e in zip(row, pattern, strict=True)
        ),
        Fraction(0),
    )
    accuracies = [
        sum((q for q, row in zip(law, wrong, strict=True) if not row[i]), Fraction(0)) for i in range(_MEMBERS)
    ]
    picks = [sum((s * row[i] for s, row in zip(signal, router, strict=True)), Fraction(0)) for i in range(_MEMBERS)]
    return worst(equals(right, formula(picks, accuracies), 0), at_most(right, max(accuracies)))


def independent_signals(trial: Trial) -> Iterable[Case]:
    """Random joint laws of errors, signals and routers; a router that leaves a clearly best model."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 121]))
    for _ in range(6):
        yield {
            "weights": draw.integers(1, 10, size=2**_MEMBERS).tolist(),
            "signal": draw.integers(1, 6, size=_SIGNALS).tolist(),
            "policy": draw.integers(1, 9, size=_SIGNALS * _MEMBERS).tolist(),
        }
    yield {"weights": [0, 0, 0, 9, 0, 0, 0, 1], "signal": [1, 1, 1], "policy": [1, 0, 0, 0, 1, 0, 0, 0, 1]}


SIGNAL_BOX = {
    "weights": Range(1, 9, integer=True, size=2**_MEMBERS),
    "signal": Range(1, 6, integer=True, size=_SIGNALS),
    "policy": Range(1, 9, integer=True, size=_SIGNALS * _MEMBERS),
}


# --- P12.i.b


def told_share(told: Fraction) -> Fraction:
    """The table captures p of G."""
    return told


def _masses(told: Fraction) -> list[list[Fraction]]:
    """P(type, type shown): the type with probability p, else one of all of them, the true one included."""
    other = (1 - told) / N_KINDS
    return [[(other + (told if true == shown else 0)) / N_KINDS for shown in range(N_KINDS)] for true in range(N_KINDS)]


def table_captures(formula: Callable, case: Case) -> Measured:
    """The best model of each type shown, in rationals: its gain over the single best, by the oracle's."""
    told, alike = Fraction(case["told"]), Fraction(case["all_right"])
    only = 1 - alike - Fraction(case["all_wrong"])
    if only <= 0:
        raise ArithmeticError("some queries that only one model gets right are needed")
    mass = _masses(told)
    table = sum((max(mass[true][shown] for true in range(N_KINDS)) for shown in range(N_KINDS)), Fraction(0))
    single = max(sum(row, Fraction(0)) for row in mass)
    return equals((table - single) / (1 - single), formula(told), 0)


def library_captures(formula: Callable, case: Case) -> Measured:
    """`policies.domain_table`, fitted to and judged on a population of a thousand queries for every type."""
    from cofail_lab.policies import Features, Graded
    from cofail_lab.policies.domain_table import DomainTable
    from cofail_lab.policies.exam import sit

    told = Fraction(case["told"])
    queries = [
        (true, shown, kind)
        for true, row in enumerate(_masses(told))
        for shown, mass in enumerate(row)
        for kind, share in (("right", case["all_right"]), ("wrong", case["all_wrong"]), ("one", None))
        for _ in range(_whole(mass * N_KINDS * 1000 * (Fraction(share) if share else _only(case))))
    ]
    right = np.array([[k == "right" or (k == "one" and i == t) for i in range(N_KINDS)] for t, _, k in queries])
    shown = np.array([f"type {s}" for _, s, _ in queries], dtype=object)
    data = Graded(Features(np.arange(len(queries)).astype(object), {"dataset": shown}), tuple("ABCDE"), right)
    table = sit(DomainTable(guard=False).fit(data, 0), data, None).right_low.mean()
    single = data.accuracy.max()
    return equals((table - single) / (right.any(axis=1).mean() - single), float(formula(told)), _ROUNDING)


def _only(case: Case) -> Fraction:
    return 1 - Fraction(case["all_right"]) - Fraction(case["all_wrong"])


def _whole(number: Fraction) -> int:
    if number.denominator != 1:
        raise ArithmeticError("masses of whole queries are needed")
    return int(number)


PUBLISHED = tuple({"told": told, "all_right": "1/2", "all_wrong": "1/20"} for told in ("0", "1/2", "9/10", "1"))
TOLD = {"told": Range(0, 1), "all_right": Range(0, 0.5), "all_wrong": Range(0, 0.4)}


# --- P12.ii


def merged(case: Case) -> Program:
    """The parts of a partition as types of their own: a part's quality is the weighted mean of its types."""
    fine = program(case)
    parts = sorted(set(case["merge"]))
    members = [[t for t, part in enumerate(case["merge"]) if part == name] for name in parts]
    weights = [sum(fine.prior[t] for t in group) for group in members]
    quality = [
        [sum((Fraction(fine.prior[t] * fine.quality[t][i]) for t in group), Fraction(0)) / weight for i in range(width)]
        for group, weight in zip(members, weights, strict=True)
        for width in [len(fine.quality[0])]
    ]
    return Program(quality, [], weights, fine.total)  # type: ignore[arg-type]


def partition_bounds(formula: Callable, case: Case) -> Measured:
    """A router by the part: stochastic ones stay below, the best deterministic one of all attains; V° is above."""
    fine, coarse = program(case), merged(case)
    shares = stochastic(case, fine)[: len(coarse.quality)]
    value = coarse.mean(
        sum((p * q for p, q in zip(*rows, strict=True)), Fraction(0))
        for rows in zip(shares, coarse.quality, strict=True)
    )
    best = max(coarse.mean(choice) for choice in product(*coarse.quality))
    claimed = formula(case)
    return worst(at_most(value, claimed), equals(best, claimed, 0), at_most(claimed, oracle(fine)))


def partitions(trial: Trial) -> Iterable[Case]:
    """Qualities with ties, priors, routers and partitions."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 122]))
    for _ in range(8):
        yield {
            "quality": draw.integers(0, 6, 12).tolist(),
            "prices": [0, 0, 0],
            "prior": draw.integers(1, 6, 4).tolist(),
            "policy": draw.integers(1, 9, 12).tolist(),
            "merge": draw.integers(0, 2, 4).tolist(),
        }
    yield {"quality": [9, 0, 0, 1], "prices": [0, 0], "prior": [1, 8], "policy": [1, 1, 1, 1], "merge": [0, 0]}


CLAIMS = (
    Claim(
        id="P12.i",
        releases=("lab",),
        statement=(
            "Where the features say nothing of the outcomes, a router is right as often as its picks are on average, "
            "never more often than the single best: it loses whenever it leaves the best model for a worse one."
        ),
        symbols="X ⊥ E ⇒ accuracy = Σ_i P(pick i)a_i ≤ a_sb",
        hypothesis="Any joint law of errors, signal and stochastic router.",
        expected="confirmed",
        formula=blind_accuracy,
        checks=(
            Check(
                "signals and patterns in rationals", "exact", blind_router, independent_signals, searched(SIGNAL_BOX)
            ),
        ),
        control=Control("the single best's accuracy", "refuted", lambda _, accuracies: max(accuracies)),
        mutants={
            "every model picked equally often": lambda _, accuracies: sum(accuracies) / len(accuracies),
            "the model picked most": lambda picks, accuracies: accuracies[picks.index(max(picks))],
        },
        universal=True,
        note="The greatest of many fitted scores is too high, so that an argmax leaves the best model: winner's curse.",
    ),
    Claim(
        id="P12.i.b",
        releases=("lab",),
        statement=(
            "Told a query's type with probability p, and else a type drawn from all, a table by type captures p of the "
            "oracle's gain."
        ),
        symbols="captured = p",
        hypothesis="Five types alike; all right, all wrong, or right only for the model of the type.",
        expected="confirmed",
        formula=told_share,
        checks=(
            Check(
                "the best model of each type shown, in rationals", "exact", table_captures, PUBLISHED, searched(TOLD)
            ),
            Check("the policy of the library", "exact", library_captures, PUBLISHED),
        ),
        control=Control(
            "how often the type shown is the true one", "refuted", lambda told: told + (1 - told) / N_KINDS
        ),
        mutants={
            "p²": lambda told: told**2,
            "the true type is not drawn again": lambda told: told - (1 - told) / (N_KINDS - 1),
        },
        universal=True,
    ),
    Claim(
        id="P12.ii",
        releases=("lab",),
        statement=(
            "A router that sees only the part of a partition is right at most as often as the best model of each part, "
            "which one attains, and that is at most the oracle's."
        ),
        symbols="V(π) ≤ Σ_t p(t)max_i a_i(t) ≤ V°",
        hypothesis="Any qualities, prior, partition of the types and stochastic router.",
        expected="confirmed",
        formula=lambda case: oracle(merged(case)),
        checks=(
            Check(
                "every deterministic router by part, and a stochastic one",
                "exact",
                partition_bounds,
                partitions,
                searched({**BOX, **POLICY}, merge=[0, 0, 1][:N_TYPES]),
            ),
        ),
        control=Control("the oracle that sees the type", "refuted", lambda case: oracle(program(case))),
        mutants={
            "the single best": lambda case: single_best(program(case)),
            "parts counted equally": lambda case: (
                sum(map(max, merged(case).quality), Fraction(0)) / len(merged(case).quality)
            ),
        },
        universal=True,
    ),
)
