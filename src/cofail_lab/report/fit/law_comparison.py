"""The comparison of laws in words, rows, metrics and a table; `report.figures.laws` draws it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from cofail_lab.estimate import Estimate
from cofail_lab.fitting.comparison.compare import LawComparison
from cofail_lab.fitting.comparison.law_fits import LawFit
from cofail_lab.report.numbers import count, fixed, percent, percent_of_log, ratio, signed
from cofail_lab.result import Row, Section

if TYPE_CHECKING:
    import pyarrow as pa
FIGURE = "law_comparison"

_CAPTION = (
    "Left: held-out log-likelihood of the number of wrong models per query, relative to the best law, with two "
    "standard errors of the paired difference; filled: not distinguishable from the best. Right: β predicted by each "
    "law over the observed β."
)

_SYMBOLS = {
    "shock": "ω",
    "correlation": "r",
    "theta": "θ",
    "inverse_degrees_of_freedom": "1/ν",
    "skewness": "skewness",
}
"""Parameters that a row of the comparison states, and what it calls them."""


def section(comparison: LawComparison) -> Section:
    """What the laws say, which of them held-out queries prefer, and what that means."""
    rows = tuple(_row(fit, comparison) for fit in comparison.fits)
    best = comparison.best
    figures = {} if best is None else {FIGURE: f"The law “{best.label}” predicts held-out queries best. {_CAPTION}"}
    return Section("Which law fits", tuple(_sentences(comparison)), rows, figures)


def _sentences(comparison: LawComparison) -> list[str]:
    sentences = [_judgement(comparison), _atom_sentence(comparison)]
    if comparison.n_constant:
        sentences.append(
            f"{count(comparison.n_constant)} constant model(s) stay out of every law: their thresholds are infinite."
        )
    if comparison.folds and comparison.n_heldout_models < comparison.n_models:
        sentences.append(
            f"Held out, C counts the {count(comparison.n_heldout_models)} models that vary in every training part."
        )
    absent = [fit for fit in comparison.fits if fit.absent]
    if absent:
        said = "; ".join(f"{fit.label}: {fit.absent}" for fit in absent)
        sentences.append(f"No fit of {said}.")
    return [sentence for sentence in sentences if sentence]


def _judgement(comparison: LawComparison) -> str:
    best = comparison.best
    if best is None:
        return "No law was judged on held-out queries."
    close = [fit.label for fit in comparison.fits if fit.close and fit.name != best.name]
    said = (
        f"Of queries held out ({comparison.folds} parts in turn), the law “{best.label}” predicts the number wrong best"
    )
    if not close:
        return f"{said}, by more than two standard errors over every other law."
    named = "; ".join(close[:5]) + (f"; and {count(len(close) - 5)} more" if len(close) > 5 else "")
    predicted = [fit.predicted.value for fit in comparison.fits if fit.close and fit.predicted.value is not None]
    spread = f"; between them they predict β from {percent(min(predicted))} to {percent(max(predicted))}"
    return f"{said}. Within two standard errors it cannot be distinguished from {named}{spread}."


def _atom_sentence(comparison: LawComparison) -> str:
    """Whether an event that defeats everyone is needed beside the best base: the words of `LawComparison.atom_need`."""
    atom, base, need = comparison.atom, comparison.base, comparison.atom_need
    if atom is None or base is None or need == "not_judged":
        return ""
    if need == "no_tail":
        return "No query defeats every model, so an atom has nothing to explain."
    if need == "not_better":
        return f"No law with an atom predicts held-out queries better than {base.label}."
    shock = atom.parameters.get("shock", 0.0)
    size = f"its atom takes {percent(shock)} of the queries" if shock else "its atom is 0"
    needed = "no law without an atom is close to it" if need == "needed" else f"{base.label} without one is as good"
    return f"The best law with an atom is {atom.label} ({size}); {needed}."


def _row(fit: LawFit, comparison: LawComparison) -> Row:
    if fit.absent:
        return Row(fit.label, "does not exist", fit.absent)
    notes = [f"ratio {ratio(fit.ratio)}" if fit.ratio is not None else ""]
    if fit.difference is not None and fit.difference_error is not None:
        best = comparison.best is not None and fit.name == comparison.best.name
        notes.append("best held out" if best else f"held out {_thousandths(fit.difference, fit.difference_error)}")
    else:
        notes.append(f"not judged: {fit.heldout_absent}")
    notes += [_parameter(name, fit) for name in (*_SYMBOLS, "within") if name in fit.parameters]
    notes += fit.notes
    return Row(fit.label, _predicted(fit), "; ".join(note for note in notes if note))


def _thousandths(difference: float, error: float) -> str:
    """Nats per thousand queries: the size at which laws differ."""
    return f"{signed(1000 * difference)} ± {fixed(1000 * error, 1)} per 1,000 queries"


def _parameter(name: str, fit: LawFit) -> str:
    value, limits = fit.parameters[name], fit.intervals.get(name)
    if name == "within":
        families = count(fit.parameters["families"])
        return f"ρ {fixed(fit.parameters['between'])} across, {fixed(value)} within {families} families"
    form: Callable[[float | None], str] = percent if name == "shock" else fixed
    said = f"{_SYMBOLS[name]} {form(value)}"
    return said + (f" [{form(limits[0])}, {form(limits[1])}]" if limits else "")


def _predicted(fit: LawFit) -> str:
    return percent_of_log(None if fit.predicted.value is None else fit.log_predicted, 2)


def metrics(comparison: LawComparison) -> dict[str, float | int | None]:
    """Flat names for ``results.json``; docs/fit_laws.md lists them."""
    numbers: dict[str, float | int | None] = {"n_heldout_models": comparison.n_heldout_models}
    for fit in comparison.fits:
        name = fit.name
        numbers |= {
            f"predicted_{name}": fit.predicted.value,
            f"predicted_{name}_error": fit.predicted.error,
            # Under a full Σ of opposite models β can be 0, and its log is no number.
            f"log_predicted_{name}": None if fit.log_predicted == -math.inf else fit.log_predicted,
            f"ratio_{name}": fit.ratio,
            f"log_likelihood_{name}": fit.log_likelihood,
            f"matrix_log_likelihood_{name}": fit.matrix_log_likelihood,
            f"heldout_{name}": fit.heldout,
            f"heldout_{name}_error": fit.heldout_error,
            f"heldout_difference_{name}": fit.difference,
            f"heldout_difference_{name}_error": fit.difference_error,
        }
        for parameter, value in fit.parameters.items():
            numbers[f"{parameter}_{name}"] = value
        for parameter, (low, high) in fit.intervals.items():
            numbers |= {f"{parameter}_{name}_lower": low, f"{parameter}_{name}_upper": high}
    atom = comparison.atom
    numbers["predicted_atom_inflated"] = None if atom is None else atom.predicted.value
    numbers["ratio_atom_inflated"] = None if atom is None else atom.ratio
    numbers["shock_atom_inflated"] = None if atom is None else atom.parameters.get("shock")
    return numbers


def labels(comparison: LawComparison) -> dict[str, str]:
    """Which law is best, which atom is quoted, and why figures are missing."""
    texts = {}
    if comparison.best is not None:
        texts["heldout_best_law"] = comparison.best.name
        texts["heldout_close_laws"] = ", ".join(fit.name for fit in comparison.fits if fit.close)
    if comparison.atom is not None:
        texts["atom_inflated_law"] = comparison.atom.name
    for fit in comparison.fits:
        if fit.absent:
            texts[f"predicted_{fit.name}"] = f"does not exist: {fit.absent}"
        elif fit.heldout_absent:
            texts[f"heldout_{fit.name}"] = f"not judged: {fit.heldout_absent}"
        if fit.notes:
            texts[f"note_{fit.name}"] = "; ".join(fit.notes)
    return texts


def estimates(comparison: LawComparison) -> dict[str, Estimate]:
    """Predictions with their numerical or simulation error; held-out likelihoods with their error over queries."""
    numbers = {}
    for fit in comparison.fits:
        numbers[f"predicted_{fit.name}"] = fit.predicted
        if fit.heldout is not None and fit.heldout_error is not None:
            numbers[f"heldout_{fit.name}"] = Estimate(fit.heldout, fit.heldout_error, "monte_carlo")
    return numbers


def table(comparison: LawComparison) -> pa.Table:
    """One row per law."""
    import pyarrow as pa

    fits = comparison.fits

    def column(get: Callable[[LawFit], float | None]) -> pa.Array:
        return pa.array([get(fit) for fit in fits], pa.float64())

    return pa.table(
        {
            "law": [fit.name for fit in fits],
            "label": [fit.label for fit in fits],
            "fitted_by": [fit.how for fit in fits],
            "predicted": column(lambda fit: fit.predicted.value),
            "predicted_error": column(lambda fit: fit.predicted.error),
            "error_kind": [fit.predicted.kind for fit in fits],
            "log_predicted": column(lambda fit: fit.log_predicted),
            "ratio": column(lambda fit: fit.ratio),
            "shock": column(lambda fit: fit.parameters.get("shock")),
            "log_likelihood": column(lambda fit: fit.log_likelihood),
            "simulation_error": column(lambda fit: fit.simulation_error),
            "matrix_log_likelihood": column(lambda fit: fit.matrix_log_likelihood),
            "heldout": column(lambda fit: fit.heldout),
            "heldout_error": column(lambda fit: fit.heldout_error),
            "heldout_difference": column(lambda fit: fit.difference),
            "heldout_difference_error": column(lambda fit: fit.difference_error),
            "remark": [
                "; ".join(said for said in (fit.absent or fit.heldout_absent, *fit.notes) if said) for fit in fits
            ],
        }
    )
