"""The numbers of `experiment=policies` and `experiment=decide`: metrics, labels and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from cofail_lab.outcomes import Outcomes
from cofail_lab.policies.ceilings import Ceilings
from cofail_lab.policies.contest import Contest
from cofail_lab.policies.score import Score
from cofail_lab.policies.suspicion import flagged

_OF_POLICY = {
    "accuracy_{}": "accuracy",
    "accuracy_{}_high": "accuracy_high",
    "gain_{}": "gain",
    "gain_{}_lower": "gain_lower",
    "gain_{}_upper": "gain_upper",
    "won_{}": "won",
    "lost_{}": "lost",
    "p_value_{}": "p_value",
    "captured_{}": "captured",
    "cost_{}": "cost",
    "cost_per_correct_{}": "cost_per_correct",
    "hull_gap_{}": "hull_gap",
    "pair_hull_gap_{}": "pair_hull_gap",
}
"""Metrics of a policy, with its name in them, and the fields of its score that they are."""


def metrics(contest: Contest, ceilings: Ceilings, outcomes: Outcomes) -> dict[str, float | int | None]:
    """Of the matrix and its ceilings, then ``accuracy_P gain_P ...`` of every policy P, None where it is absent."""
    routable = None if ceilings.repeated is None else ceilings.repeated.routable
    numbers: dict[str, float | int | None] = {
        "n_models": outcomes.n_models,
        "n_queries": outcomes.n_queries,
        "n_all_wrong": outcomes.n_all_wrong,
        "n_left_out": 0 if outcomes.left_out is None else outcomes.left_out.n_queries,
        "all_wrong": outcomes.all_wrong(),
        "single_best": ceilings.single_best,
        "oracle": ceilings.oracle,
        "oracle_gain": contest.by_name["oracle"].gain,
        "max_gain": ceilings.certificate.max_gain,
        "paired_max_gain": ceilings.certificate.paired_max_gain,
        "routable": None if routable is None else routable.value,
        "routable_upper": None if routable is None else routable.upper,
        "routable_gain_upper": None if routable is None else routable.gain_upper,
    }
    for name in (*contest.by_name, *contest.trials.absent):
        numbers |= _of_policy(name, contest.by_name.get(name))
    for over in contest.over_table:
        numbers |= {
            f"over_table_{over.name}": over.gain,
            f"over_table_{over.name}_lower": over.lower,
            f"over_table_{over.name}_upper": over.upper,
        }
    return numbers


def _of_policy(name: str, score: Score | None) -> dict[str, float | int | None]:
    return {
        metric.format(name): None if score is None else getattr(score, field) for metric, field in _OF_POLICY.items()
    }


def labels(contest: Contest, ceilings: Ceilings, decision: str) -> dict[str, str]:
    """The best model, why a policy does not exist, which policies are constants or suspicious, and the decision."""
    models = contest.trials.graded.models
    constants = {f"constant_{s.name}": models[int(s.shares.argmax())] for s in contest.contestants if s.constant}
    suspicious = {f"suspicion_{name}": why for name, why in flagged(contest, ceilings.repeated).items()}
    absent = {f"absent_{name}": reason for name, reason in contest.trials.absent.items()}
    best = Counter(contest.trials.best_models).most_common(1)[0][0]
    return {"best_model": best, "decision": decision, **constants, **suspicious, **absent}


def tables(contest: Contest) -> dict[str, pa.Table]:
    """``policies`` (all numbers of each), ``calls`` (share of queries by policy and model) and ``splits``."""
    models = contest.trials.graded.models
    policies = [
        {"policy": s.name, **{k: v for k, v in asdict(s).items() if k not in ("name", "shares")}}
        | {"cost_per_correct": s.cost_per_correct}
        for s in contest.scores
    ]
    calls = [
        {"policy": s.name, "model": model, "share": float(share)}
        for s in contest.scores
        for model, share in zip(models, s.shares, strict=True)
    ]
    names = ("split", "policy", "n_test", "accuracy", "won", "lost", "captured")
    splits: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in contest.splits]
    return {"policies": _table(policies), "calls": _table(calls), "splits": _table(splits)}


_TEXT, _WHOLE, _FLAGS = ("policy", "model"), ("split", "n_test", "won", "lost"), ("ceiling", "constant")


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table whose types do not depend on which values are absent."""

    def kind(name: str) -> pa.DataType:
        if name in _TEXT:
            return pa.string()
        return pa.int64() if name in _WHOLE else pa.bool_() if name in _FLAGS else pa.float64()

    return pa.table({name: pa.array([row[name] for row in rows], kind(name)) for name in rows[0]})
