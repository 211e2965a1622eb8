"""Declared Fréchet classes in words, rows, numbers and tables."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cofail_lab.report.names import listed
from cofail_lab.report.numbers import count, interval, percent
from cofail_lab.result import Result, Row, Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from cofail_lab.bounds.declared.next_fact import NextFact
    from cofail_lab.bounds.declared.reading import Reading

_KINDS = {
    "rates": "error rates",
    "pairs": "all pairs",
    "some_pairs": "some pairs",
    "triples": "triples",
    "moments": "moments",
    "conditional": "conditional rates",
    "events": "events",
    "monotone": "an order of the models",
    "cells": "shares of cells",
    "interchangeable": "interchangeable models",
    "extendible": "an endless supply",
    "factor": "a factor",
    "independent": "independent groups",
}
"""What facts are called in sentences and in the figure."""
_SHOWN = 3
# A narrowing below this is not worth a measurement.
_NOTHING = 0.01
LAST = "What to measure next"
"""Title of the section that every reading ends with."""


def result(reading: Reading) -> Result:
    """All of one question."""
    found = reading.found
    pool = reading.known.pool
    laws = found.lower_law, found.upper_law
    figures = {"facts": partial(_draw_facts, reading)}
    tables = {"facts": _steps(reading), "next_facts": _next_table(reading)}
    captions = {"facts": "The interval as the facts are added one by one."}
    if laws[0] is not None and laws[1] is not None:
        figures["extremal_pools"] = partial(_draw_pools, reading)
        captions["extremal_pools"] = "Two pools that have every fact, one at each end of the interval."
        tables["extremal_pools"] = pa.table(
            {"n_wrong": np.arange(pool.n_models + 1), "lower": laws[0].count_probs(), "upper": laws[1].count_probs()}
        )
    return Result(
        headline=headline(reading),
        metrics={"n_models": pool.n_models, "n_facts": len(reading.known.facts), **metrics(reading)},
        labels={
            "target": found.target.words,
            "target_method": found.method,
            "target_sharp": "yes" if found.sharp else "no",
            "decision": headline(reading),
        },
        tables=tables,
        figures=figures,
        sections=(Section("What these facts leave open", (), _rows(reading), captions), next_section(reading)),
    )


def headline(reading: Reading) -> str:
    """The interval in a sentence."""
    found, facts = reading.found, reading.known.facts
    kinds = listed(dict.fromkeys(_kind(fact) for fact in facts)) or "no fact"
    meaning = "anything in it is possible" if found.sharp else "no law lies outside it"
    truth = "" if reading.truth is None else f" In the matrix it is {percent(reading.truth)}."
    return (
        f"{found.target.words[0].upper()}{found.target.words[1:]}: {interval(found.lower, found.upper)}, given {kinds} "
        f"of {count(reading.known.pool.n_models)} models ({meaning}).{truth}"
    )


def metrics(reading: Reading) -> Mapping[str, float | int | None]:
    """Flat, see docs/numbers.md."""
    found, first = reading.found, reading.next[0] if reading.next else None
    return {
        "target_lower": found.lower,
        "target_upper": found.upper,
        "target_observed": reading.truth,
        **next_metrics(first),
    }


def next_metrics(first: NextFact | None) -> Mapping[str, float | int | None]:
    """Numbers of the measurement that is advised."""
    return {
        "next_lower": None if first is None else first.lower_sampled,
        "next_upper": None if first is None else first.upper_sampled,
        "next_exact_lower": None if first is None else first.lower,
        "next_exact_upper": None if first is None else first.upper,
        "next_gradings": None if first is None else first.gradings,
    }


def _kind(fact: object) -> str:
    kind = getattr(fact, "kind", type(fact).__name__.lower())
    return _KINDS[kind]


def _rows(reading: Reading) -> tuple[Row, ...]:
    found = reading.found
    rows = [Row("nothing known", interval(reading.steps[0].lower, reading.steps[0].upper))]
    rows += [
        Row(f"and {_KINDS[step.fact]}" if n else _KINDS[step.fact], interval(step.lower, step.upper))
        for n, step in enumerate(reading.steps[1:])
    ]
    rows.append(Row("how", "sharp" if found.sharp else "outer", found.method))
    return tuple(rows)


def next_section(reading: Reading) -> Section:
    """The advice: one sentence, and the best measurements."""
    rows = tuple(
        Row(
            _measured(fact, reading),
            interval(fact.lower_sampled, fact.upper_sampled),
            f"{count(fact.gradings)} answers; known exactly {interval(fact.lower, fact.upper)}",
        )
        for fact in reading.next[:_SHOWN]
    )
    return Section(LAST, (advice(reading),), rows)


def advice(reading: Reading) -> str:
    """What to measure next, and how much it narrows the interval if it comes out as expected."""
    width = reading.found.width
    if width < 1e-6:
        return f"Nothing is left open about {_asked(reading)}."
    if not reading.next:
        return f"No single rate, pair, triple or moment tells the two ends of {_asked(reading)} apart."
    first = reading.next[0]
    sampled, exact = 1 - first.width_sampled / width, 1 - first.width / width
    who = _graded(first, reading)
    if sampled >= _NOTHING:
        return f"Grading {who} would cut the interval of {_asked(reading)} {_by(sampled)}, if it comes out as expected."
    if exact >= _NOTHING:
        return (
            f"{who[0].upper()}{who[1:]} are too few to narrow {_asked(reading)}: known exactly, "
            f"{_measured(first, reading)} would cut its interval {_by(exact)}."
        )
    return f"No single rate, pair, triple or moment would narrow {_asked(reading)} by {percent(_NOTHING, 0)} or more."


def _asked(reading: Reading) -> str:
    return f"“{reading.found.target.words}”"


def _by(share: float) -> str:
    return "by half" if 0.45 <= share <= 0.55 else f"by {percent(share, 0)}"


def _graded(fact: NextFact, reading: Reading) -> str:
    n = count(fact.queries)
    if fact.kind == "moments":
        return f"all {count(len(fact.models))} models on the same {n} queries"
    names = listed(reading.known.pool.name(model) for model in fact.models)
    return f"model {names} on {n} queries" if len(fact.models) == 1 else f"models {names} on the same {n} queries"


def _measured(fact: NextFact, reading: Reading) -> str:
    if fact.kind == "moments":
        return f"moment {fact.order}"
    names = listed(reading.known.pool.name(model) for model in fact.models)
    return f"P({names} wrong)"


def _steps(reading: Reading) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {"facts": n, "last": step.fact, "lower": step.lower, "upper": step.upper}
            for n, step in enumerate(reading.steps)
        ]
    )


def _next_table(reading: Reading) -> pa.Table:
    rows = [
        {
            "measured": _measured(fact, reading),
            "kind": fact.kind,
            "models": [reading.known.pool.name(model) for model in fact.models],
            "expected": fact.expected,
            "lower": fact.lower,
            "upper": fact.upper,
            "lower_sampled": fact.lower_sampled,
            "upper_sampled": fact.upper_sampled,
            "queries": fact.queries,
            "gradings": fact.gradings,
        }
        for fact in reading.next
    ]
    return pa.Table.from_pylist(rows) if rows else pa.table({"measured": pa.array([], pa.string())})


def _draw_facts(reading: Reading) -> Figure:
    from cofail_lab.report.figures.declared import facts_one_by_one

    names = ["none", *(_KINDS[step.fact] for step in reading.steps[1:])]
    limits = [(step.lower, step.upper) for step in reading.steps]
    return facts_one_by_one(names, limits, reading.found.target.words, reading.truth)


def _draw_pools(reading: Reading) -> Figure:
    from cofail_lab.report.figures.declared import extremal_pools

    return extremal_pools(reading.found)
