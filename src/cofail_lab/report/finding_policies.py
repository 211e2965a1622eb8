"""What a sweep of `experiment=policies` or `experiment=decide` is about: what policies gain, not what an oracle can.

Where every run has one policy and they differ, the numbers of each run's own policy stand in common columns, so that
policies can be compared. Else the columns of each policy lead: ``gain_ridge``, ``captured_ridge``, ``cost_ridge``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

from cofail_lab.report.gathered import POLICY_CAPTURED, POLICY_COST, POLICY_GAIN, GatheredRuns
from cofail_lab.report.numbers import count

_EXPERIMENTS = ("policies", "decide")
_RECORDED = "recorded"

Columns = Mapping[str, Sequence[Any]]


class PolicyNumbers(NamedTuple):
    """What leads where runs are about policies.

    Attributes:
        columns: to be added to those of the runs.
        gains, others: names of the columns that are shown first.
    """

    columns: dict[str, list[Any]]
    gains: tuple[str, ...]
    others: tuple[str, ...]


def policy_numbers(columns: Columns) -> PolicyNumbers:
    """The columns that a sweep over policies is about; none where some completed run is of another experiment."""
    done = [i for i, status in enumerate(columns["status"]) if status == "completed"]
    names = {i: _policies_of(columns, i) for i in done}
    known = dict.fromkeys(name for own in names.values() for name in own)
    if not known or any(columns["experiment"][i] not in _EXPERIMENTS for i in done):
        return PolicyNumbers({}, (), ())
    if len(known) > 1 and all(len(own) == 1 for own in names.values()):
        one = {i: own[0] for i, own in names.items()}
        rows = [_of_one(columns, i, one[i]) if i in one else (None,) * 4 for i in range(len(columns["status"]))]
        gain, error, captured, cost = map(list, zip(*rows, strict=True))
        added = {
            POLICY_GAIN: gain,
            f"{POLICY_GAIN}_error": error,
            POLICY_CAPTURED: captured,
            POLICY_COST: cost,
        }
        return PolicyNumbers(added, (POLICY_GAIN,), (POLICY_CAPTURED, POLICY_COST))
    honest = [name for name in known if not any(_flagged(columns, i, name) for i in done)]
    leading = [[f"{what}_{name}" for name in honest] for what in ("gain", "captured", "cost")]
    gains, *others = [tuple(name for name in some if name in columns) for some in leading]
    return PolicyNumbers({}, gains, (*others[0], *others[1]))


def policy_remarks(runs: GatheredRuns) -> list[str]:
    """Which policies have no gain that counts, and why."""
    sentences = []
    if not runs.gains:
        return sentences
    done = {i: _policies_of(runs.columns, i) for i in runs.completed}
    for name in dict.fromkeys(name for own in done.values() for name in own):
        held = [i for i, own in done.items() if name in own]
        reasons = [runs.columns[f"absent_{name}"][i] for i in held if runs.columns.get(f"absent_{name}")]
        if absent := [reason for reason in reasons if reason is not None]:
            sentences.append(f"{name} does not exist in {_some(len(absent), len(held))}: {absent[0]}.")
        if flagged := sum(_flagged(runs.columns, i, name) for i in held):
            sentences.append(
                f"{name} is left out in {_some(flagged, len(held))}: it gains so much that its picks seem to be made "
                "after grading."
            )
    return sentences


def _some(n: int, of: int) -> str:
    return f"{count(n)} of {count(of)} runs that ask for it" if of > 1 else "the run that asks for it"


def _policies_of(columns: Columns, i: int) -> tuple[str, ...]:
    """The policy that `decide` advises, or those that were asked for."""
    names = columns.get("policy_label" if columns["experiment"][i] == "decide" else "policy")
    return () if names is None or not names[i] else tuple(str(names[i]).split(", "))


def _flagged(columns: Columns, i: int, name: str) -> bool:
    """Whether the picks of a recorded policy seem to be made after grading: their gain is none."""
    return name == _RECORDED and bool(columns.get(f"suspicion_{name}", {i: None})[i])


def _of_one(columns: Columns, i: int, name: str) -> tuple[float | None, float | None, float | None, float | None]:
    """Gain, its standard error, share of the oracle's gain, and cost of a run's only policy."""
    gain, captured, cost = (columns.get(f"{what}_{name}", {i: None})[i] for what in ("gain", "captured", "cost"))
    if _flagged(columns, i, name):
        return None, None, None, cost
    lower, upper, won, lost = (
        columns.get(column, {i: None})[i]
        for column in (f"gain_{name}_lower", f"gain_{name}_upper", f"won_{name}", f"lost_{name}")
    )
    error = None
    if lower is not None and upper is not None:
        level = columns.get("experiment.level", {i: None})[i] or 0.95
        error = (upper - lower) / (2 * NormalDist().inv_cdf((1 + level) / 2))
    elif won == 0 and lost == 0:
        error = 0.0  # it decides as the single best model does: nothing varies
    return gain, error, captured, cost
