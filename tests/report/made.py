"""A result and matrices whose names try to do harm, and the figures drawn of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cofail_lab.estimate import Estimate
from cofail_lab.report.figures.fit import correlation_heatmap, pool_accuracies
from cofail_lab.result import Result, Row, Section
from cofail_lab.verdict import Verdict

HOSTILE = (
    "$x_1$",
    "$\\frac{$",
    "<script>alert(1)</script>",
    "a--b-->]]>&amp;",
    "模型\x1b[31m\u202e",
    "[bold]x[/bold]\n" + "y" * 99,
)


def pool(m: int, families: int = 4, names: Sequence[str] = (), n: int = 300) -> dict[str, Any]:
    """Outcomes of m models that share a difficulty, and what the figures ask for."""
    rng = np.random.default_rng(m)
    wrong = rng.normal(size=(n, 1)) + rng.normal(size=(n, m)) > rng.normal(0.5, 0.5, size=m)
    # One model is never wrong and another fails inside a third: an undefined row and a boundary pair.
    if m > 2:
        wrong[:, 0] = False
        wrong[:, 1] &= wrong[:, 2]
    rates = wrong.mean(axis=0)
    joint = wrong.T.astype(float) @ wrong / n
    constant = (rates == 0)[:, None] | (rates == 0)[None, :]
    boundary = np.where(constant | np.eye(m, dtype=bool), 0, np.isclose(joint, np.minimum.outer(rates, rates)))
    spread = np.sqrt(rates * (1 - rates))
    with np.errstate(invalid="ignore"):
        correlation = (joint - np.outer(rates, rates)) / np.outer(spread, spread)
    return {
        "wrong": wrong,
        "n_wrong": wrong.sum(axis=1),
        "accuracies": 1 - rates,
        "models": [*names, *(f"model-{i}" for i in range(len(names), m))],
        "family": [f"family-{i % families}" for i in range(m)] if families else None,
        "correlation": np.where(boundary == 1, 1.0, correlation),
        "boundary": boundary,
        "dataset": [f"set-{i % 40 if i % 3 else 0}" for i in range(n)],
    }


def draw_accuracies(p: dict[str, Any]) -> Figure:
    a, beta = p["accuracies"], float(np.mean(p["n_wrong"] == len(p["models"])))
    interval = (max(0.0, beta - 0.01), beta + 0.02)
    return pool_accuracies(p["models"], a, a - 0.03, np.minimum(a + 0.02, 1), p["family"], 1 - beta, interval)


def draw_correlation(p: dict[str, Any]) -> Figure:
    return correlation_heatmap(p["correlation"], p["models"], p["family"], p["boundary"])


RESULT = Result(
    headline=f"Nothing to gain over {HOSTILE[2]}.",
    metrics={"n_queries": 12032, "ratio_full_sigma": None, "all_wrong": 0.05375},
    labels={"best_model": HOSTILE[2], "regime": "ceiling-bound"},
    estimates={"predicted": Estimate(0.0512, 0.0004, "monte_carlo"), "absent": Estimate(None, None, "lp")},
    verdicts=(
        Verdict(
            "P3.v",
            "june",
            "Shock & Gaussian are the extremes.",
            "",
            "refuted",
            "undecided",
            0.05,
            0.0559712,
            1e-9,
            {"checks": []},
        ),
    ),
    sections=(
        Section(
            "What can be gained",
            (f"The best is {HOSTILE[5]}.", "A sentence long enough to need wrapping, " + "word " * 20 + "end."),
            (
                Row("Single best", "82.4%", HOSTILE[5]),
                Row("label " * 12 + "last", "value " * 12 + "last", "note " * 30),
            ),
            {"pool": "Accuracies & <ceiling>", "missing": "never drawn"},
        ),
        Section("Only a figure", figures={"heat": "Correlations"}),
    ),
    interrupted="signal 15",
)
