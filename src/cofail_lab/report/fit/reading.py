"""What a fit means, in words: the sections on chance, pools, datasets and luck."""

from __future__ import annotations

import numpy as np

from cofail_lab.fitting.comparison.laws import FIRST_NULL, FITTED_LAWS, NULL_LAWS
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.guessing import Guessing
from cofail_lab.fitting.readings.luck import Luck
from cofail_lab.fitting.readings.parts import MIN_FAMILY
from cofail_lab.fitting.readings.slopes import SLOPES
from cofail_lab.fitting.replicates.intervals import Interval
from cofail_lab.fitting.replicates.null import NullTest
from cofail_lab.report.fit import captions
from cofail_lab.report.numbers import count, fixed, interval, p_value, percent, ratio
from cofail_lab.result import Row, Section


def null_sections(fit: MatrixFit) -> tuple[Section, ...]:
    """Every ratio in its null distribution."""
    null = fit.null
    if null is None or not null.tests:
        return ()
    sentences = [
        f"{null.simulated} matrices of the same shape were simulated from each null law and refitted like the observed "
        "one. p is the share of simulated matrices with a ratio at least as large as the observed one. Even without a "
        "common mode the ratio need not be 1."
    ]
    if null.ended_early:
        sentences.append(
            f"Of at most {count(null.n_affordable)}, no more are simulated from a law once none of its p-values can "
            "fall to .05 (sequential p-values, Besag and Clifford 1991)."
        )
    if null.n_affordable < null.n_asked:
        sentences.append(
            f"{count(null.n_asked)} were asked for; in a pool of this size they take too long. No p-value can be below "
            f"{1 / (1 + null.n_affordable):.3f}."
        )
    rows = []
    for law in fit.laws:
        test = null.tests.get((FIRST_NULL, law))
        if test is not None:
            rows.append(Row(FITTED_LAWS[law].label, ratio(fit.ratio(law)), _expected(test)))
    for law, test in null.own_tests(NULL_LAWS).items():
        if law != FIRST_NULL:
            rows.append(Row(f"  {FITTED_LAWS[law].label} as the truth", ratio(fit.ratio(law)), _expected(test)))
    if null.power is not None and "one_factor" in null.power:
        note = (
            f"of matrices with a common mode of {percent(null.atom)} that neither rates nor the mean pair show are "
            "detected by the one-factor ratio at 5%"
        )
        rows.append(Row("power", percent(null.power["one_factor"], 0), note))
        if null.joint_power is not None:
            rows.append(Row("  of all tests", percent(null.joint_power, 0), "by every law's own, as a tail must be"))
    elif not null.interrupted:
        note = f"no law with an atom of {percent(null.atom)} has these rates and pairs (experiment.atom)"
        rows.append(Row("power", "—", note))
    figure = {"null_calibration": captions.null(fit, null)}
    return (Section("Could it be chance?", tuple(sentences), tuple(rows), figure),)


def _expected(test: NullTest) -> str:
    central = interval(test.lower, test.upper, ratio)
    return f"without a common mode {ratio(test.expected)} (90% {central}), p = {p_value(test.p_value)}"


def pool_sections(fit: MatrixFit) -> tuple[Section, ...]:
    """How the reading depends on which models are in the pool."""
    rows, sentences, figures = [], [], {}
    scan = fit.scan
    if scan is not None and len(scan.sizes):
        middle = len(scan.sizes) // 2
        said = f"Random pools of {count(scan.sizes[middle])} models: {_pools(scan.all_wrong, scan.ratio, middle)}"
        if scan.null_all_wrong is not None and scan.null_ratio is not None:
            said += f"; without a common mode {_pools(scan.null_all_wrong, scan.null_ratio, middle)}"
        sentences.append(said + ".")
        figures["pool_size_scan"] = (
            f"Observed over one-factor β in random pools of {count(scan.sizes[0])} to {count(scan.sizes[-1])} models: "
            f"median, 5–95% band, share with a tail. Of {count(scan.sizes[middle])} models, "
            f"{_pools(scan.all_wrong, scan.ratio, middle)}."
        )
    level = f"{100 * fit.level:g}%"
    for i, reading in enumerate(fit.parts):
        limits = fit.part_interval(i)
        spread = f", {level} {interval(*limits, ratio)}" if limits else ""
        note = f"{count(reading.n_all_wrong)} queries defeat all of them, r {fixed(reading.tetrachoric)}{spread}"
        size = count(len(reading.part.members))
        rows.append(Row(f"{reading.part.title} ({size})", ratio(fit.part_ratio(i)), note))
    rows += _slope_rows(fit)
    if not rows and not sentences:
        return ()
    if fit.parts:
        sentences.append(
            "The ratio of observed to one-factor β in parts of the pool, each predicted from its own pairs. These "
            f"ratios have no null of their own, and need not be 1{_families_left_out(fit)}:"
        )
    return (Section("Does it depend on the pool?", tuple(sentences), tuple(rows), figures),)


def _families_left_out(fit: MatrixFit) -> str:
    names = [] if fit.outcomes.family is None else [str(name) for name in fit.outcomes.family]
    large = sum(names.count(name) >= MIN_FAMILY for name in set(names) - {""})
    shown = sum(reading.part.key.startswith("family=") for reading in fit.parts)
    return f"; of {count(large)} families the {count(shown)} largest are shown" if 0 < shown < large else ""


