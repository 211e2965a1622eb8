"""P1.i and P1.ii: no selection policy beats 1 - β, and what is left to gain is the resolvable mass."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_most, equals
from cofail_lab.claims.reference.exact import exact_error_rates, joint_law, patterns

LP_ERROR = 1e-9


def ceiling(all_wrong: Any, _accuracies: Any) -> Any:
    """1 - β."""
    return 1 - all_wrong


# --- P1.i: a linear program over every stochastic policy


def best_policy(case: Case) -> float:
    """Greatest accuracy of any stochastic policy that sees the signal: max over π(i|x) of Σ p(x,E) π(i|x) (1 - E_i)."""
    from scipy.optimize import linprog

    wrong, probs = joint_law(case)
    signal, m = np.asarray(case["signal"]), wrong.shape[1]
    seen = np.unique(signal)
    right = np.array([float(p) for p in probs])[:, None] * (1 - wrong)
    gain = np.array([right[signal == x].sum(axis=0) for x in seen])
    sums = np.kron(np.eye(len(seen)), np.ones(m))
    solution = linprog(-gain.ravel(), A_eq=sums, b_eq=np.ones(len(seen)), bounds=(0, 1), method="highs")
    if not solution.success:
        raise ArithmeticError(solution.message)
    return -solution.fun


def random_laws(trial: Trial, identifying: bool | None = None) -> Iterable[Case]:
    """Joint laws of 2 to 4 models, zeros among their weights; the signal does or does not name a right one."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 11]))
    for m in (2, 2, 3, 3, 4, 4):
        wrong = patterns(m)
        weights = draw.integers(0, 10, size=2**m) * draw.integers(0, 2, size=2**m) + (np.arange(2**m) % (2**m - 1) == 0)
        if identifying:
            # The signal names the first right model.
            signal = np.where(wrong.all(axis=1), m, wrong.argmin(axis=1))
        elif identifying is None:
            signal = draw.integers(0, 3, size=2**m)
        else:
            # One signal shared by two events without a right model in common.
            weights[1], weights[2**m - 2] = 3, 4
            signal = np.zeros(2**m, dtype=int)
        yield {"weights": weights.tolist(), "signal": signal.tolist()}


def _ceiling_of(formula: Callable, case: Case) -> float:
    wrong, probs = joint_law(case)
    accuracies = [
        float(sum(p for p, row in zip(probs, wrong, strict=True) if not row[i])) for i in range(wrong.shape[1])
    ]
    return float(formula(float(probs[-1]), accuracies))


def policy_below(formula: Callable, case: Case) -> Measured:
    """The best policy of a signal stays below the ceiling."""
    return at_most(best_policy(case), _ceiling_of(formula, case) + LP_ERROR, LP_ERROR / 2)


def oracle_attains(formula: Callable, case: Case) -> Measured:
    """A signal that names a right model whenever there is one attains it."""
    return equals(best_policy(case), _ceiling_of(formula, case), 2 * LP_ERROR, LP_ERROR)


def ambiguous_misses(formula: Callable, case: Case) -> Measured:
    """A signal shared by events that no one model gets right stays strictly below."""
    return at_most(best_policy(case), _ceiling_of(formula, case) - 1e-6, LP_ERROR)


# --- P1.i: votes with several distinct wrong answers


def vote_accuracy(case: Case) -> tuple[Fraction, Fraction, list[Fraction]]:
    """Accuracy of a weighted plurality over answers 0 (right), 1, 2, ...; β; accuracies. Exact, by enumeration.

    ``case['answers']`` lists profiles (one answer per model), ``case['weights']`` their integer weights. Ties go to the
    answer that comes first among the members, so the output is always a member's answer.
    """
    total = sum(case["weights"])
    voted = all_wrong = Fraction(0)
    m = len(case["answers"][0])
    accuracies = [Fraction(0)] * m
    for answers, weight in zip(case["answers"], case["weights"], strict=True):
        p = Fraction(weight, total)
        support: dict[int, float] = {}
        for answer, vote in zip(answers, case["votes"], strict=True):
            support[answer] = support.get(answer, 0) + vote
        chosen = max(support, key=lambda answer: support[answer])
        voted += p * (chosen == 0)
        all_wrong += p * (0 not in answers)
        accuracies = [a + p * (answer == 0) for a, answer in zip(accuracies, answers, strict=True)]
    return voted, all_wrong, accuracies


def vote_below(formula: Callable, case: Case) -> Measured:
    """A vote's accuracy against the ceiling, in rationals."""
    voted, all_wrong, accuracies = vote_accuracy(case)
    return at_most(voted, Fraction(formula(all_wrong, accuracies)))


