"""A cascade of two models in words and rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cofail_lab.policies.cascade_reading import AtFraction, CascadeReading, Ranged
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import ABSENT, interval, number, percent, points, signed
from cofail_lab.result import Row, Section

# Of differences of accuracies.
_ROUNDING = 1e-12
FIGURE = "Accuracy gained by fraction escalated: over random escalation, over mixing at the same dollars, and held out."


def headline(read: CascadeReading, fraction: float) -> str:
    """What the cascade gains on average, and at the same dollars."""
    cheap, strong = shorten(read.cheap), shorten(read.strong)
    verb, size = "gains" if read.routes.integral >= 0 else "loses", points(abs(read.routes.integral), 2)
    said = (
        f"{cheap} → {strong} by {read.signal}: the cascade {verb} {size} against random escalation, averaged over all "
        f"fractions{_limits(read.area)}"
    )
    if read.dollars is None:
        return f"{said}; dollars are unknown."
    if read.dollars.prices == "strong_cheaper":
        dear = "is the cheaper of the two" if _cheaper(read) else "costs as much"
        return f"{said}; {strong} {dear}, so that mixing them trades no dollars for accuracy."
    here = read.at(fraction)
    gap = here.dollar_gap.value or 0.0
    return (
        f"{said}. At {percent(fraction, 0)} escalated it {'gains' if gap >= 0 else 'loses'} {points(abs(gap), 2)} "
        f"against mixing the two at the same dollars{_limits(here.dollar_gap)}."
    )


def sections(read: CascadeReading, fraction: float) -> tuple[Section, ...]:
    """What is gained, by which confidence, and how much of it noise would give."""
    return (
        Section("What escalating gains", tuple(_findings(read, fraction)), tuple(_rows(read)), {"cascade": FIGURE}),
        Section("As noise replaces the confidence", tuple(_noise(read)), tuple(_noise_rows(read))),
    )


def metrics(read: CascadeReading, fraction: float) -> dict[str, float | None]:
    """Flat, see docs/policies.md."""
    here, best, dollars = read.at(fraction), read.best, read.dollars
    noise = read.degraded[-1]
    return {
        "gap_area": read.routes.integral,
        "gap_area_by_auc": read.routes.by_auc,
        "gap_area_by_covariance": read.routes.by_covariance,
        "gap_area_lower": read.area.lower,
        "gap_area_upper": read.area.upper,
        "auc_cheap": read.cheap_auc,
        "auc_strong": read.strong_auc,
        "accuracy_cheap": read.curve.cheap_accuracy,
        "accuracy_strong": read.curve.strong_accuracy,
        "price_cheap": None if dollars is None else dollars.cheap_price,
        "price_strong": None if dollars is None else dollars.strong_price,
        **_with_limits("escalation_gap", here.escalation_gap),
        **_with_limits("dollar_gap", here.dollar_gap),
        "mixed_fraction": here.mixed_fraction,
        **_with_limits("deferral_gain", here.deferral_gain),
        "best_fraction": None if best is None else best[0],
        "best_dollar_gap": None if best is None else best[1],
        "largest_gap": read.curve.largest_gap,
        "largest_gap_noise": noise.largest_gap,
    }


def tables(read: CascadeReading) -> dict[str, pa.Table]:
    """``fractions``: a row for each γ; ``verifier``: a row for each noise."""
    rows = [
        {
            "fraction": entry.fraction,
            "cost": entry.cost,
            **_with_limits("escalation_gap", entry.escalation_gap),
            "mixed_fraction": entry.mixed_fraction,
            **_with_limits("dollar_gap", entry.dollar_gap),
            **_with_limits("deferral_gain", entry.deferral_gain),
        }
        for entry in read.fractions
    ]
    columns = {name: pa.array([row[name] for row in rows], pa.float64()) for name in rows[0]}
    noise = pa.Table.from_pylist([row._asdict() for row in read.degraded])
    return {"fractions": pa.table(columns), "verifier": noise}


def _with_limits(name: str, ranged: Ranged) -> dict[str, float | None]:
    return {name: ranged.value, f"{name}_lower": ranged.lower, f"{name}_upper": ranged.upper}


def _findings(read: CascadeReading, fraction: float) -> list[str]:
    cheap, strong, dollars = shorten(read.cheap), shorten(read.strong), read.dollars
    said = []
    if read.cheap_auc is not None and read.cheap_auc > 0.5 and read.routes.integral < 0:
        said.append(
            f"An AUC above one half is no gain: the confidence of {cheap} separates the right answers of {strong} too "
            f"(AUC {_auc(read.strong_auc)}), which fails where {cheap} does."
        )
    if dollars is not None and dollars.prices == "strong_cheaper":
        better = " and better" if read.curve.strong_accuracy > read.curve.cheap_accuracy else ""
        said.append(
            f"{strong} costs {number(dollars.strong_price)} a query, {cheap} {number(dollars.cheap_price)}: no mix of "
            f"the two trades dollars for accuracy, and there is no gap at equal dollars. {strong} alone is "
            f"{'cheaper' if _cheaper(read) else 'as cheap'}{better}."
        )
    if dollars is not None and dollars.prices == "cheap_better":
        said.append(f"{cheap} is right at least as often as {strong} and cheaper: the rival is {cheap} alone.")
    if dollars is not None and dollars.prices == "usual":
        said += _dollar_findings(read, cheap, strong)
    gain = read.at(fraction).deferral_gain
    if gain.value is not None:
        how = "more" if gain.value > 0 else "fewer"
        much = f"{points(abs(gain.value), 2)} {how} right than" if abs(gain.value) > _ROUNDING else "as many right as"
        said.append(
            f"Deferring by what {strong} is likely to add, learned on other queries, gets {much} the threshold at "
            f"{percent(fraction, 0)} escalated{_limits(gain)}."
        )
    return said


def _cheaper(read: CascadeReading) -> bool:
    return read.dollars is not None and read.dollars.strong_price < read.dollars.cheap_price


def _dollar_findings(read: CascadeReading, cheap: str, strong: str) -> list[str]:
    dollars, best = read.dollars, read.best
    assert dollars is not None  # noqa: S101
    said = []
    if best is not None and best[1] > _ROUNDING:
        said.append(
            f"At the same dollars it gains most, {points(best[1], 2)}, at {percent(best[0])} escalated (chosen on "
            "these queries)."
        )
    else:
        said.append(f"At the same dollars no fraction gains over mixing {cheap} and {strong}.")
    edge = dollars.strong_price - dollars.cheap_price
    beyond = (
        read.curve.fraction[np.searchsorted(dollars.strong_spent, edge, side="right")]
        if dollars.strong_spent[-1] > edge
        else 1
    )
    if beyond < 1:
        said.append(f"From {percent(float(beyond))} escalated on it costs more than {strong} alone.")
    return said


def _rows(read: CascadeReading) -> list[Row]:
    routes = read.routes
    spread = max(routes) - min(routes)
    rows = [
        Row(
            "average gap",
            signed(routes.integral, 5),
            f"over random escalation{_area_limits(read.area)}; three routes agree to {spread:.0e}",
        ),
        Row("AUC", _auc(read.cheap_auc), f"for {shorten(read.cheap)}; {_auc(read.strong_auc)} for the strong model"),
    ]
    rows += [
        Row(f"{percent(entry.fraction, 0)} escalated", points(entry.escalation_gap.value, 2), _note(entry))
        for entry in read.fractions
    ]
    return rows


def _note(entry: AtFraction) -> str:
    parts = [f"over random escalation{_limits(entry.escalation_gap)}"]
    if entry.dollar_gap.value is not None and entry.mixed_fraction is not None:
        parts.append(
            f"{points(entry.dollar_gap.value, 2)} at equal dollars{_limits(entry.dollar_gap)}, where mixing sends "
            f"{percent(entry.mixed_fraction)} on"
        )
    return "; ".join(parts)


def _noise(read: CascadeReading) -> list[str]:
    noise = read.degraded[-1]
    covers = noise.area_lower <= 0 <= noise.area_upper
    return [
        f"The largest gap at any fraction is {points(read.curve.largest_gap, 2)}; pure noise gives "
        f"{points(noise.largest_gap, 2)}, because a maximum over fractions is positive by luck.",
        f"Under pure noise the average gap {'covers' if covers else 'does not cover'} zero over the seeds.",
    ]


def _noise_rows(read: CascadeReading) -> list[Row]:
    return [
        Row(
            f"{percent(row.noise, 0)} noise",
            f"{signed(row.area, 5)}",
            f"average gap, {signed(row.area_lower, 5)} to {signed(row.area_upper, 5)} over the seeds; largest gap "
            f"{points(row.largest_gap, 2)}",
        )
        for row in read.degraded
    ]


def _limits(ranged: Ranged) -> str:
    if ranged.lower is None:
        return ""
    return f" ({interval(ranged.lower, ranged.upper, lambda x: points(x, 2)).removesuffix(' points')})"


def _area_limits(ranged: Ranged) -> str:
    return "" if ranged.lower is None else f" ({signed(ranged.lower, 5)} to {signed(ranged.upper, 5)})"


def _auc(value: float | None) -> str:
    return ABSENT if value is None else f"{value:.3f}"
