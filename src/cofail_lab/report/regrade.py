"""The words and rows of `experiment=regrade`: what a second grading changes, and answers at the token limit."""

from collections.abc import Mapping, Sequence

from cofail_lab.bounds.missing import MissingCells
from cofail_lab.data.names import list_names
from cofail_lab.data.regrading import Figures, Flips, Unshared, Variant
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import ABSENT, count, interval, percent, points
from cofail_lab.result import Row, Section

_MAX_CHANGED_MODELS = 5

_TITLES = {
    "before": "as graded first",
    "after": "as graded second",
    "before_common": "first, on queries complete in both",
    "after_common": "second, on queries complete in both",
    "before_without_limit": "first, without answers at the limit",
    "after_without_limit": "second, without answers at the limit",
}
"""How the summary calls each variant."""

_KINDS = {
    "n_right_to_wrong": "right to wrong",
    "n_wrong_to_right": "wrong to right",
    "n_graded_to_not": "no longer graded",
    "n_not_to_graded": "newly graded",
}
"""How the summary calls each kind of change of a cell."""


def headline(variants: Sequence[Variant], flips: Flips | None, n_at_limit: int) -> str:
    """What changes in β and in the oracle gain, in one or two sentences.

    Args:
        variants: every way in which the answers were graded.
        flips: from the first grading to the second; None without a second one.
        n_at_limit: graded answers that stopped at the token limit.
    """
    known = {variant.name: variant.figures for variant in variants if not variant.absent}
    sentences = []
    if flips is not None:
        n_flipped = flips.counts["n_right_to_wrong"] + flips.counts["n_wrong_to_right"]
        before, after = (known.get(f"{name}_common", known.get(name)) for name in ("before", "after"))
        sentences.append(
            f"The second grading flips {count(n_flipped)} of {count(flips.counts['n_graded_twice'])} cells"
            + ("; on the queries complete in both" if "before_common" in known else "")
            + _change(before, after)
        )
    if n_at_limit:
        last = "after" if flips is not None else "before"
        sentences.append(
            f"Without the {count(n_at_limit)} graded answers at the token limit"
            + _change(known.get(last), known.get(f"{last}_without_limit"))
        )
    return " ".join(sentences)


def sections(
    variants: Sequence[Variant],
    flips: Flips | None,
    bounds: Mapping[str, MissingCells],
    n_at_limit: int,
    limit_known_from: str,
    notes: Sequence[str],
) -> tuple[Section, ...]:
    """The summary.

    Args:
        variants: every way in which the answers were graded.
        flips: from the first grading to the second; None without a second one.
        bounds: by name of the grading, over all that answers at the token limit could have been.
        n_at_limit: graded answers that stopped at the token limit.
        limit_known_from: how it is known that they did.
        notes: what was done on the way from the files to here.
    """
    rows = []
    for variant in variants:
        rows.append(Row(_TITLES[variant.name], ABSENT if variant.absent else "", variant.absent))
        if not variant.absent:
            rows += figure_rows(variant.figures)
    sentences = []
    if n_at_limit:
        sentences.append(
            f"{count(n_at_limit)} graded answers stopped at the token limit ({limit_known_from}). Without these "
            "answers their queries are incomplete and are left out; which queries have long answers is not chance."
        )
    for name, limits in bounds.items():
        sentences.append(
            f"Depending on what these answers would have been without the limit, β ({_TITLES[name]}) lies within "
            f"{interval(*limits.all_wrong)} and G within {interval(*limits.oracle_gain, points)}."
        )
    return (
        *([] if flips is None else [_flip_section(flips)]),
        Section("β, G and certificates", tuple(sentences), tuple(rows)),
        Section("What was compared", tuple(dict.fromkeys(notes))),
    )


def unshared_notes(unshared: Sequence[Unshared]) -> list[str]:
    """One sentence for the queries, and one for the models, that only one of the gradings has."""
    return [
        f"{count(part.number)} {part.what} are only in {part.source} (such as {shorten(part.example)}) and were "
        "left out."
        for part in unshared
    ]


def _change(old: Figures | None, new: Figures | None) -> str:
    if old is None or new is None:
        return ", and too few complete queries are left."
    gains = f"{points(old.oracle_gain).removesuffix(' points')} to {points(new.oracle_gain)}"
    return f": β goes from {percent(old.all_wrong)} to {percent(new.all_wrong)}, the oracle gain from {gains}."


def figure_rows(figures: Figures) -> list[Row]:
    """β and G of one variant, with limits and certificates."""
    k_of_n = f"{count(figures.n_all_wrong)} of {count(figures.n_queries)}"
    limits = interval(figures.all_wrong_lower, figures.all_wrong_upper)
    certified = interval(figures.paired_min_gain, figures.paired_max_gain, points)
    return [
        Row("  β", percent(figures.all_wrong), f"{k_of_n}, 95% {limits}"),
        Row("  G", points(figures.oracle_gain), f"certified {certified}, each end by itself"),
    ]


def _flip_section(flips: Flips) -> Section:
    rows = [Row(label, count(flips.counts[key])) for key, label in _KINDS.items()]
    sentences = []
    for names, what in (
        (flips.no_longer_all_wrong, "no longer defeat everyone"),
        (flips.newly_all_wrong, "newly defeat everyone"),
    ):
        if names:
            sentences.append(f"{count(len(names))} queries {what} ({list_names([shorten(name) for name in names])}).")
    models = [(row, row["right_to_wrong"] + row["wrong_to_right"]) for row in flips.models.to_pylist()]
    models.sort(key=lambda pair: (-pair[1], pair[0]["model"]))
    for row, n_flipped in models[:_MAX_CHANGED_MODELS]:
        if n_flipped:
            share = percent(n_flipped / row["n_graded_twice"]) if row["n_graded_twice"] else ABSENT
            note = f"{count(row['right_to_wrong'])} lost, {count(row['wrong_to_right'])} gained"
            rows.append(Row(f"  {shorten(row['model'])}", share, note))
    return Section("Cells that changed", tuple(sentences), tuple(rows))
