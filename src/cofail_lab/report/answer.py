"""The answer on one screen: what there is to gain, what voids it, which queries defeat everyone, what to do next.

The first part needs only counts, so that it is shown as soon as the matrix is read; the second needs the fit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cofail_lab.bounds.certificate import Certificate
from cofail_lab.bounds.planner import queries_to_decide
from cofail_lab.estimate import confidence
from cofail_lab.report.health import LABELS
from cofail_lab.report.names import printable, shorten
from cofail_lab.report.numbers import agreeing_digits, count, interval, percent, points
from cofail_lab.result import Exhibit, Row, Section

if TYPE_CHECKING:
    from cofail_lab.data.health.chance import Finding
    from cofail_lab.outcomes import Outcomes

VERDICTS = {"room": "ROOM IF A SELECTOR CAN FIND IT", "skip": "NO ROOM", "open": "CANNOT TELL YET"}
"""`bounds.certificate.Certificate.outcome` -> what is said first."""

NEXT = "What to do next"
"""Title of the section with the next step."""

# Notes on how a matrix was read that may make all of it another matrix.
_GUESSES = (" set aside: ", "with different prompts in other records", "although ", "taken for repeated runs")
# What the first part may take of the screen: queries, characters of their list, and caveats of two lines each.
_NAMED, _LIST, _NAME = 10, 110, 24
_CAVEATS, _CAVEAT = 3, 154
# Findings that can void the headline, the worst first.
_VOIDING = (
    "swapped",
    "duplicates",
    "inverted",
    "blocks",
    "repeated_prompts",
    "coverage",
    "ungraded",
    "at_limit",
    "constant",
)


def verdict(certificate: Certificate) -> str:
    """Whether there is room, in capitals; a single model has none, whatever was certified."""
    return VERDICTS["skip" if certificate.n_models == 1 else certificate.outcome]


def headline(outcomes: Outcomes, certificate: Certificate) -> str:
    """The verdict, and the three numbers that it rests on."""
    best = int(np.argmin(outcomes.error_counts))
    accuracy, ceiling = 1 - outcomes.error_rates[best], 1 - outcomes.all_wrong()
    if outcomes.n_models == 1:
        return f"{verdict(certificate)}. One model, {shorten(outcomes.models[best])}: there is nothing to combine."
    digits = agreeing_digits(lambda a, c: c - a, points, accuracy, ceiling)
    return (
        f"{verdict(certificate)}. {count(outcomes.n_models)} models; the best, {shorten(outcomes.models[best])}, is "
        f"right on {percent(accuracy, digits)} of {count(outcomes.n_queries)} queries, a perfect selector on "
        f"{percent(ceiling, digits)}: {points(ceiling - accuracy)} more."
    )


def exhibit(outcomes: Outcomes, certificate: Certificate, findings: Sequence[Finding] = ()) -> Exhibit:
    """The matrix for its page, with the answer in at most twelve words and what could void it."""
    if outcomes.n_models == 1:
        said = "No room: one model has nothing to combine."
    else:
        words = verdict(certificate).capitalize()
        said = f"{words}: {_certified(certificate)} certified."
    caveats = [(LABELS[f.check], f.sentence, f"health-of-the-matrix-{i}") for i, f in enumerate(findings, start=1)]
    left_out = outcomes.left_out
    if left_out is not None and left_out.n_queries:
        sentence = f"{count(left_out.n_queries)} queries were not answered by every model and are left out."
        caveats.insert(0, (f"{count(left_out.n_queries)} queries left out", sentence, "the-matrix"))
    return Exhibit(
        outcomes,
        said,
        (certificate.paired_min_gain, certificate.paired_max_gain),
        certificate.overhead,
        tuple(caveats),
    )


def first_sections(
    outcomes: Outcomes, certificate: Certificate, findings: Sequence[Finding]
) -> tuple[Section, Section]:
    """What the counts say: certificate, overhead, the queries that defeat everyone; and what could void all of it."""
    at = confidence(certificate.delta)
    rows = [
        Row(
            "certified gain",
            _certified(certificate),
            f"at {at}{'' if certificate.paired_min_gain is None else ' each'}, of a perfect selector",
        ),
        *([] if certificate.overhead is None else [Row("your overhead", points(certificate.overhead), "")]),
        Row("fail everyone", *_defeated(outcomes)),
    ]
    caveats = tuple(f"! {sentence}" for sentence in _caveats(outcomes, findings))
    return Section("The answer", (), tuple(rows)), Section("What could void it", caveats)


def next_section(certificate: Certificate, *, beyond: bool = False) -> Section:
    """One sentence on what to do, with its command.

    Args:
        certificate: which gains are certified.
        beyond: whether more queries defeat everyone than any law without a common mode explains.
    """
    return Section(NEXT, (f"Next: {_next_step(certificate, beyond)}.",))


def _next_step(certificate: Certificate, beyond: bool) -> str:
    if certificate.n_models == 1:
        return "add models: one has nothing to combine"
    if beyond:
        return "read the queries that fail everyone; the same command with experiment=queries lists them"
    if certificate.outcome == "skip":
        return "look for a model that is right where all of these fail; experiment=queries lists these queries"
    if certificate.outcome == "room":
        return "the same command with experiment=decide says what routers, votes and cascades do gain here"
    if certificate.needs_matrix:
        return "read the whole matrix: only the grades of every model can certify that there is room"
    wanted, n = queries_to_decide(certificate), certificate.n_queries
    if wanted is not None and wanted > n:
        return f"grade about {count(wanted - n)} more queries (experiment=plan), if rates stay as they are"
    if certificate.overhead is None:
        return "state what combining costs you: experiment.overhead="
    gain = points(certificate.oracle_gain)
    return f"the gain seen, {gain}, is too close to the overhead for any number of queries: decide without it"


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
    most = min(_NAMED, len(hard))
    lists = (_listed(outcomes, order[:named], len(hard) - named) for named in range(most, 0, -1))
    return said, next((text for text in lists if len(text) <= _LIST), _listed(outcomes, order[:1], len(hard) - 1))


def _listed(outcomes: Outcomes, named: np.ndarray, more: int) -> str:
    """Some queries by dataset, and how many more there are."""
    groups: dict[str, list[str]] = {}
    for i in named:
        groups.setdefault("" if outcomes.dataset is None else str(outcomes.dataset[i]), []).append(outcomes.queries[i])
    said = "; ".join(
        f"{shorten(name, _NAME)}: {', '.join(_short(names))}" if name else ", ".join(_short(names))
        for name, names in groups.items()
    )
    return f"{said} and {count(more)} more" if more else said


def _short(names: Sequence[str]) -> list[str]:
    """Names of queries as short as keeps them apart: long ones lose what all begin with, then their ends."""
    lines = [printable(name).strip() for name in names]
    if len(lines) == 1:
        return [shorten(lines[0])]
    if max(map(len, lines)) <= _NAME:
        return lines
    shared = os.path.commonprefix(lines)  # noqa: RUF071  (these are no paths)
    rests = [line[len(shared) :] for line in lines]
    width = next(
        (w for w in range(_NAME // 3, max(map(len, rests))) if len({rest[:w] for rest in rests}) == len(rests)),
        max(map(len, rests)),
    )
    before = "…" if shared else ""
    return [before + (rest if len(rest) <= width else f"{rest[:width]}…") for rest in rests]


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
    shown = [_condensed(sentence) for sentence in said[:_CAVEATS]]
    return shown if more <= 0 else [*shown, f"{count(more)} more, at the end with verbose=true"]


def _condensed(sentence: str) -> str:
    """A caveat on two lines: names in brackets go first, then what follows the last stop that fits."""
    line = printable(sentence)
    if len(line) > _CAVEAT:
        line = re.sub(r" \([^()]{12,}\)", "", line)
    if len(line) > _CAVEAT:
        head = line[:_CAVEAT]
        stop = max(head.rfind(mark) for mark in (". ", ": ", "; ", ", "))
        line = f"{head[:stop].rstrip(' .')} …" if stop > _CAVEAT // 3 else shorten(line, _CAVEAT)
    return line
