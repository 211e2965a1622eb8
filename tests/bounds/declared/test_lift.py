"""The semidefinite lift: between the truth and one, near the sharp limits, whatever the solver leaves."""

import numpy as np
import pytest

from cofail_lab.bounds.declared.fast import limits
from cofail_lab.bounds.declared.known import Known
from cofail_lab.bounds.declared.lift import lifted_range
from cofail_lab.bounds.declared.measured import Matrix
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.quadratics import of_fact
from cofail_lab.bounds.declared.targets import Threshold, target
from cofail_lab.errors import InputError
from tests.bounds.declared.made import made_law, true_facts
from tests.bounds.pools import patterns


def matrix(m, n=300, seed=0):
    rng = np.random.default_rng(seed)
    difficulty = rng.random((n, 1))
    return Matrix(rng.random((n, m)) < np.clip(0.8 * difficulty + 0.2 * rng.random(m), 0, 1))


@pytest.mark.parametrize(("text", "slack"), [("all_wrong", 0.02), ("at_least(3)", 0.03), ("all_wrong(0,1,2)", 0.02)])
def test_outside_the_sharp_limits_and_not_far(text, slack):
    known = Known(measured=["rates", "pairs"]).on(matrix(5))
    question = target(text, known.pool)
    sharp = known.range(question)
    found = lifted_range(known.pool, known.facts, question.threshold)
    assert sharp.lower - slack <= found.lower <= sharp.lower + 1e-9
    assert sharp.upper - 1e-9 <= found.upper <= sharp.upper + slack
    assert found.charged < 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_every_kind_of_fact_it_takes_holds_the_truth(seed):
    rng = np.random.default_rng(seed)
    m, wrong = 5, patterns(5)
    probs, shape = made_law(rng, m, ("none", "interchangeable")[seed % 2])
    facts = true_facts(rng, probs, m, exact=seed < 2)
    event = Threshold((0, 1, 2, 3), 3)
    truth = probs @ (wrong[:, :4].sum(axis=1) >= 3)
    found = lifted_range(Pool(m), [*facts, *([shape] if shape else [])], event)
    assert found.lower - 1e-9 <= truth <= found.upper + 1e-9
    # Three models at a time, and an exchange, are nothing that products of two can say.
    assert "triples" in found.left_out
    assert ("interchangeable" in found.left_out) == (seed % 2 == 1)


def test_forms_of_facts_are_their_means():
    """Every form's mean under the law lies in its limits; exact facts within rounding."""
    rng = np.random.default_rng(5)
    m, wrong = 4, patterns(4).astype(float)
    probs, _ = made_law(rng, m, "none")
    z = np.column_stack([np.ones(2**m), wrong])
    kinds = set()
    for fact in true_facts(rng, probs, m):
        for form in of_fact(fact, Pool(m)):
            value = probs @ ((z @ form.matrix(m)) * z).sum(axis=1)
            assert form.limits.low - 1e-12 <= value <= form.limits.high + 1e-12
            kinds.add(getattr(fact, "kind", type(fact).__name__))
    assert kinds >= {"rates", "pairs", "some_pairs", "Moments", "conditional", "Monotone"}


def test_a_pool_too_large_for_patterns():
    """Twenty-two unlike models: all wrong, the vote, the gain; none is called sharp."""
    m = 20
    source = matrix(m)
    known = Known(measured=["rates", "pairs"]).on(source)
    wrong = source.wrong
    truths = {
        "all_wrong": wrong.all(axis=1).mean(),
        "majority": (wrong.sum(axis=1) * 2 < m).mean(),
        "gain": wrong.mean(axis=0).min() - wrong.all(axis=1).mean(),
    }
    for text, value in truths.items():
        found = known.range(target(text, known.pool))
        assert found.lower <= value <= found.upper
        assert not found.sharp
        assert "lift" in found.method
        assert found.upper - found.lower < 0.8
    with pytest.raises(InputError, match="tell apart"):
        known.range(target("right(0,1) >= 1 and wrong(2)", known.pool))


def test_contradictory_facts_are_bad_input():
    known = Known(rates=[0.1 + 0.01 * i for i in range(18)], some_pairs=[[0, 1, 0.9]]).on()
    with pytest.raises(InputError, match=r"^known: no law has these facts together; ") as caught:
        known.range(target("all_wrong", known.pool))
    assert "\n" not in str(caught.value)


def test_a_lift_that_is_not_solved_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    import cvxpy as cp

    known = Known(rates=[0.1 + 0.01 * i for i in range(18)], some_pairs=[[0, 1, 0.05]]).on()
    monkeypatch.setattr(cp.Problem, "solve", lambda *_, **__: None)
    monkeypatch.setattr(cp.Problem, "status", "user_limit")
    with pytest.raises(ArithmeticError, match=r"^the semidefinite program ended as user_limit$"):
        known.range(target("all_wrong", known.pool))


def test_too_many_models():
    known = Known(measured=["rates"]).on(matrix(61))
    with pytest.raises(InputError, match="at most 60 such models"):
        known.range(target("all_wrong", known.pool))


def test_thirteen_models_by_columns():
    known = Known(measured=["rates", "pairs"]).on(matrix(13, n=60))
    found = known.range(target("all_wrong", known.pool))
    assert "by columns" in found.method
    assert found.sharp
    assert found.upper_law.value == pytest.approx(found.upper, abs=1e-7)
    assert found.upper_law.count_probs().sum() == pytest.approx(1)
    # One more fact, and it is the declared program's again.
    assert limits(known.given(Known(n_models=13, moments=[0.3]).on().facts[0]), target("all_wrong", known.pool)) is None
