"""Words of a fit for every conclusion, law, part and reading: kept whole, on numbers that were chosen."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

from cofail_lab.estimate import Estimate
from cofail_lab.fitting.conclusion import Conclusion, Reason
from cofail_lab.fitting.estimators.stack import Prediction
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.guessing import Guessing, guess_corrected
from cofail_lab.fitting.readings.parts import Part, PartFit
from cofail_lab.fitting.readings.regimes import PoolRegime
from cofail_lab.fitting.replicates.intervals import Interval
from cofail_lab.fitting.replicates.null import NullTest
from cofail_lab.report import cards
from cofail_lab.report.fit import captions, in_short, law_comparison, metrics, names, reading, summary
from cofail_lab.report.fit.brief import last_sections
from cofail_lab.result import Result
from tests.experiments.whole import keep, lines
from tests.report.by_hand import CERTIFICATE, ELEVEN, SCAN, TAIL, fitted, null, point, pool, replicates
from tests.report.fit.test_law_comparison import CLAYTON, FACTOR, compared, law
from tests.report.fit.test_reading import LUCK

MORE = {"full_sigma": NullTest(0.31, 0.7, 1.1, 0.8, 1.4, 1.5, 19), "block": NullTest(0.02, 0.99, 1.3, 0.9, 1.7, 1.8, 9)}
SMOOTH = replace(
    TAIL, p_values={"gaussian": 0.01, "student": 0.08, "skew": 0.4}, power_base="skew", best="student", atom=0.0012
)


def test_every_reason_in_words() -> None:
    fit, without = fitted(null=null(), tail=SMOOTH), fitted()
    said = []
    for reason in get_args(Reason):
        laws = {"explaining": ("clayton", "block"), "rejecting": ("one_factor", "full_sigma"), "missing": ("clayton",)}
        rare = {"rejecting": ("one_factor",)}
        for change in (
            {},
            laws,
            rare,
            {"smooth": ("gaussian",)},
            {"smooth": ("skew",), "pool_too_large": True, **laws},
        ):
            numbers = {"p_value": 0.0123, "expected": 0.0456, "expected_none": 0.87} if change else {}
            one = Conclusion("cannot_tell", reason, **change, **numbers)
            said += [f"{reason}: {in_short.chance_sentence(each, one)}" for each in (fit, without)]
    several = replace(fit, null=null(tests={**null().tests, **{(name, name): test for name, test in MORE.items()}}))
    few = Conclusion("cannot_tell", "none_expected", expected=2.345, expected_none=0.2)
    best = replace(SMOOTH, p_values={"gaussian": 0.01, "student": 0.04, "skew": 0.2})
    said.append(in_short.chance_sentence(several, Conclusion("beyond", "all_rejected", p_value=0.0123)))
    said.append(in_short.chance_sentence(fit, few))
    said.append(in_short.chance_sentence(replace(fit, tail=TAIL), Conclusion("chance", "explained")))
    said.append(in_short.chance_sentence(replace(fit, tail=best), Conclusion("heavy_tail", "smooth_explains")))
    keep("words_chance", list(dict.fromkeys(said)))


def test_few_queries() -> None:
    expected = {0.0456: "0.05", 0.00012: "0.0001", 0.1: "0.1", 0.149: "0.1", 12.34: "12.3"}
    assert {number: in_short._few(number) for number in expected} == expected


CORRELATIONS = ("pearson", "pearson_within", "pearson_across", "pearson_gap", "tetrachoric", "tetrachoric_interior")


def fits() -> Iterator[tuple[str, MatrixFit]]:
    plain = fitted()
    yield "plain", plain
    one = pool()
    yield "one model", fitted(replace(one, wrong=one.wrong[:, :1], models=("a",)))
    always = pool({"none": 0, "a": 20, "ab": 10, "abc": 70})
    yield "always right", replace(fitted(always), point=point(log_one_factor=np.nan, log_clayton=np.nan))
    nothing = dict.fromkeys(("log_independent", "log_one_factor", "log_clayton", "tetrachoric", "pearson"), np.nan)
    yield "no law", replace(plain, point=point(**nothing), implied_correlation=None, negative_eigenvalues=None)
    implied = replace(plain, implied_correlation=0.4101, negative_eigenvalues=0, nearest_mean=None)
    yield "implied the same", replace(implied, point=point(n_boundary_pairs=0))
    drawn = replicates(
        **{f"error_{name}": np.array([0.02, 0.03, 0.01, 0.02]) * k for k, name in enumerate(CORRELATIONS, start=1)},
        parts=np.array([[1.9], [2.0], [2.3], [np.nan]]),
        slopes_pearson=np.array([[0.1, 0.5, 0.2]] * 2 + [[0.1, 0.7, np.nan]] * 2),
    )
    part = PartFit(Part("family=f", "family f", np.array([0, 2])), 14, 0.76, 0.43, np.log(0.07))
    families = replace(pool(), per_model={"family": np.array(["f", "f", "g"], object)})
    slopes = {"pearson": np.array([0.1, 0.5, np.nan])}
    rich = replace(plain, replicates=drawn, n_asked=4, parts=(part,), slopes=slopes, outcomes=families)
    yield "replicates", rich
    laws = {
        "full_sigma": Prediction(np.array([np.log(0.08)]), np.array([0.05]), ("A note.",)),
        "block": Prediction(np.array([np.nan]), np.array([np.nan]), ()),
    }
    yield "matrix laws", replace(plain, matrix_laws=laws)
    yield "unlucky", replace(plain, luck="shares of 0.3 runs")
    errors: dict[str, Any] = {
        key: value._replace(error=0.01) for key, value in vars(LUCK).items() if isinstance(value, Interval)
    }
    errors |= {"luck_lower": None, "luck_upper": None}
    none = replace(LUCK, **errors, runs_inferred=True, fewest_runs=3, most_runs=3)
    yield "inferred runs", replace(plain, luck=none)
    yield "no power", replace(plain, null=null(power={}, joint_power=None, tests={**null().tests, **own()}))
    yield "interrupted", replace(plain, null=null(power=None, interrupted=True), conventions="published")
    yield "asked", replace(plain, interrupted=True, tail=SMOOTH)
    yield "scan", replace(plain, scan=SCAN._replace(null_all_wrong=None, null_ratio=None))
    regimes = tuple(PoolRegime(name, 3, 100, 40, 0, 41) for name in "pqrs")
    yield "four bound", replace(plain, regimes=regimes)
    yield "one bound", replace(plain, regimes=(*regimes[:1], PoolRegime("t", 3, 100, 0, 0, 30)))
    yield "compared", replace(plain, comparison=comparison())


def own() -> dict[tuple[str, str], NullTest]:
    return {(name, name): test for name, test in MORE.items()} | {("one_factor", "clayton"): MORE["block"]}


def comparison() -> Any:
    within = {"within": 0.5, "between": 0.2, "families": 2.0}
    absent: dict[str, Any] = {"absent": "does not converge", "heldout": None, "heldout_error": None, "ratio": None}
    nothing = replace(
        CLAYTON, **absent, difference=None, difference_error=None, predicted=Estimate(None, None, "exact")
    )
    unjudged = replace(
        law("independent", -1.0, 0.0, 0.0), heldout=None, heldout_error=None, difference=None, difference_error=None
    )
    block = law("block", -1.31, -0.01, 0.006, parameters=within, notes=("First.", "Second."), law=True)
    atom = law(
        "atom_one_factor", -1.35, -0.05, 0.01, law=True, parameters={"shock": 0.025}, intervals={"shock": (0.01, 0.04)}
    )
    made = compared(FACTOR, nothing, replace(unjudged, heldout_absent="the pool is too large"), block, atom)
    return replace(made, n_constant=2, n_heldout_models=2)


def test_fits() -> None:
    said = []
    for name, fit in fits():
        parts = summary.sections(fit, CERTIFICATE, {}, None)
        result = Result("", metrics.metrics(fit, CERTIFICATE), metrics.labels(fit, CERTIFICATE))
        result = replace(result, estimates=metrics.estimates(fit), sections=parts)
        brief = last_sections(fit, CERTIFICATE, Conclusion("cannot_tell", "not_tested"))[0]
        said += [name, *lines(result), *(f"{row.label} | {row.value} | {row.note}" for row in brief.rows)]
        said += [
            captions.wrong_counts(fit),
            captions.correlations(fit),
            captions.accuracies(fit),
            names.null_label(fit),
        ]
    keep("words_fits", said)


def test_the_same_correlation_elsewhere_and_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics.one_factor, "log_all_wrong", lambda rates, r: np.log(r * rates[:1] / rates[:1] / 6))
    elsewhere = metrics.elsewhere_metrics(pool(), 0.3)
    assert metrics.elsewhere_metrics(pool(), None) == {}
    parts = summary.sections(fitted(), CERTIFICATE, elsewhere, guess_corrected(11, 100, 3, 2))
    many = Guessing(Interval(1.2, 1.05, 1.4), Interval(-0.1, 0.5, 0.5))
    some = Guessing(Interval(1.2, 0.9, 1.4), Interval(1.1, 0.5, 1.2))
    said = lines(Result("", elsewhere, sections=parts))
    for guessing in (many, some, None):
        made = reading.guessing_sections(guessing)
        said += lines(Result("", metrics.guessing_metrics(guessing), metrics.guessing_labels(guessing), sections=made))
    keep("words_elsewhere", said)
    none = metrics.elsewhere_metrics(pool({"a": 20, "b": 7, "c": 20, "abc": 53}), 0.3)
    # .3 / 6 is predicted, which is 5%; 11% are seen, and none in the other matrix.
    assert none["ratio_one_factor_elsewhere"] is None
    assert elsewhere["ratio_one_factor_elsewhere"] == pytest.approx(2.2)


def test_comparisons_of_laws() -> None:
    atom = law("atom_one_factor", -1.29, 0.0, 0.0, law=True, parameters={"shock": 0.0})
    worse = law("atom_one_factor", -1.4, -0.1, 0.01, law=True, parameters={"shock": 0.025})
    near = replace(FACTOR, difference=-0.01, difference_error=0.02)
    apart = replace(FACTOR, difference=-0.05, difference_error=0.01)
    many = [law(name, -1.3, -0.001, 0.01) for name in ("clayton", "block", "independent", "full_sigma", "one_factor")]
    several = compared(law("student_factor", -1.29, 0.0, 0.0), *many, law("skew_factor", -1.3, -0.001, 0.01))
    made = [
        comparison(),
        compared(atom, near),
        compared(atom, apart),
        compared(FACTOR, worse),
        replace(compared(FACTOR, worse), n_all_wrong=0),
        compared(replace(FACTOR, heldout=None, heldout_error=None)),
        several,
    ]
    said = []
    for one in made:
        result = Result("", law_comparison.metrics(one), law_comparison.labels(one), law_comparison.estimates(one))
        said += lines(replace(result, sections=(law_comparison.section(one),), tables={"t": law_comparison.table(one)}))
        said += cards.as_text(one).splitlines()
    said += [line for fit in made[0].fits for line in cards.as_text(fit).splitlines()]
    keep("words_laws", said)


def test_datasets_and_nulls_in_captions() -> None:
    names_ = np.array(["x"] * 11 + ["y"] * 89, object)
    some = replace(pool(), per_query={"dataset": names_})
    assert captions.by_dataset(some).startswith("Of x 100.0% of the queries defeat everyone, the largest share.")
    none = replace(pool({"a": 20, "b": 7, "abc": 73}), per_query={"dataset": names_})
    assert captions.by_dataset(none).startswith("No query defeats everyone in any of 2 datasets.")
    test = null().tests["one_factor", "one_factor"]
    for upper, lower, place in ((1.9, 0.8, "above"), (2.6, 2.1, "below"), (2.0, 0.8, "inside"), (2.5, 2.0, "inside")):
        made = null(tests={("one_factor", "one_factor"): test._replace(lower=lower, upper=upper)})
        assert f"2.00×, is {place} {lower:.2f}× to {upper:.2f}×. Observed" in captions.null(fitted(), made)
    bare = "Observed over predicted β, and the central 90% of matrices without a common mode."
    assert captions.null(fitted(), null(tests={})) == bare


def test_few_bound_datasets_are_named() -> None:
    """A dataset is bound by the ceiling where all errors of the best model are everybody's."""
    bound, free = (PoolRegime("x", 3, 100, 90, 0, 90), PoolRegime("y", 3, 100, 0, 0, 24))
    of = lambda n: tuple(replace(bound, name=name) for name in "abcd"[:n])  # noqa: E731
    said = [captions.regimes(fitted(regimes=(free, *of(n)))).partition(". ")[0] for n in (0, 3, 4)]
    assert said == [
        "0 of 1 datasets are ceiling-bound",
        "3 of 4 datasets are ceiling-bound: a, b, c",
        "4 of 5 datasets are ceiling-bound",
    ]


def test_copies_of_models() -> None:
    wrong = np.zeros((20, 7), bool)
    wrong[:3, [0, 2]] = wrong[5:9, [1, 3, 6]] = wrong[10:, 4] = True
    outcomes = replace(pool(), wrong=wrong, queries=tuple(map(str, range(20))), models=tuple("abcdefg"))
    assert summary.duplicate_groups(outcomes) == [[1, 3, 6], [0, 2]]
    assert summary.duplicate_groups(pool(ELEVEN)) == []


def test_up_to_eight_constant_models_are_named() -> None:
    for n, more in ((8, "h)"), (9, "h, ...)")):
        wrong = np.zeros((20, n + 2), bool)
        wrong[:5, n:] = True
        outcomes = replace(
            pool(), wrong=wrong, queries=tuple(map(str, range(20))), models=tuple("abcdefghijkl"[: n + 2])
        )
        said = summary._matrix(outcomes, fitted()).sentences[0]
        assert said.startswith(
            f"{n} model(s) are always right or always wrong (a, b, c, d, e, f, g, {more}: they stay in β"
        )
