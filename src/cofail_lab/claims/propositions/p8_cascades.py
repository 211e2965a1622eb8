"""P8.i: what escalating the least confident queries gains over escalating at random, budget by budget."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, equals
from cofail_lab.claims.reference.cascade_populations import population, rational
from cofail_lab.claims.reference.simulated import mean_is

BLOCKS = {"mass": Range(0, 1, size=4), "cheap": Range(0, 1, size=4), "strong": Range(0, 1, size=4)}


def random_blocks(trial: Trial, n: int = 8, strong_constant: bool = False) -> Iterable[Case]:
    """Populations of 8 to 1 blocks with rates in tenths."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 81]))
    for blocks in range(n, 0, -1):
        mass, cheap, strong = draw.integers([[1], [0], [0]], [[20], [11], [11]], size=(3, blocks)).tolist()
        tenths = [rate / 10 for rate in strong]
        yield {"mass": mass, "cheap": [c / 10 for c in cheap], "strong": tenths[0] if strong_constant else tenths}


# --- P8.i


def gap(fraction: Any, tail_error: Any, cheap: Any, tail_strong: Any, strong: Any) -> Any:
    """γ[w - (1 - a_L)] + γ[a_H(γ) - a_H]."""
    return fraction * (tail_error - (1 - cheap)) + fraction * (tail_strong - strong)


def gap_is(formula: Callable, case: Case) -> Measured:
    """The gap at one γ, escalating block by block and at random, in rationals."""
    who, gamma = population(case), rational(case["fraction"])
    claimed = formula(
        gamma,
        1 - who.tail(who.cheap, gamma),
        who.mean(who.cheap),
        who.tail(who.strong, gamma),
        who.mean(who.strong),
    )
    return equals(who.gap(gamma), claimed, 0)


def gap_by_subsets(formula: Callable, case: Case) -> Measured:
    """Graded queries in order of confidence: k escalated, against the mean over all sets of k."""
    cheap, strong, k = case["cheap"], case["strong"], case["escalated"]
    n = len(cheap)
    sets = list(combinations(range(n), k))
    mixed = Fraction(sum(strong[i] if i in chosen else cheap[i] for chosen in sets for i in range(n)), n * len(sets))
    claimed = formula(
        Fraction(k, n),
        1 - Fraction(sum(cheap[:k]), k),
        Fraction(sum(cheap), n),
        Fraction(sum(strong[:k]), k),
        Fraction(sum(strong), n),
    )
    return equals(Fraction(sum(strong[:k]) + sum(cheap[k:]), n) - mixed, claimed, 0)


def gap_by_simulation(formula: Callable, case: Case) -> Measured:
    """Answers drawn on queries of uniform confidence s: L right with probability s, H with .6 + .3s.

    So w(γ) = 1 - γ/2, a_L = ½, a_H(γ) = .6 + .15γ, a_H = .75.
    """
    gamma, n = case["fraction"], 40_000
    draw = np.random.Generator(np.random.Philox(key=[case["seed"], 82]))
    s = draw.random(n)
    cheap, strong = draw.random(n) < s, draw.random(n) < 0.6 + 0.3 * s
    excess = np.where(s < gamma, strong, cheap) * 1.0 - np.where(draw.random(n) < gamma, strong, cheap)
    claimed = formula(gamma, 1 - gamma / 2, 0.5, 0.6 + 0.15 * gamma, 0.75)
    return mean_is(excess, case["level"], claimed)


def graded_queries(trial: Trial) -> Iterable[Case]:
    """Eight graded queries, every number of them escalated."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 83]))
    cheap, strong = draw.integers(0, 2, size=(2, 8)).tolist()
    for k in range(1, 9):
        yield {"cheap": cheap, "strong": strong, "escalated": k}


ANY = Search({**BLOCKS, "fraction": Range(0.001, 1)}, n_starts=64, n_polished=2, n_steps=40)

CLAIMS = (
    Claim(
        id="P8.i",
        releases=("june", "sept"),
        statement=(
            "A cascade beats random escalation at the same budget by how much the errors of the cheap model "
            "concentrate on the escalated queries, plus how much better than usual the strong model does there."
        ),
        symbols="Q - Q_mix = γ[w - (1 - a_L)] + γ[a_H(γ) - a_H]",
        hypothesis="Any joint law of score and answers; tied queries are escalated in part.",
        expected="confirmed",
        formula=gap,
        checks=(
            Check(
                "blocks of queries in rationals",
                "exact",
                gap_is,
                lambda trial: [{**case, "fraction": 0.3} for case in random_blocks(trial)],
                ANY,
            ),
            Check("every set of k queries", "exact", gap_by_subsets, graded_queries),
            Check(
                "answers drawn",
                "monte_carlo",
                gap_by_simulation,
                ({"fraction": 0.25}, {"fraction": 0.6}),
            ),
        ),
        control=Control(
            "the strong model's part left out",
            "refuted",
            lambda g, w, low, _there, _high: g * (w - (1 - low)),
        ),
        mutants={
            "a_H - a_H(γ)": lambda g, w, low, there, high: gap(g, w, low, high, there),
            "factor γ dropped": lambda _g, w, low, there, high: (w - (1 - low)) + (there - high),
            "a_L for 1 - a_L": lambda g, w, low, there, high: g * (w - low) + g * (there - high),
        },
        universal=True,
    ),
)
