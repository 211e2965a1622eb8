"""P14.ii: the weights that votes should have."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_least
from cofail_lab.claims.propositions.p14_votes import ROUNDING, Law, independent
from cofail_lab.claims.reference.cascade_populations import HALF, rational
from cofail_lab.decisions import log_odds_weights


def accuracy(weights: Sequence[float], law: Law) -> Fraction:
    """A weighted vote on two answers, pattern by pattern; a tie of the weights, up to rounding, counts ½."""
    total = Fraction(0)
    for who, p in law.items():
        lead = sum(w if hit else -w for w, hit in zip(weights, who, strict=True))
        if abs(lead) <= ROUNDING * sum(abs(w) for w in weights):
            total += p * HALF
        else:
            total += p * (lead > 0)
    return total


def best_rule(law: Law) -> Fraction:
    """The best of all rules from votes to two equally likely answers: each pattern against its opposite."""
    return sum((max(p, law[tuple(1 - hit for hit in who)]) for who, p in law.items()), Fraction(0)) * HALF


def optimal(formula: Callable, case: Case) -> Measured:
    """Accuracy of the weights against every rule on the votes, in rationals."""
    rates = [rational(a) for a in case["accuracies"]]
    if not all(HALF <= a < 1 for a in rates):
        raise ArithmeticError("accuracies in [½, 1) are needed")
    law = independent(rates)
    weights = formula(np.array([float(a) for a in rates]))
    return at_least(accuracy(weights, law), best_rule(law) - rational(ROUNDING))


def members(trial: Trial) -> Iterable[Case]:
    """Three to seven members of accuracies in twentieths; one that outweighs all others first."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 143]))
    yield {"accuracies": [0.95, 0.7, 0.65, 0.6, 0.55]}
    yield {"accuracies": [0.9, 0.8, 0.7, 0.65, 0.6, 0.55, 0.5]}
    for k in (3, 4, 5, 6, 7):
        yield {"accuracies": (draw.integers(10, 20, size=k) / 20).tolist()}


def shared(case: Case) -> Law:
    """Members that are right independently given a shared state; ``rates`` has a row for each state."""
    weights = [rational(w) for w in case["weights"]]
    law: Law = {}
    for weight, row in zip(weights, case["rates"], strict=True):
        for who, p in independent([rational(a) for a in row]).items():
            law[who] = law.get(who, Fraction(0)) + weight / sum(weights) * p
    return law


def equal_less_weighted(formula: Callable, case: Case) -> Measured:
    """How much more equal weights are right than those of the accuracies; above 0 is claimed, by a point or more."""
    law = shared(case)
    k = len(next(iter(law)))
    rates = [float(sum((p for who, p in law.items() if who[i]), Fraction(0))) for i in range(k)]
    difference = accuracy([1.0] * k, law) - accuracy(formula(np.array(rates)), law)
    return at_least(difference, rational(0.01))


# Three members share one state and are right in it or wrong together; four others are independent.
CLONES = {"weights": [0.8, 0.2], "rates": [[0.99, 0.99, 0.99, 0.7, 0.7, 0.7, 0.7], [0.1, 0.1, 0.1, 0.7, 0.7, 0.7, 0.7]]}
NO_STATE = {"weights": [1], "rates": [[0.81, 0.81, 0.81, 0.7, 0.7, 0.7, 0.7]]}


def plurality_accuracy(weights: Sequence[float], rates: Sequence[Fraction], options: int) -> Fraction:
    """Weighted plurality of independent members whose wrong answers are uniform; answer 0 is right, ties are split."""
    total = Fraction(0)
    for said in product(range(options), repeat=len(rates)):
        p = prod(
            (a if answer == 0 else (1 - a) / (options - 1) for a, answer in zip(rates, said, strict=True)),
            start=Fraction(1),
        )
        support = [sum(w for w, answer in zip(weights, said, strict=True) if answer == o) for o in range(options)]
        top = max(support)
        leaders = [o for o, weight in enumerate(support) if weight >= top - ROUNDING * sum(map(abs, weights))]
        total += p * Fraction(0 in leaders, len(leaders))
    return total


def no_worse_than_negative(formula: Callable, case: Case) -> Measured:
    """Accuracy of the weights less that of the log-odds as they are, negative ones too, in rationals."""
    rates = [rational(a) for a in case["accuracies"]]
    floats = np.array([float(a) for a in rates])
    negative = np.log(floats / (1 - floats))
    ours, theirs = (plurality_accuracy(list(w), rates, case["options"]) for w in (formula(floats), negative))
    return at_least(ours - theirs, rational(0.001))


def optimal_of_many(formula: Callable, case: Case) -> Measured:
    """A weighted plurality against every rule from what was said to one of K equally likely answers, in rationals."""
    rates, options = [rational(a) for a in case["accuracies"]], case["options"]
    if not all(Fraction(1, options) <= a < 1 for a in rates):
        raise ArithmeticError("accuracies in [1/K, 1) are needed")
    weights = formula(np.array([float(a) for a in rates]), options)
    best = sum(
        (
            max(
                prod(
                    (a if answer == truth else (1 - a) / (options - 1) for a, answer in zip(rates, said, strict=True)),
                    start=Fraction(1),
                )
                for truth in range(options)
            )
            for said in product(range(options), repeat=len(rates))
        ),
        Fraction(0),
    )
    value = plurality_accuracy(list(weights), rates, options)
    return at_least(value, best / options - rational(ROUNDING))


