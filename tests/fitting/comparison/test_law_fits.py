"""One law on one matrix and on parts of it, by hand: its numbers, the reasons why there are none, and its notes."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.errors import ConvergenceError
from cofail_lab.estimate import Estimate
from cofail_lab.fitting.comparison import folds, law_fits
from cofail_lab.fitting.comparison.compare import compare_laws, n_steps
from cofail_lab.fitting.comparison.fitted_law import MAX_SLOW_MODELS, AbsenceFacts, FittedLaw, no_block, not_drawn
from cofail_lab.fitting.comparison.folds import Folds
from cofail_lab.fitting.comparison.law_fits import LawFits, _fitted
from cofail_lab.fitting.estimators.fitted import AbsentLawError, Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import Independent
from tests.conftest import outcomes_from
from tests.report.by_hand import ELEVEN, NOBODY, pool

RATES = np.array([0.24, 0.39, 0.48])
LAW = Independent(RATES)


def row(fit: Any, **more: Any) -> FittedLaw:
    return FittedLaw(label="made", how="by hand", fit=fit, **more)


def refuse(error: type[Exception]) -> Any:
    def fit(*_: object) -> Fitted:
        raise error("no such law")

    return fit


def on(outcomes: Any, fitted: Fitted) -> law_fits.LawFit:
    return _fitted("independent", row(lambda *_: fitted), VaryingPool.of(outcomes), outcomes, False)


def test_numbers_of_one_law() -> None:
    """Of 100 queries nobody is wrong on 40, one on 20, two on 29 and all three on 11."""
    found = on(pool(), Fitted(LAW, {"x": 1.5}, {"x": (1.0, 2.0)}, ("said",)))
    beta = RATES.prod()
    probs = [(1 - RATES).prod(), 0.0, 0.0, beta]
    for i in range(3):
        one = RATES[i] * np.delete(1 - RATES, i).prod()
        probs[1] += one
        probs[2] += (1 - RATES[i]) * np.delete(RATES, i).prod()
    assert found.predicted.value == pytest.approx(beta) and found.log_predicted == pytest.approx(np.log(beta))
    assert found.ratio == pytest.approx(0.11 / beta)
    assert found.log_likelihood == pytest.approx([40, 20, 29, 11] @ np.log(probs))
    alone = np.array([24, 39, 48])
    assert found.matrix_log_likelihood == pytest.approx(alone @ np.log(RATES) + (100 - alone) @ np.log(1 - RATES))
    assert (found.simulation_error, found.parameters, found.intervals) == (0.0, {"x": 1.5}, {"x": (1.0, 2.0)})
    assert (found.notes, found.absent, found.label, found.law) == (("said",), None, "independent errors", LAW)


def test_counts_that_a_law_rules_out_have_no_likelihood_to_state(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, stated in ((-np.inf, None), (-12.5, -12.5)):
        counts = SimpleNamespace(log_likelihood=lambda _, v=value: v, simulation_error=lambda _: 0.25)
        monkeypatch.setattr(law_fits, "count_law", lambda _, counts=counts: counts)
        found = on(pool(), Fitted(LAW))
        assert (found.log_likelihood, found.simulation_error, found.absent) == (stated, 0.25, None)


def test_a_ratio_needs_an_all_wrong_query_and_a_float(monkeypatch: pytest.MonkeyPatch) -> None:
    """A predicted β below the smallest float has its log; over it, e^700 and more is no number."""
    none = on(pool(NOBODY), Fitted(LAW))
    assert none.ratio is None and none.log_predicted == pytest.approx(np.log(RATES.prod()))
    for log, exists in ((-690.0, True), (-703.0, False)):
        tiny: Any = Independent(RATES)
        monkeypatch.setattr(type(tiny), "all_wrong_estimate", lambda _: Estimate(0.0, 0.0, "exact"))
        monkeypatch.setattr(type(tiny), "log_all_wrong", lambda _, log=log: np.float64(log))
        found = on(pool(), Fitted(tiny))
        assert found.log_predicted == log and (found.ratio is not None) == exists
        if found.ratio is not None:
            assert np.log(found.ratio) == pytest.approx(np.log(0.11) + 690)


@pytest.mark.parametrize("error", [AbsentLawError, ConvergenceError])
def test_a_law_that_is_not_there_says_why(error: type[Exception]) -> None:
    found = _fitted("clayton", row(refuse(error)), VaryingPool.of(pool()), pool(), False)
    assert (found.law, found.absent, found.heldout_absent) == (None, "no such law", "no such law")
    assert (found.ratio, found.log_likelihood, found.predicted.value) == (None, None, None)


def test_notes_on_an_atom_of_zero() -> None:
    """Without an all-wrong query it is 0 in any case; with one, none was likelier."""
    for counts, shock, said in (
        (NOBODY, 0.0, ("a", "no query is all wrong: the likeliest atom is 0")),
        (NOBODY, 0.1, ("a", "no query is all wrong: the likeliest atom is 0")),
        (ELEVEN, 0.0, ("a", "no atom is likelier than any")),
        (ELEVEN, 0.1, ("a",)),
    ):
        assert on(pool(counts), Fitted(LAW, {"shock": shock}, notes=("a",))).notes == said
    assert on(pool(NOBODY), Fitted(LAW, {"theta": 0.0}, notes=("a",))).notes == ("a",)


def folded(n_models: int, n_parts: int = 2) -> Any:
    made = object.__new__(Folds)
    for name, value in {
        "pool": SimpleNamespace(n_models=n_models, n_queries=4, n_wrong=np.array([0, 2, 1, 3])),
        "part": np.array([0, 1, 1, 0]),
        "training": tuple(f"without {k}" for k in range(n_parts)),
    }.items():
        object.__setattr__(made, name, value)
    return made


@pytest.mark.parametrize("speed", ["quick", "slow", "slowest"])
def test_why_a_law_is_not_judged(speed: Any) -> None:
    law = row(refuse(AbsentLawError), speed=speed)
    assert folded(5, 0).why_not(law) == "no held-out comparison was asked for"
    assert folded(1).why_not(law) == "fewer than two models vary in every training part"
    assert folded(2).why_not(law) is None and folded(MAX_SLOW_MODELS).why_not(law) is None
    words = "not refitted in every fold: the pool has more than 300 models"
    assert folded(MAX_SLOW_MODELS + 1).why_not(law) == (None if speed == "quick" else words)


def test_a_part_is_scored_by_the_law_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of C = 0, 3 in the first part and 2, 1 in the second; a simulated law has the seed of the part."""
    seen = []
    logs = np.log([0.1, 0.2, 0.3, 0.4])

    def count_law(law: Any, seed: int) -> Any:
        seen.append((law, seed))
        return SimpleNamespace(log_probs=logs)

    monkeypatch.setattr(folds, "count_law", count_law)
    law = row(lambda pool, intervals: SimpleNamespace(law=(pool, intervals)))
    assert folded(3).score(law, 0).tolist() == logs[[0, 3]].tolist()
    assert folded(3).score(law, 1).tolist() == logs[[2, 1]].tolist()
    assert seen == [(("without 0", False), 0), (("without 1", False), 1)]


