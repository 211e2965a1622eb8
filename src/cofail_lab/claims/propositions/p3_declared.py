"""P3.vii: declared facts, one claim a kind: the limits are those of a dense program that shares nothing with them."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from cofail_lab.bounds.declared.known import Known
from cofail_lab.bounds.declared.targets import target
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Check, Claim, Control
from cofail_lab.claims.reference.declared import KINDS, Said, monotone, product, sharp
from cofail_lab.errors import InputError

# Laws whose rates, pairs and conditions all differ.
LAWS = tuple(
    {"weights": weights} for weights in ([9, 3, 5, 2, 7, 4, 1, 6], [20, 1, 6, 3, 2, 9, 4, 8], [3, 8, 1, 7, 2, 5, 6, 4])
)
ANY_LAW = Search({"weights": Range(1, 40, integer=True, size=8)}, n_starts=4, n_polished=1, n_steps=4)


def declared(change: Callable[[Said], Said], said: Said, text: str) -> tuple[float, float]:
    """The limits from what was said, changed; (1, 0) where no law has it."""
    try:
        known = Known(**change(dict(said))).on()
        found = known.range(target(text, known.pool))
    except InputError:
        return 1.0, 0.0
    return found.lower, found.upper


def as_said(said: Said) -> Said:
    """Nothing changed."""
    return said


def _without(*keys: str) -> Callable[[Said], Said]:
    return lambda said: {key: value for key, value in said.items() if key not in keys}


def _with(key: str, change: Callable[[Any], Any]) -> Callable[[Said], Said]:
    return lambda said: {**said, key: change(said[key])}


class Story(NamedTuple):
    """The words of a claim and its false variants, by what is wrong with them."""

    statement: str
    symbols: str
    left_out: Callable[[Said], Said]
    wrong: Mapping[str, Callable[[Said], Said]]


STORIES = {
    "rates and pairs": Story(
        "All error rates and pairs give the sharp interval of the all-wrong rate.",
        "[min, max] P(C = m) given α_i, p_ij",
        _without("pairs"),
        {
            "pairs in another order": _with("pairs", lambda p: [p[1], p[0], p[2]]),
            "no rates": lambda s: {"n_models": 3, "pairs": s["pairs"]},
        },
    ),
    "some pairs and triples": Story(
        "Some pairs and triples, beside the rates, give the sharp interval of two or more wrong.",
        "[min, max] P(C ≥ 2) given α_i, p_01, p_012",
        _without("triples"),
        {
            "the pair of others": _with("some_pairs", lambda p: [[0, 2, p[0][2]]]),
            "the triple as a pair": lambda s: {
                **_without("triples")(s),
                "some_pairs": [*s["some_pairs"], [1, 2, s["triples"][0][3]]],
            },
        },
    ),
    "moments": Story(
        "Two moments of the number of wrong models give the sharp interval of all wrong.",
        "[min, max] P(C = m) given E[C(C, k)]/C(m, k), k = 1, 2",
        _with("moments", lambda p: p[:1]),
        {"the second as the third": _with("moments", lambda p: [p[0], None, p[1]])},
    ),
    "events": Story(
        "The probability of an event, such as one of two being right, narrows that of a vote to its sharp interval.",
        "[min, max] P(majority right) given α_i, P(event)",
        _without("events"),
        {
            "the opposite event": _with("events", lambda e: [e[0].replace("right(0,1) >= 1", "wrong(0,1)")]),
            "both of them right": _with("events", lambda e: [e[0].replace(">= 1", "== 2")]),
        },
    ),
    "conditional rates": Story(
        "P(A wrong | B wrong) is a linear fact, and the interval with it is sharp.",
        "P(A ∩ B) = v P(B)",
        _without("conditional"),
        {
            "the condition turned round": lambda s: {**s, "conditional": [[1, 0, s["conditional"][0][2]]]},
            "the condition left out of it": lambda s: {**_without("conditional")(s), "some_pairs": s["conditional"]},
        },
    ),
    "interchangeable models": Story(
        "Interchangeable models halve what must be known: what holds for one of them holds for the other.",
        "P(E_0, E_1, E_2) = P(E_1, E_0, E_2)",
        _without("interchangeable"),
        {
            "another pair is": _with("interchangeable", lambda _: [[1, 2]]),
            "all are": _with("interchangeable", lambda _: [[0, 1, 2]]),
        },
    ),
    "an endless supply": Story(
        "Models of an endless supply of alike ones are a mixture over an error rate: less is open than for three.",
        "[min, max] ∫θ³ dμ given ∫θ dμ, ∫θ² dμ",
        _without("extendible"),
        {"three interchangeable models": lambda s: {**_without("extendible")(s), "interchangeable": [[0, 1, 2]]}},
    ),
    "a factor": Story(
        "Models that err independently given a factor with stated nodes: its unknown weights leave an interval, sharp.",
        "[min, max] Σ_k w_k Π_i r_ki given Σ_k w_k r_k0",
        _without("factor"),
        {
            "models exchanged": _with("factor", lambda f: {**f, "nodes": [r[::-1] for r in f["nodes"]]}),
            "a node forgotten": _with("factor", lambda f: {**f, "nodes": f["nodes"][:2]}),
        },
    ),
    "cells": Story(
        "Shares of two kinds of queries and an error rate in one of them give a router's sharp interval.",
        "[min, max] Σ_t P(cell t, model i_t right)",
        _with("events", lambda _: None),
        {
            "shares exchanged": _with("cells", lambda c: c[::-1]),
            "the rate of the other cell": _with("events", lambda e: [e[0].replace("cell(0)", "cell(1)")]),
        },
    ),
}


def _claim(letter: str, kind: str) -> Claim:
    story = STORIES[kind]
    return Claim(
        id=f"P3.vii.{letter}",
        releases=("lab",),
        statement=story.statement,
        symbols=story.symbols,
        hypothesis="The facts are those of some joint law of the errors.",
        expected="confirmed",
        formula=partial(declared, as_said),
        checks=(Check("one dense program, by SciPy", "lp", partial(sharp, KINDS[kind]), LAWS, ANY_LAW),),
        control=Control("the fact left out", "refuted", partial(declared, story.left_out)),
        mutants={name: partial(declared, change) for name, change in story.wrong.items()},
        universal=True,
    )


CLAIMS = (
    *(_claim(letter, kind) for letter, kind in zip("abcdefghi", KINDS, strict=True)),
    Claim(
        id="P3.vii.j",
        releases=("lab",),
        statement="Limits of the all-wrong rate of groups that err independently are products of the groups' limits.",
        symbols="β = β_A β_B, each in its own sharp interval",
        hypothesis="Error rates known; groups {0} and {1, 2}.",
        expected="confirmed",
        formula=partial(declared, as_said),
        checks=(Check("limits of both groups, multiplied", "exact", product, LAWS, ANY_LAW),),
        control=Control("the fact left out", "refuted", partial(declared, _without("independent"))),
        mutants={"other groups": partial(declared, _with("independent", lambda _: [[0, 1], [2]]))},
        universal=True,
    ),
    Claim(
        id="P3.vii.k",
        releases=("lab",),
        statement="That better models rarely fail where worse ones do not is a linear fact; its interval is sharp.",
        symbols="P(E_a = 1, E_b = 0) ≤ ε for every a better than b",
        hypothesis="Error rates known; the slack ε is the largest such probability.",
        expected="confirmed",
        formula=partial(declared, as_said),
        checks=(Check("one dense program, by SciPy", "lp", monotone, LAWS, ANY_LAW),),
        control=Control("the fact left out", "refuted", partial(declared, _without("monotone", "slack"))),
        mutants={
            "half the slack": partial(declared, _with("slack", lambda s: s / 2)),
            "the order turned round": partial(declared, _with("monotone", lambda o: o[::-1])),
        },
        universal=True,
    ),
)
