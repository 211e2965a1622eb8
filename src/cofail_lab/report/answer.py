"""The answer on one screen: what there is to gain, what voids it, which queries defeat everyone, what to do next.

The first part needs only counts, so that it is shown as soon as the matrix is read; the second needs the fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cofail_lab.bounds.certificate import Certificate
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import count, interval, percent, points
from cofail_lab.result import Row, Section

if TYPE_CHECKING:
    from cofail_lab.data.health.chance import Finding
    from cofail_lab.outcomes import Outcomes

VERDICTS = {"room": "ROOM IF A SELECTOR CAN FIND IT", "skip": "NO ROOM", "open": "CANNOT TELL YET"}
"""`bounds.certificate.Certificate.outcome` -> what is said first."""

# Notes on how a matrix was read that may make all of it another matrix.
_GUESSES = (" set aside: ", "with different prompts in other records", "although ", "taken for repeated runs")
_NAMED = 10
_CAVEATS = 3
# Findings that can void the headline, the worst first.
_VOIDING = ("duplicates", "inverted", "blocks", "repeated_prompts", "coverage", "ungraded", "at_limit", "constant")


def verdict(certificate: Certificate) -> str:
    """Whether there is room, in capitals; a single model has none, whatever was certified."""
    return VERDICTS["skip" if certificate.n_models == 1 else certificate.outcome]


def headline(outcomes: Outcomes, certificate: Certificate) -> str:
    """The verdict, and the three numbers that it rests on."""
    best = int(np.argmin(outcomes.error_counts))
    accuracy, ceiling = 1 - outcomes.error_rates[best], 1 - outcomes.all_wrong()
    if outcomes.n_models == 1:
        return f"{verdict(certificate)}. One model, {shorten(outcomes.models[best])}: there is nothing to combine."
    return (
        f"{verdict(certificate)}. {count(outcomes.n_models)} models; the best, {shorten(outcomes.models[best])}, is "
        f"right on {percent(accuracy)} of {count(outcomes.n_queries)} queries, a perfect selector on "
        f"{percent(ceiling)}: {points(ceiling - accuracy)} more."
    )


def first_sections(
    outcomes: Outcomes, certificate: Certificate, findings: Sequence[Finding]
) -> tuple[Section, Section]:
    """What the counts say: certificate, overhead, the queries that defeat everyone; and what could void all of it."""
    at = f"{100 * (1 - certificate.delta):g}%"
    rows = [
        Row(
            "certified gain",
            _certified(certificate),
            f"at {at} each, of a perfect selector: no way of combining gains more",
        ),
        *([] if certificate.overhead is None else [Row("your overhead", points(certificate.overhead), "")]),
        Row("fail everyone", *_defeated(outcomes)),
    ]
    caveats = tuple(f"! {sentence}" for sentence in _caveats(outcomes, findings))
    return Section("The answer", (), tuple(rows)), Section("What could void it", caveats)


def _certified(certificate: Certificate) -> str:
    most = certificate.paired_max_gain
    if certificate.paired_min_gain is None:
        return f"at most {points(most)}"
    return interval(certificate.paired_min_gain, most, points)


def _defeated(outcomes: Outcomes) -> tuple[str, str]:
    """How many queries defeat everyone, and the first of them by dataset."""
    hard = np.flatnonzero(outcomes.n_wrong == outcomes.n_models)
    said = f"{count(len(hard))} of {count(outcomes.n_queries)}"
    if not len(hard):
        return said, "no query defeats every model"
    datasets = outcomes.dataset
    order = hard if datasets is None else hard[np.argsort(datasets[hard].astype(str), kind="stable")]
    groups: dict[str, list[str]] = {}
    for i in order[:_NAMED]:
        groups.setdefault("" if datasets is None else str(datasets[i]), []).append(shorten(outcomes.queries[i], 24))
    listed = "; ".join(
        f"{shorten(name, 24)}: {', '.join(names)}" if name else ", ".join(names) for name, names in groups.items()
    )
    return said, listed + (f" and {count(len(hard) - _NAMED)} more" if len(hard) > _NAMED else "")


def _caveats(outcomes: Outcomes, findings: Sequence[Finding]) -> list[str]:
    """What could void the headline, a sentence each: left-out queries that could move it, then findings of health."""
    said = []
    left_out = outcomes.left_out
    if left_out is not None and left_out.n_queries:
        total = outcomes.n_queries + left_out.n_queries
        said.append(
            f"{count(left_out.n_queries)} of {count(total)} queries were not answered by every model; with them up to "
            f"{percent(outcomes.all_wrong_worst_case())} defeat everyone"
        )
    said += [note.removesuffix(".") for note in outcomes.notes if any(words in note for words in _GUESSES)]
    rank = {name: place for place, name in enumerate(_VOIDING)}
    for finding in sorted(findings, key=lambda finding: rank.get(finding.check, len(rank))):
        # Left-out queries have a sentence of their own above.
        if not (finding.check == "coverage" and left_out is not None and left_out.n_queries):
            said.append(finding.sentence)
    more = len(said) - _CAVEATS
    return said if more <= 0 else [*said[:_CAVEATS], f"{count(more)} more, at the end with verbose=true"]