def test_held_out_queries_are_in_their_places_and_every_part_is_counted() -> None:
    done: list[int] = []
    scores = {0: np.log([0.1, 0.4]), 1: np.log([0.3, 0.2])}
    law = row(refuse(AbsentLawError))
    logs, why = folded(3).heldout(law, None, scores.__getitem__, done.append)
    assert np.exp(logs) == pytest.approx([0.1, 0.3, 0.2, 0.4]) and (why, done) == (None, [1, 1, 0])
    scores[1] = np.array([-np.inf, -1.0])
    words = "it gives 1 held-out queries a probability below the smallest float"
    assert folded(3).heldout(law, None, scores.__getitem__, done.append) == (None, words)
    done.clear()
    assert folded(3).heldout(law, "absent", scores.__getitem__, done.append) == (None, "absent") and done == [2]
    done.clear()
    assert folded(3).heldout(law, None, lambda k: scores[0] if k == 0 else refuse(ConvergenceError)(), done.append) == (
        None,
        "in fold 2: no such law",
    )
    assert done == [1, 1]


def test_limits_of_slow_laws_are_left_out_of_large_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = pool()
    assert LawFits.of(outcomes, 0, 0).intervals and not LawFits.of(outcomes, 0, 0, intervals=False).intervals
    monkeypatch.setattr(law_fits, "MAX_SLOW_MODELS", 3)
    assert LawFits.of(outcomes, 0, 0).intervals
    monkeypatch.setattr(law_fits, "MAX_SLOW_MODELS", 2)
    assert not LawFits.of(outcomes, 0, 0).intervals


def test_a_pool_without_a_pair_has_no_law() -> None:
    done: list[int] = []
    outcomes = outcomes_from(np.array([[1, 1], [0, 1], [1, 1], [0, 1]], bool))
    found = compare_laws(outcomes, folds=2, laws=["independent", "clayton"], advance=done.append)
    words = "1 of the models sometimes right and sometimes wrong: no pair to read"
    assert [(fit.name, fit.absent, fit.heldout_absent) for fit in found.fits] == [
        ("independent", words, words),
        ("clayton", words, words),
    ]
    assert done == [6] == [n_steps(2, ["independent", "clayton"])] and found.atom_need == "not_judged"


def test_why_the_full_matrix_or_blocks_predict_nothing() -> None:
    facts = AbsenceFacts(0.3, True, False)
    assert not_drawn(facts) == "does not exist: the mean correlation is negative, and a common factor cannot give it"
    words = "not seen in 4,000,000 draws: below 7.5e-07 with 95% confidence"
    assert not_drawn(facts._replace(published=True)) == words
    assert no_block(facts) == (
        "does not exist: the mean correlation across families is negative, above that within them, or 1"
    )