def _pools(all_wrong: np.ndarray, ratios: np.ndarray, row: int) -> str:
    """Share of the pools of one size with a tail, and their ratios."""
    looked = all_wrong[row][~np.isnan(all_wrong[row])]
    present = ratios[row][~np.isnan(ratios[row])]
    said = f"{percent(float((looked > 0).mean()), 0)} have a tail"
    if len(present) and present.any():
        low, middle, high = np.quantile(present, [0.05, 0.5, 0.95])
        said += f", observed over one-factor {ratio(middle)} (5–95%: {interval(low, high, ratio)})"
    return said


def _slope_rows(fit: MatrixFit) -> list[Row]:
    rows = []
    meaning = {"accuracy": "per 10 points of the pair's mean accuracy", "same_family": "where a pair shares its family"}
    for correlation, values in fit.slopes.items():
        for j, slope in enumerate(SLOPES):
            if slope not in meaning or np.isnan(values[j]):
                continue
            scale = 0.1 if slope == "accuracy" else 1.0
            drawn = None if fit.replicates is None else scale * fit.replicates.more[f"slopes_{correlation}"][:, j]
            limits = fit.interval(drawn)
            note = meaning[slope] + (f", 95% bootstrap interval {interval(*limits, fixed)}" if limits else "")
            rows.append(Row(f"{correlation} correlation changes by", fixed(scale * float(values[j])), note))
    return rows


def regime_sections(fit: MatrixFit) -> tuple[Section, ...]:
    """Regimes per dataset."""
    if not fit.regimes:
        return ()
    n_bound = sum(dataset.regime == "ceiling-bound" for dataset in fit.regimes)
    n_open = sum(dataset.regime == "realizability-bound" for dataset in fit.regimes)
    sentence = (
        f"Of {count(len(fit.regimes))} datasets, {count(n_bound)} are ceiling-bound and {count(n_open)} "
        "realizability-bound, each against its own best model; the rest is undetermined."
    )
    figure = {"regime_map": captions.regimes(fit)}
    return (Section("Regimes by dataset", (sentence,), (), figure),)


def luck_sections(fit: MatrixFit) -> tuple[Section, ...]:
    """What repeated runs say about how much of the gain is luck."""
    luck = fit.luck
    if luck is None:
        return ()
    if isinstance(luck, str):
        return (Section("How much of the gain is luck", (f"Repeated runs cannot be used: {luck}.",)),)
    sentences = [
        "The oracle of one graded run picks whoever happened to be right; a router that decides before answering "
        "cannot. What it can reach is between the second and the third line."
    ]
    if luck.luck_lower is not None and luck.luck_upper is not None:
        sentences.append(
            f"Between {_whole(luck.luck_lower.value)} and {_whole(luck.luck_upper.value)} of the one-run oracle gain "
            f"of these models is luck (95% {interval(luck.luck_lower.lower, luck.luck_upper.upper, _whole)})."
        )
    if luck.runs_inferred:
        sentences.append(
            "How many runs are behind a share is not in the data: a model is taken to have the fewest runs that give "
            "all its shares. Four runs that only ever show 0, ½ and 1 therefore count as two."
        )
    rows = (
        _luck_row("best model, one run", luck.single_best, luck),
        _luck_row("routable, at least", luck.half_pick, luck, "picked by half of the runs, scored on the rest"),
        _luck_row("routable, at most", luck.routable_upper, luck, "greatest share of right runs, query by query"),
        _luck_row("oracle of one run", luck.oracle, luck, "1 − E Π(1−π)"),
        _luck_row("one run's pick, run again", luck.first_pick, luck, "the two-run bound of P10.i"),
    )
    return (Section("How much of the gain is luck", tuple(sentences), rows),)


def _whole(share: float | None) -> str:
    return percent(share, 0)


def _luck_row(label: str, value: Interval, luck: Luck, what: str = "") -> Row:
    what = what or f"{count(luck.n_models)} models {_runs(luck)}, {count(luck.n_queries)} queries"
    return Row(label, percent(value.value), f"{what}; 95% {interval(value.lower, value.upper)}")


def _runs(luck: Luck) -> str:
    few, most = count(luck.fewest_runs), count(luck.most_runs)
    return f"{'taken as' if luck.runs_inferred else 'with'} {few if few == most else f'{few} to {most}'} runs a cell"


def guessing_sections(guessing: Guessing | None) -> tuple[Section, ...]:
    """β and the routable ceiling where models guess among options."""
    if guessing is None:
        return ()
    known = guessing.all_wrong
    if known.lower > 1:
        sentence = (
            "More queries defeat everyone than if all models guessed on every query: wrong answers are shared, not "
            "guessed, and a correction for guessing has no meaning here."
        )
        return (Section("If models guess what they do not know", (sentence,)),)
    rows = (
        Row("nobody knows", _share(known.value), f"95% {_within(known)}; β without lucky guesses"),
        Row(
            "routable ceiling",
            _share(guessing.ceiling.value),
            f"95% {_within(guessing.ceiling)}; a router meets lucky guesses too",
        ),
    )
    sentence = "If models that do not know guess uniformly and apart (experiment.choices), some query that nobody knows"
    sentence += " is answered by luck; no router can plan for it."
    return (Section("If models guess what they do not know", (sentence,), rows),)


def _share(value: float) -> str:
    """A corrected share; outside [0, 1], which the correction does not know, only that."""
    return percent(value) if 0 <= value <= 1 else "above 100%" if value > 1 else "below 0%"


def _within(value: Interval) -> str:
    """Its limits, those of a share."""
    return interval(max(value.lower, 0.0), min(value.upper, 1.0))