def many_options(trial: Trial) -> Iterable[Case]:
    """Three to five members, three or four options, accuracies in twentieths."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 144]))
    for k, options in ((3, 3), (4, 3), (4, 4), (5, 3), (5, 4)):
        yield {"accuracies": (draw.integers(20 // options + 1, 19, size=k) / 20).tolist(), "options": options}
    yield {"accuracies": [0.6, 0.55, 0.4, 0.35], "options": 4}


WEAK = (
    {"accuracies": [0.7, 0.45, 0.4, 0.4], "options": 4},
    {"accuracies": [0.6, 0.55, 0.4, 0.35], "options": 4},
    {"accuracies": [0.7, 0.6, 0.4, 0.4], "options": 5},
)


def equal_weights(accuracies: Any) -> np.ndarray:
    """One each."""
    return np.ones(len(accuracies))


CLAIMS = (
    Claim(
        id="P14.ii",
        releases=("lab",),
        statement="With independent members and two answers no rule is right more often than log-odds weights.",
        symbols="w_i = ln(a_i/(1 - a_i)) maximizes P(right) over all rules on the votes",
        hypothesis="Independent members of known accuracies in [½, 1); two equally likely answers.",
        expected="confirmed",
        formula=log_odds_weights,
        checks=(
            Check(
                "every rule on the votes, in rationals",
                "exact",
                optimal,
                members,
                Search({"accuracies": Range(0.51, 0.98, size=5)}, n_starts=128, n_polished=2, n_steps=40),
            ),
        ),
        control=Control("equal weights", "refuted", equal_weights),
        mutants={
            "the accuracies as weights": lambda a: a,
            "a - ½": lambda a: a - 0.5,
            "odds for log-odds": lambda a: a / (1 - a),
            "-1/ln a": lambda a: -1 / np.log(a),
        },
        universal=True,
        note="Nitzan and Paroush.",
    ),
    Claim(
        id="P14.ii.b",
        releases=("lab",),
        statement="Under a shared factor log-odds weights can lose to equal ones: they count what clones share thrice.",
        symbols="P(equal weights right) > P(log-odds weights right)",
        hypothesis="Three members right together or wrong together for the most part, four independent ones.",
        expected="confirmed",
        formula=log_odds_weights,
        checks=(Check("both votes counted in rationals", "exact", equal_less_weighted, (CLONES,)),),
        control=Control(
            "the same accuracies without a shared state",
            "refuted",
            log_odds_weights,
            (Check("both votes counted in rationals", "exact", equal_less_weighted, (NO_STATE,)),),
        ),
        mutants={"equal weights": equal_weights},
    ),
    Claim(
        id="P14.ii.c",
        releases=("lab",),
        statement="With more than two answers a member below one half should have no vote rather than a negative one.",
        symbols="w_i = max(0, ln(a_i/(1 - a_i))) is right more often than ln(a_i/(1 - a_i))",
        hypothesis="Independent members with 1/K < a_i < ½ among them, K options, wrong answers uniform.",
        expected="confirmed",
        formula=log_odds_weights,
        checks=(Check("pluralities counted in rationals", "exact", no_worse_than_negative, WEAK),),
        control=Control(
            "with two options",
            "refuted",
            log_odds_weights,
            (
                Check(
                    "pluralities counted in rationals",
                    "exact",
                    no_worse_than_negative,
                    ({"accuracies": [0.7, 0.45, 0.2], "options": 2},),
                ),
            ),
        ),
        mutants={"negative weights": lambda a: np.log(a / (1 - a))},
        note="Zero is safe, not best: see P14.ii.d.",
    ),
    Claim(
        id="P14.ii.d",
        releases=("lab",),
        statement=(
            "With K answers no rule is right more often than a plurality weighted by ln(a(K - 1)/(1 - a)), which gives "
            "a vote to whoever is right more often than a guess."
        ),
        symbols="w_i = ln(a_i(K - 1)/(1 - a_i)) maximizes P(right) over all rules on the answers",
        hypothesis="Independent members with a_i >= 1/K, K equally likely answers, wrong answers uniform.",
        expected="confirmed",
        formula=log_odds_weights,
        checks=(
            Check(
                "every rule on the answers, in rationals",
                "exact",
                optimal_of_many,
                many_options,
                Search(
                    {"accuracies": Range(0.34, 0.95, size=4)},
                    fixed={"options": 3},
                    n_starts=32,
                    n_polished=1,
                    n_steps=20,
                ),
            ),
        ),
        control=Control("the log-odds of two options", "refuted", lambda a, _options: log_odds_weights(a)),
        mutants={
            "K for K - 1": lambda a, options: log_odds_weights(a, options + 1),
            "no logarithm": lambda a, options: a * (options - 1) / (1 - a),
            "equal weights": lambda a, _options: equal_weights(a),
        },
        universal=True,
    ),
)
