"""One card for each object that a user holds: ten lines in a console, a small table in a notebook.

Classes are known by their names, so that to show a matrix imports no JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from cofail_lab.estimate import confidence
from cofail_lab.report.names import printable, shorten
from cofail_lab.report.numbers import count, fixed, interval, number, percent, plus_minus, points, ratio
from cofail_lab.result import Row, Section

if TYPE_CHECKING:
    import numpy as np

    from cofail_lab.bounds.certificate import Certificate
    from cofail_lab.decisions.frontier import Frontier
    from cofail_lab.fitting.comparison.compare import LawComparison
    from cofail_lab.fitting.comparison.law_fits import LawFit
    from cofail_lab.fitting.estimators.tetrachoric import Tetrachoric
    from cofail_lab.fitting.matrix_fit import MatrixFit
    from cofail_lab.outcomes import Outcomes
    from cofail_lab.result import Result
    from cofail_lab.verdict import Verdict

LINES = 10
"""Lines of a card at most."""
WIDTH = 88
"""Columns of a card at most."""
_LABEL = 20
# Lines of one sentence at most.
_WRAPPED = 3
_LAWS = 7


def as_text(thing: object) -> str:
    """The card in at most `LINES` lines of `WIDTH` columns."""
    card = _card(thing)
    lines = [shorten(card.title, WIDTH)]
    for sentence in card.sentences:
        wrapped = wrap(printable(sentence), WIDTH - 2, max_lines=_WRAPPED, placeholder=" …")
        lines += [f"  {line}" for line in wrapped]
    for row in card.rows:
        said = f"  {shorten(row.label, _LABEL):{_LABEL}} {_said(row)}"
        lines.append(said if len(said) <= WIDTH else said[: WIDTH - 1] + "…")
    return "\n".join(lines if len(lines) <= LINES else [*lines[: LINES - 1], "  …"])


def as_html(thing: object) -> str:
    """The card as an HTML fragment; every text is escaped."""
    card = _card(thing)
    sentences = "".join(f"<p>{_safe(sentence)}</p>" for sentence in card.sentences)
    cells = (
        f"<th>{_safe(row.label)}</th><td><b>{_safe(row.value)}</b></td><td>{_safe(row.note)}</td>" for row in card.rows
    )
    rows = "".join(f"<tr>{line}</tr>" for line in cells)
    return f"<div><p><b>{_safe(card.title)}</b></p>{sentences}<table>{rows}</table></div>"


def _card(thing: object) -> Section:
    return next(CARDS[kind.__name__] for kind in type(thing).__mro__ if kind.__name__ in CARDS)(thing)


def _said(row: Row) -> str:
    return printable(f"{row.value}; {row.note}" if row.note else row.value)


def _safe(text: str) -> str:
    return escape(printable(text))


def _names(names: Iterable[object], most: int = 6) -> str:
    listed = [shorten(str(name), 24) for name in names]
    more = f" and {count(len(listed) - most)} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more


def _outcomes(outcomes: Outcomes) -> Section:
    n, m = outcomes.n_queries, outcomes.n_models
    title = f"Outcomes: {count(n)} queries, {count(m)} models, from {shorten(outcomes.source, 40)}"
    rows = [Row("models", _names(outcomes.models, 4))]
    if n and m:
        best = int(outcomes.error_counts.argmin())
        accuracy, ceiling = 1 - outcomes.error_rates[best], 1 - outcomes.all_wrong()
        rows += [
            Row("best", percent(accuracy), outcomes.models[best]),
            Row("perfect selector", percent(ceiling), f"{points(ceiling - accuracy)} more, in this sample"),
            Row("fail everyone", f"{count(outcomes.n_all_wrong)} of {count(n)}", percent(outcomes.all_wrong())),
        ]
    if outcomes.left_out is not None and outcomes.left_out.n_queries:
        rows.append(Row("left out", f"{count(outcomes.left_out.n_queries)} queries", "not answered by every model"))
    columns = [*outcomes.per_query, *outcomes.per_model, *outcomes.per_cell]
    rows += [Row("columns", _names(columns))] if columns else []
    rows += [Row("notes", f"{count(len(outcomes.notes))}", outcomes.notes[0])] if outcomes.notes else []
    return Section(title, rows=tuple(rows))


def _certificate(certificate: Certificate) -> Section:
    from cofail_lab.report.answer import verdict

    n, best = certificate.n_queries, certificate.best_correct
    pool = f"{count(certificate.n_models)} models, {count(n)} queries"
    rows = [
        Row("pool", pool, f"{count(certificate.n_all_wrong)} queries defeat every model"),
        Row("best", percent(best / n), certificate.best_model or ""),
        Row("gain", points((n - best - certificate.n_all_wrong) / n), "of a perfect selector, in this sample"),
        Row("gain at most", points(certificate.paired_max_gain), f"P1.v; {points(certificate.max_gain)} by P1.iv"),
    ]
    if certificate.paired_min_gain is not None:
        rows.append(Row("gain at least", points(certificate.paired_min_gain), "P1.vii, for a perfect selector"))
    if certificate.overhead is not None:
        rows.append(Row("overhead", points(certificate.overhead)))
    title = f"Certificate: {verdict(certificate)}, each limit with {confidence(certificate.delta)} confidence"
    return Section(title, rows=tuple(rows))


def _verdict(verdict: Verdict) -> Section:
    expected = "" if verdict.status == verdict.expected else f", not {verdict.expected} as expected"
    sides = (("claimed", verdict.claimed), ("measured", verdict.measured), ("tolerance", verdict.tolerance))
    said = ", ".join(f"{name} {number(value, 6)}" for name, value in sides if value is not None)
    checks = [str(check.get("name")) for check in verdict.evidence.get("checks", ()) if isinstance(check, Mapping)]
    rows = [Row("numbers", said)] if said else []
    rows += [Row("checked by", _names(checks, 3))] if checks else []
    return Section(f"{verdict.id} ({verdict.release}): {verdict.status}{expected}", (verdict.statement,), tuple(rows))


def _result(result: Result) -> Section:
    kind = "Result" if result.origin is None else f"Result of {result.origin.experiment}"
    early = () if result.interrupted is None else (f"Stopped early: {result.interrupted}.",)
    shown = [row for section in result.brief or result.sections for row in section.rows][:3]
    shown += [
        Row(name, f".{method}(name)", _names(held, 5))
        for name, held, method in (("tables", result.tables, "frame"), ("figures", result.figures, "figure"))
        if held
    ]
    return Section(
        f"{kind}: {count(len(result.metrics))} metrics, {count(len(result.labels))} labels",
        (result.headline, *early),
        tuple(shown),
    )


def _law_fit(fit: LawFit) -> Section:
    if fit.law is None:
        return Section(f"LawFit: {fit.label}", (f"It {fit.absent}." if fit.absent else "It does not exist.",))
    rows = [
        Row(
            "β predicted",
            plus_minus(fit.predicted),
            "" if fit.ratio is None else f"observed/predicted {ratio(fit.ratio)}",
        )
    ]
    rows += [
        Row(name, number(value), interval(*fit.intervals[name], number) if name in fit.intervals else "")
        for name, value in [*fit.parameters.items()][:4]
    ]
    held_out = f"{fixed(fit.heldout, 4)} ± {fixed(fit.heldout_error, 4)}" if fit.heldout is not None else ""
    rows.append(
        Row("log P(C)", held_out or "not judged", "a query, held out" if held_out else fit.heldout_absent or "")
    )
    return Section(f"LawFit: {fit.label} ({fit.how})", rows=tuple(rows))


def _comparison(comparison: LawComparison) -> Section:
    pool = f"{count(comparison.n_models)} models, {count(comparison.n_queries)} queries"
    title = f"LawComparison: {len(comparison.fits)} laws, {pool}, β observed {percent(comparison.observed)}"
    ordered = sorted(comparison.fits, key=lambda fit: (fit.heldout is None, -(fit.heldout or 0.0)))
    rows = [
        Row(
            fit.name,
            f"β {percent(fit.predicted.value)}",
            f"log P(C) {fixed(fit.heldout, 4)}{' (close)' if fit.close else ''}",
        )
        for fit in ordered[:_LAWS]
    ]
    rows += [Row("…", f"{len(ordered) - _LAWS} more laws", ".fits")] if len(ordered) > _LAWS else []
    return Section(title, rows=tuple(rows))


def _matrix_fit(fit: MatrixFit) -> Section:
    pool = f"{count(fit.outcomes.n_models)} models, {count(fit.outcomes.n_queries)} queries"
    best = shorten(fit.outcomes.models[fit.best], 30)
    rows = [
        Row("fail everyone", percent(fit.outcomes.all_wrong()), f"95% limits {interval(*fit.all_wrong_interval)}"),
        Row("best", percent(fit.single_best), best),
        Row("gain", points(fit.oracle_gain), "of a perfect selector, in this sample"),
        Row("correlation", fixed(float(fit.point.tetrachoric[0])), "mean tetrachoric"),
        *(
            Row(law, ratio(fit.ratio(law)), "observed/predicted β")
            for law in fit.laws[:4]
            if fit.ratio(law) is not None
        ),
    ]
    return Section(f"MatrixFit: {pool}", rows=tuple(rows))


def _tetrachoric(pairs: Tetrachoric) -> Section:
    m = len(pairs.thresholds)
    upper = _above_diagonal(pairs.correlation)
    finite = [value for value in upper if value == value]
    mean = sum(finite) / len(finite) if finite else None
    on_bound = sum(bool(value) for value in _above_diagonal(pairs.boundary))
    rows = (
        Row("correlation", f"({m}, {m})", f"mean {fixed(mean)} over {count(len(finite))} of {count(len(upper))} pairs"),
        Row("thresholds", f"({m},)", interval(float(pairs.thresholds.min()), float(pairs.thresholds.max()), fixed)),
        Row("boundary", f"({m}, {m})", f"{count(on_bound)} pairs nested, equal or disjoint"),
    )
    return Section(f"Tetrachoric: {count(m)} models", rows=rows)


def _above_diagonal(matrix: np.ndarray) -> Sequence[float]:
    return [float(row[j]) for i, row in enumerate(matrix) for j in range(i + 1, len(row))]


def _frontier(frontier: Frontier) -> Section:
    rows = (
        Row("cheapest", number(float(frontier.values[0])), f"quality at cost {number(frontier.least_cost)}"),
        Row("oracle", number(frontier.oracle), f"quality at cost {number(frontier.oracle_cost)}"),
        Row("at a budget", ".value(B)", ".shadow_price(B): what one more unit of budget buys"),
    )
    return Section(f"Frontier: {count(len(frontier.costs))} corners", rows=rows)


CARDS: Mapping[str, Callable[[Any], Section]] = {
    "Certificate": _certificate,
    "Frontier": _frontier,
    "LawComparison": _comparison,
    "LawFit": _law_fit,
    "MatrixFit": _matrix_fit,
    "Outcomes": _outcomes,
    "Result": _result,
    "Tetrachoric": _tetrachoric,
    "Verdict": _verdict,
}
"""Class -> what is shown of an object of it."""