def random_votes(trial: Trial) -> Iterable[Case]:
    """Plurality (equal votes) and weighted votes of 3 to 5 models over 4 answers."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 12]))
    for m in (3, 4, 5):
        answers = draw.integers(0, 4, size=(40, m)).tolist()
        weights = draw.integers(1, 20, size=40).tolist()
        for votes in ([1] * m, draw.integers(1, 9, size=m).tolist()):
            yield {"answers": answers, "weights": weights, "votes": votes}
    # Perfectly complementary models, whose vote attains the ceiling.
    yield {"answers": [[0, 1, 2], [0, 0, 1], [1, 2, 3]], "weights": [4, 4, 2], "votes": [3, 1, 1]}


def outsider_accuracy(formula: Callable, case: Case) -> Measured:
    """A policy that may give an answer of its own, such as a synthesizer that is always right."""
    _, all_wrong, accuracies = vote_accuracy(case)
    return at_most(Fraction(1), Fraction(formula(all_wrong, accuracies)))


# --- P1.ii


def gain(best_wrong: Any, all_wrong: Any) -> Any:
    """P(single best wrong) - β."""
    return best_wrong - all_wrong


def gain_is(formula: Callable, case: Case) -> Measured:
    """The oracle's accuracy less the best model's, event by event in rationals."""
    wrong, probs = joint_law(case)
    least = min(exact_error_rates(wrong, probs))
    oracle = sum((p for p, row in zip(probs, wrong, strict=True) if not row.all()), Fraction(0))
    return equals(oracle - (1 - least), formula(least, probs[-1]), 0)


def resolvable_only(formula: Callable, case: Case) -> Measured:
    """P(best wrong, someone right), summed over those events alone."""
    wrong, probs = joint_law(case)
    rates = [
        sum((p for p, row in zip(probs, wrong, strict=True) if row[i]), Fraction(0)) for i in range(wrong.shape[1])
    ]
    best = min(range(len(rates)), key=lambda i: rates[i])
    resolvable = sum((p for p, row in zip(probs, wrong, strict=True) if row[best] and not row.all()), Fraction(0))
    return equals(resolvable, formula(rates[best], probs[-1]), 0)


_ANY_LAW = Search({"weights": Range(0, 40, integer=True, size=8)}, n_starts=64, n_steps=40)
_ANY_SIGNAL = replace(_ANY_LAW, box={**_ANY_LAW.box, "signal": Range(0, 3, integer=True, size=8)})

CLAIMS = (
    Claim(
        id="P1.i",
        releases=("june", "sept"),
        statement=(
            "No policy whose output is one member's answer is right more often than 1 - β; a signal that names a right "
            "member whenever there is one attains it."
        ),
        symbols="max_π P(policy right) ≤ 1 - β, with equality iff the signal X identifies a right member",
        hypothesis="Any joint law of errors and signal; routers, cascades, plurality and weighted votes alike.",
        expected="confirmed",
        formula=ceiling,
        checks=(
            Check("linear program over stochastic policies", "lp", policy_below, random_laws, _ANY_SIGNAL),
            Check("a signal that identifies a right member", "lp", oracle_attains, lambda t: random_laws(t, True)),
            Check("a signal that does not", "lp", ambiguous_misses, lambda t: random_laws(t, False)),
            Check("weighted votes over several wrong answers", "exact", vote_below, random_votes),
        ),
        control=Control(
            "a policy that may output an answer of no member",
            "refuted",
            ceiling,
            (Check("a synthesizer that is always right", "exact", outsider_accuracy, random_votes),),
        ),
        mutants={
            "the single best as the ceiling": lambda _all_wrong, accuracies: max(accuracies),
            "1 - β² for 1 - β": lambda all_wrong, _accuracies: 1 - all_wrong**2,
            "independence in place of β": lambda _, accuracies: 1 - np.prod([1 - a for a in accuracies]),
        },
        universal=True,
    ),
    Claim(
        id="P1.ii",
        releases=("june", "sept"),
        statement="The oracle's gain over the single best is that model's error rate less β: its resolvable failures.",
        symbols="G = P(E_sb = 1) - β = P(E_sb = 1, C < m)",
        hypothesis="Any joint law.",
        expected="confirmed",
        formula=gain,
        checks=(
            Check("exact enumeration of patterns", "exact", gain_is, random_laws, _ANY_LAW),
            Check("the resolvable events alone", "exact", resolvable_only, random_laws, _ANY_LAW),
        ),
        control=Control("β left out", "refuted", lambda best_wrong, _all_wrong: best_wrong),
        mutants={
            "β added, not subtracted": lambda best_wrong, all_wrong: best_wrong + all_wrong,
            "β times the best's error rate": lambda best_wrong, all_wrong: best_wrong - all_wrong * best_wrong,
        },
        universal=True,
    ),
)
