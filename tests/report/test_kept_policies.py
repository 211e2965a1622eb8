"""Words of policies, cascades, scopes, second gradings and the replay of published numbers: kept, for every branch."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.bounds.missing import MissingCells
from cofail_lab.data.published import published_figures
from cofail_lab.data.regrading import Figures, Flips, Unshared, Variant
from cofail_lab.data.released import Released
from cofail_lab.decisions import GapArea
from cofail_lab.decisions.replay import AUDIT_COLUMNS, Replayed
from cofail_lab.decisions.replay_text import reason
from cofail_lab.grades import Cell, Grades
from cofail_lab.policies.advice import Advice
from cofail_lab.policies.cascade_reading import CascadeReading, Ranged
from cofail_lab.policies.contest import Contest, OverTable
from cofail_lab.report import cascade, policies, policy_numbers, regrade, scope
from cofail_lab.report.next_steps import _STEPS, next_step
from cofail_lab.report.reference_work import ReplayReport
from cofail_lab.result import Result, Section
from tests.experiments.whole import keep, lines
from tests.report.by_hand import pool
from tests.report.reports import contest, reading, scoped, score


def tried() -> Contest:
    """One policy of every kind: gains, saves, a constant, loses, mixes, ties, a dear first model, recorded picks."""
    scores = (
        score("domain_table", 0.022),
        score("weighted_vote", 0.0, cost=2.0, accuracy_high=0.86, gain_upper=-0.07, p_value=None),
        score("plurality", 0.0, accuracy_high=0.86, gain_upper=-0.03),  # at best it does not lose
        score("knn", 0.0, constant=True, shares=np.array([0.995, 0.005, 0.0]), best_share=0.2, gain_lower=None),
        score("ridge", 0.001, constant=True, shares=np.array([0.5, 0.4, 0.1]), best_share=0.996, won=0, lost=0),
        score("lossy", -0.05, gain_upper=-0.01, cost=20.0, p_value=0.0004, captured=None),
        score("all", -0.06, gain_upper=-0.02, shares=np.array([1.0, 0.9, 0.7]), cost=None),
        score("dear", 0.01, pair_hull_gap=None),
        score("pairs", 0.015, pair_hull_gap=0.004, cost=1500.0, hull_gap=None),
        score("recorded", 0.08, won=9, lost=3),
    )
    made = contest(
        *scores,
        over=(
            OverTable("dear", 0.01, 0.002, 0.03),
            OverTable("pairs", -0.02, -0.03, -0.01),
            OverTable("lossy", 0.0, -0.02, 0.02),
            OverTable("knn", 0.01, 0.002, 0.03),
            OverTable("recorded", 0.03, 0.01, 0.04),
        ),
    )
    made.trials.graded.hidden, made.trials.graded.unpriced = ("key",), "model b has no price"  # type: ignore[misc]
    made.trials.absent, made.trials.best_models = {"router": "no prompts", "single_best": "x"}, ["a", "b", "a"]  # type: ignore[misc]
    made.trials.trials = tuple(SimpleNamespace(pairs=pairs) for pairs in (["pairs"], ["dear", "pairs"], []))  # type: ignore[misc,assignment]
    return made


@pytest.fixture
def flagged(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    known: dict[str, str] = {}
    for module in (policies, policy_numbers):
        monkeypatch.setattr(module, "flagged", lambda *_: known)
    return known  # type: ignore[return-value]


def ceilings(repeated: Any = None) -> Any:
    certificate = certify_outcomes(pool(), delta=0.1, overhead=0.02)
    return SimpleNamespace(certificate=certificate, oracle=0.89, repeated=repeated, single_best=0.76)


def test_policies_of_every_kind(flagged: dict[str, str]) -> None:
    made, plain = tried(), ceilings()
    runs = SimpleNamespace(routable=SimpleNamespace(value=0.84, upper=0.87, gain_upper=0.05), one_graded=False)
    said = [policies.headline(made, plain)]
    for known in ({}, {"recorded": "nearly_oracle"}, {"recorded": "above_routable"}):
        flagged.clear()
        flagged |= known
        remarked = replace(made, remarks={"recorded": "12 picks are lacking"}) if known else made
        both = (ceilings(), ceilings(runs))
        for one in both if known else both[:1]:
            parts = (
                *policies.sections(remarked, one, ("gains", "dollars")),
                *policies.decide_sections(remarked, one, ("gains",)),
                policies.brief_section(remarked, one, ("A sentence.",)),
            )
            labels = policy_numbers.labels(remarked, one, "decided")
            headline = policies.headline(remarked, one)
            said += lines(Result(headline, policy_numbers.metrics(remarked, one, pool()), labels, sections=parts))
        said.append(policies.advice_sentence(Advice("stay", made.reference, None), remarked, plain))  # type: ignore[arg-type]
    keep("words_policies", said)


def test_advice_and_what_could_not_be_tried(flagged: dict[str, str]) -> None:
    made, plain = tried(), ceilings()
    table, vote = made.by_name["domain_table"], made.by_name["weighted_vote"]
    said = [
        policies.advice_sentence(Advice(action, policy, adds), made, plain)  # type: ignore[arg-type]
        for action, policy, adds in (
            ("gain", table, False),
            ("gain", table, True),
            ("gain", vote, False),
            ("save", replace(vote, cost=None), None),
            ("save", vote, None),
            ("stay", table, None),
        )
    ]
    losing = contest(score("a", -0.01, gain_upper=-0.001))
    losing = replace(losing, scores=tuple(replace(s, gain=min(s.gain, 0.0)) for s in losing.scores))
    said.append(policies.advice_sentence(Advice("stay", losing.reference, None), losing, plain))  # type: ignore[arg-type]
    said.append(policies.headline(losing, plain))
    nobody = contest()
    said.append(policies.headline(nobody, plain))
    nobody.trials.absent = {"router": "no prompts", "single_best": "x"}  # type: ignore[misc]
    said.append(policies.headline(nobody, plain))
    said += [str(policies._captions(nobody, ("gains",))), policies.best_sentence(nobody), policies.best_sentence(made)]
    keep("words_advice", said)


def test_why_a_policy_loses() -> None:
    one, several = (score("x", -0.01, shares=np.array([0.7, rest, 0.0])) for rest in (0.3, 0.4))
    assert "it leaves the best model on 40.0% of the queries" in policies._loss_sentence(one, None)
    assert policies._loss_sentence(several, 2.5) == "x loses 1.0 points, with 1.1 models asked per query."
    assert ", at 83% of the cost, with 1.1" in policies._loss_sentence(several, 3.0)


def test_the_model_that_costs_most_queries() -> None:
    cells = np.full((10, 3), Cell.RIGHT, np.int8)
    cells[:4, 1] = [Cell.MISSING, Cell.ERROR, Cell.UNSCORED, Cell.WRONG]
    cells[0, 0] = cells[9, 2] = Cell.MISSING
    grades = Grades(cells, tuple("abcdefghij"), ("x", "y", "z"), "made")
    # Of the four incomplete queries a, b, c and j, y lacks three; without it a and j still are.
    assert policies.coverage_sentence(grades) == (
        "y alone costs 3 of the 4 incomplete queries (8 are complete without it)."
    )
    half = cells.copy()
    half[8, 2] = half[7, 2] = Cell.MISSING
    assert policies.coverage_sentence(replace(grades, cells=half)) is None  # three of six are no more than half
    assert policies.coverage_sentence(replace(grades, cells=np.full((10, 3), Cell.WRONG, np.int8))) is None
    assert policies.coverage_sentence(replace(grades, cells=cells[:, :2], models=("x", "y"))) is None


def cascades() -> Iterator[CascadeReading]:
    none = Ranged(None, None, None)
    plain = replace(reading(), routes=GapArea(0.0234, 0.0235, 0.0236))
    yield plain
    yield replace(plain, dollars=None)
    loses = GapArea(-0.0234, -0.0235, -0.02)
    yield replace(plain, routes=loses, area=none)
    yield replace(plain, routes=loses, cheap_auc=None)
    dear = replace(plain, dollars=reading(5.0).dollars)
    yield replace(dear, curve=SimpleNamespace(**vars(plain.curve) | {"cheap_accuracy": 0.95}))
    yield dear
    yield replace(plain, dollars=reading(4.0).dollars)
    better = SimpleNamespace(**vars(plain.dollars) | {"prices": "cheap_better"})
    yield replace(plain, dollars=better)
    never = SimpleNamespace(**vars(plain.dollars) | {"dollar_gaps": np.array([0.0, -0.01, -0.02, -0.1])})
    yield replace(plain, dollars=never)
    cheap = SimpleNamespace(**vars(plain.dollars) | {"strong_spent": np.array([0.0, 1.0, 2.0, 3.0])})
    yield replace(plain, dollars=cheap)
    for gain in (none, Ranged(0.0, None, None), Ranged(-0.0031, -0.01, 0.002)):
        yield replace(plain, fractions=(replace(plain.fractions[0], deferral_gain=gain, dollar_gap=none),))


def test_cascades() -> None:
    said = []
    for read in cascades():
        rows = Section("", (), (*cascade._rows(read), *cascade._noise_rows(read)))
        said += [cascade.headline(read, 0.5), *cascade._findings(read, 0.5), *cascade._noise(read)]
        said += lines(Result("", cascade.metrics(read, 0.5), sections=(rows,)))
    keep("words_cascade", said)


def test_scopes() -> None:
    groups = {"systems": ["s", "t"], "members": ["m", "n"]}
    none = scoped(0.8, 0.7)._replace(n_all_wrong=0, rescued=np.full(2, np.nan))
    others = scoped(0.6, 0.65)._replace(rescued=np.array([0.1, 0.3]))
    said = []
    for read, beside in ((scoped(0.7, 0.925), None), (scoped(0.7, 0.8), others), (none, None)):
        sections = scope.sections(read, beside, groups, ("A note.",))
        tables = {"systems": scope.table(read, groups["systems"])}
        metrics = scope.metrics(read, beside)
        said += lines(Result(scope.headline(read, groups), metrics, sections=sections, tables=tables))
    keep("words_scope", said)


def test_second_gradings_and_limits_of_tokens() -> None:
    changed = [
        {"model": name, "n_graded_twice": n, "right_to_wrong": lost, "wrong_to_right": won}
        for name, n, lost, won in (("a", 40, 6, 2), ("b", 50, 1, 3), ("c", 0, 0, 1), ("d", 9, 0, 0))
    ]
    counts = {"n_right_to_wrong": 7, "n_wrong_to_right": 6, "n_graded_twice": 99, "n_graded_to_not": 1}
    flips = Flips(counts | {"n_not_to_graded": 2}, pa.table({}), pa.Table.from_pylist(changed), (), ("q", "r"))
    figures = [Figures(100, k, k / 100, 0.05, 0.2, 0.76, 0.13, 0.25, 0.21, 0.07) for k in (11, 14, 9, 8, 5)]
    names = ("before", "after", "before_common", "after_common", "after_without_limit")
    all_ = [Variant(name, one) for name, one in zip(names, figures, strict=True)]
    lacking = [Variant("before", figures[0]), Variant("before_without_limit", Figures(), "too few queries")]
    said = [
        regrade.headline(all_, flips, 12),
        regrade.headline(all_[:2], flips, 0),
        regrade.headline(lacking, None, 3),
        *regrade.unshared_notes([Unshared("queries", "the second", 1200, "q7")]),
    ]
    bounds = {"before": MissingCells((0.05, 0.15), (0.1, 0.2), 0.25, 0.02)}
    for variants, change, n in ((all_, flips, 12), (lacking, None, 0)):
        made = regrade.sections(variants, change, bounds, n, "from a column", ("Once.", "Once.", "Twice."))
        said += lines(Result("", {}, sections=made))
    keep("words_regrade", said)


def test_the_replay_of_published_numbers() -> None:
    rows = (
        Replayed("p", "single_best", "0.871", 0.871, "totals"),
        Replayed("p", "all_wrong", "0.0125", 0.01249, "matrix p.json", "counted"),
        Replayed("p", "all_wrong", "0.0125", None, "", "no matrix"),
        Replayed("p", "pearson", "0.31", 0.35, "matrix p.json"),
        Replayed("A", "gain", "12", 12.0, "totals"),
        Replayed("artefact", "n_rows", "1200", 1300.0, "file"),
        Replayed("B", "single_best", "0.6", 0.62, "totals"),  # of the text, though pools have a number of this name
    )
    audit = {column: str(i + 1) for i, column in enumerate(AUDIT_COLUMNS.values())}
    pools = ({"pool": "p", "june_n_all_wrong": "9", **audit}, {"pool": "q", "june_n_all_wrong": ""})
    found = Released(where={("p", "june"): "p.json"}, others=("x.json: 3 models",))
    some = [
        ReplayReport(rows, pools, found),
        ReplayReport(rows[:3], pools[1:], Released()),
        ReplayReport((*rows[:3], rows[3]), pools, Released()),
    ]
    said = []
    for one in some:
        said += lines(Result(one.headline(), one.metrics(), tables=one.tables(), sections=one.sections()))
        said += [*one.figures()]
    said += [f"{figure.pillar} {figure.name}: {reason(figure)}" for figure in published_figures()]
    keep("words_reference_work", said)
    drawn = lines(Result("", {}, figures=some[0].figures()))
    keep("figures_reference_work", drawn)


RESULTS = {
    "raters": [Result("", {}, tables={"majority": pa.table({})}), Result("", {})],
    "audit": [Result("", {}, tables={"sheet": pa.table({})}), Result("", {"n_unread": 2}), Result("", {"n_unread": 0})],
    "check": [Result("", {}, {"answer": "refuted"}), Result("", {}, {"answer": "survived"})],
    "health": [Result("", {"n_findings": 1}), Result("", {"n_findings": 0})],
    "bounds": [Result("", {}, {"target": "x"}), Result("", {})],
}


def test_what_to_do_after_every_experiment() -> None:
    said = [
        f"{name}: {next_step(name, result, Path('here'))}"
        for name in _STEPS
        for result in RESULTS.get(name, [Result("", {})])
    ]
    keep("words_next_steps", [*said, str(next_step("fit", Result("", {}), Path("here")))])
