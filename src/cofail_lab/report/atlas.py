"""Many matrices side by side: whether each tail is more than its pairs say, and what routing could get there."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cofail_lab.report.names import listed, shorten
from cofail_lab.report.numbers import ABSENT, count, fixed, interval, p_value, percent, points, ratio
from cofail_lab.result import Listing, Row, Section

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.figure import Figure

    from cofail_lab.report.atlas_matrix import Matrix, Pricing
    from cofail_lab.result import Result

LAWS = {
    "independent": "independence",
    "one_factor": "one factor",
    "one_factor_loadings": "own loadings",
    "block": "families",
    "clayton": "Clayton",
    "full_sigma": "full Σ",
}
"""Laws that stand side by side, and what they are called."""
# Matrices on one screen.
_ON_SCREEN = 12
_TAILS = {
    "heavy_tail": "heavier than every smooth law",
    "beyond": "beyond the pairs",
    "cannot_tell": "cannot be told",
    "chance": "chance",
    "thinner": "thinner",
}


def headline(matrices: Sequence[Matrix]) -> str:
    """How often reading pairs is enough, and how many tails can be believed."""
    by = {kind: [one for one in matrices if one.pricing == kind] for kind in ("under", "over", "within", "no_tail")}
    n_tails = len(matrices) - len(by["no_tail"])
    said = [f"{count(n_tails)} of {count(len(matrices))} matrices have queries that defeat every model."]
    if n_tails:
        said.append(
            f"One factor at their mean correlation prices {count(len(by['within']))} of these within chance, "
            f"{count(len(by['under']))} too low and {count(len(by['over']))} too high."
        )
        heavy = sum(one.values.get("tail") == "heavy_tail" for one in matrices)
        n_unread = sum(one.n_unread for one in matrices)
        n_heavy = "None has" if not heavy else f"{count(heavy)} {'has' if heavy == 1 else 'have'}"
        said.append(f"{n_heavy} a tail heavier than every smooth law.")
        if n_unread:
            said.append(f"{count(n_unread)} all-wrong queries are to be read before any of it is believed.")
    return " ".join(said)


def before(result: Result, matrices: Sequence[Matrix], unfinished: Sequence[str]) -> Result:
    """The result of gathering fits, with the atlas in front.

    Args:
        result: of gathering.
        matrices: at least two.
        unfinished: what is said of runs that did not finish.
    """
    runs, *others = result.sections
    return replace(
        result,
        headline=headline(matrices),
        metrics={**result.metrics, **metrics(matrices)},
        tables={**result.tables, "atlas": table(matrices)},
        csv=(*result.csv, "atlas"),
        figures={"atlas": figure(matrices)},
        brief=brief(matrices, unfinished),
        sections=(*sections(matrices), replace(runs, figures={}), *others),
    )


def metrics(matrices: Sequence[Matrix]) -> dict[str, int]:
    """How many matrices the pairs price how."""
    kinds = ("under", "over", "within", "no_tail")
    return {
        "n_matrices": len(matrices),
        **{f"n_priced_{kind}": sum(one.pricing == kind for one in matrices) for kind in kinds},
        "n_all_wrong": sum(int(one.values.get("n_all_wrong") or 0) for one in matrices),
    }


def brief(matrices: Sequence[Matrix], unfinished: Sequence[str]) -> tuple[Section, ...]:
    """One screen: the matrices, as many as there is room for."""
    some = matrices[:_ON_SCREEN]
    left = [f"The {count(len(some))} with the largest β; tables/atlas.csv has all {count(len(matrices))}."]
    return (
        Section("", tuple(unfinished)),
        Section("The atlas", tuple(left if len(some) < len(matrices) else ()), listing=_short(some)),
    )


def sections(matrices: Sequence[Matrix]) -> tuple[Section, ...]:
    """The atlas as it reads."""
    caption = (
        "Left: observed over predicted β of each law (1 is priced right), with the central 90% of matrices without a "
        "common mode for one factor. Right: where the queries go: the best model, what a perfect router adds, and what "
        "defeats everyone."
    )
    return (
        Section("The atlas", _about(matrices), _rows(matrices), {"atlas": caption}, _listing(matrices)),
        Section("Each law against its null", (_NULLS,), listing=_laws(matrices)),
    )


def table(matrices: Sequence[Matrix]) -> pa.Table:
    """A row for each matrix."""
    columns: dict[str, list[Any]] = {
        "matrix": [one.name for one in matrices],
        **{name: [one.values.get(name) for one in matrices] for name in ("n_models", "n_queries", "n_all_wrong")},
        "regime": [one.values.get("regime") for one in matrices],
        "tail": [one.values.get("tail") for one in matrices],
        "pricing": [one.pricing for one in matrices],
        "audit": [one.audit for one in matrices],
    }
    numbers = (
        "all_wrong",
        "all_wrong_lower",
        "all_wrong_upper",
        "single_best",
        "oracle_gain",
        "max_gain",
        "tetrachoric",
    )
    columns |= {name: [one.number(name) for one in matrices] for name in numbers}
    for place, end in enumerate(("", "_lower", "_upper")):
        columns[f"routable_share{end}"] = [one.routable[place] for one in matrices]
    for law in LAWS:
        columns[f"ratio_{law}"] = [one.number(f"ratio_{law}") for one in matrices]
        columns[f"p_{law}"] = [one.p_of(law) for one in matrices]
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def figure(matrices: Sequence[Matrix]) -> Callable[[], Figure]:
    """What draws the atlas."""
    from cofail_lab.report.figures import atlas as figures

    ratios = {
        called: [one.number(f"ratio_{law}") for one in matrices] for law, called in LAWS.items() if law != "independent"
    }
    nulls = [(one.number("null_ratio_one_factor_lower"), one.number("null_ratio_one_factor_upper")) for one in matrices]
    shares = [(one.number("single_best") or 0.0, one.number("oracle_gain") or 0.0) for one in matrices]
    return partial(figures.atlas, [one.name for one in matrices], ratios, nulls, np.array(shares))


_NULLS = (
    "p: how often matrices of the same shape, simulated without a common mode and fitted likewise, show so large "
    "a ratio. Up to 5% the law prices the tail too low, above 95% too high; anything between is chance. A ratio by "
    "itself says nothing: no null is centred on 1. The null is one factor; own loadings and full Σ have their own."
)


def _about(matrices: Sequence[Matrix]) -> tuple[str, ...]:
    said = []
    for kind, words in (("under", "too low"), ("over", "too high"), ("no_tail", None)):
        names = [one.name for one in matrices if one.pricing == kind]
        if not names:
            continue
        if words is None:
            said.append(f"No query defeats everyone in {listed(names)}: no ratio, and nothing to read.")
        else:
            said.append(f"Reading pairs prices the tail {words} in {listed(names)}.")
    regimes = {kind: sum(one.values.get("regime") == kind for one in matrices) for kind in _REGIMES}
    counted = ", ".join(f"{kind.replace('_', '-')} {n}" for kind, n in regimes.items() if n)
    if counted:
        said.append(f"Regimes: {counted}.")
    said += [f"{one.name}: its verdicts were not read ({one.sheet_fault})." for one in matrices if one.sheet_fault]
    said.append(
        "A wrong key, a broken grader or a truncated answer fails every model at once and looks like a common mode to "
        "every statistic of pairs; experiment=audit writes the sheet that readers fill in."
    )
    return tuple(said)


_REGIMES = ("ceiling_bound", "realizability_bound", "undetermined", "ceiling-bound", "realizability-bound")


def _rows(matrices: Sequence[Matrix]) -> tuple[Row, ...]:
    shares = [one.routable[0] for one in matrices if one.routable[0] is not None]
    ratios = [value for one in matrices if (value := one.number("ratio_one_factor")) and one.pricing != "no_tail"]
    independent = [value for one in matrices if (value := one.number("ratio_independent")) and one.pricing != "no_tail"]
    rows = [Row("routable share", interval(min(shares), max(shares)), "of the best model's errors")] if shares else []
    if ratios:
        rows.append(Row("one factor", f"{ratio(min(ratios))} to {ratio(max(ratios))}", "observed over predicted β"))
    if independent:
        rows.append(Row("independence", f"from {ratio(min(independent))} on", "observed over predicted β"))
    return tuple(rows)


def _listing(matrices: Sequence[Matrix]) -> Listing:
    rows = [
        (
            shorten(one.name, 24),
            f"{count(one.number('n_models'))} × {count(one.number('n_queries'))}",
            percent(one.number("all_wrong")),
            points(one.number("oracle_gain")).removesuffix(" points"),
            percent(one.routable[0]),
            fixed(one.number("tetrachoric"), 2),
            ABSENT if one.pricing == "no_tail" else ratio(one.number("ratio_one_factor")),
            _PRICED[one.pricing],
            _TAILS.get(str(one.values.get("tail")), ABSENT),
            str(one.values.get("regime") or ABSENT).replace("_", "-"),
            one.audit,
        )
        for one in matrices
    ]
    columns = (
        *("matrix", "models × queries", "all wrong", "gain (points)", "routable", "ρ", "one factor", "pairs price it"),
        *("tail", "regime", "audit"),
    )
    return Listing(columns, tuple(rows), tuple(one.page for one in matrices))


def _short(matrices: Sequence[Matrix]) -> Listing:
    """Of the listing, what 80 columns hold."""
    whole = _listing(matrices)
    chosen = (0, 2, 4, 6, 7)
    return Listing(
        tuple(whole.columns[j] for j in chosen), tuple(tuple(row[j] for j in chosen) for row in whole.rows), whole.links
    )


_PRICED: dict[Pricing, str] = {
    "under": "too low",
    "over": "too high",
    "within": "within chance",
    "no_tail": ABSENT,
    "unknown": "no null",
}


def _laws(matrices: Sequence[Matrix]) -> Listing:
    rows = [
        (shorten(one.name, 24), *(_against(one, law) for law in LAWS)) for one in matrices if one.pricing != "no_tail"
    ]
    return Listing(("matrix", *LAWS.values()), tuple(rows), (None,) * len(rows))


def _against(one: Matrix, law: str) -> str:
    value, p = one.number(f"ratio_{law}"), one.p_of(law)
    if value is None:
        return ABSENT
    return ratio(value) + ("" if p is None else f" (p {p_value(p)})")
