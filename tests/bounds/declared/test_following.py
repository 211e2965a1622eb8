"""Sweeps of one fact, and what to measure next: against cold solves and against measuring it."""

from itertools import combinations

import numpy as np
import pytest

from cofail_lab.bounds.declared.events import event
from cofail_lab.bounds.declared.facts import EventRate, Moments, SetRates
from cofail_lab.bounds.declared.known import Known
from cofail_lab.bounds.declared.limits import Limits
from cofail_lab.bounds.declared.measured import Matrix
from cofail_lab.bounds.declared.next_fact import next_facts
from cofail_lab.bounds.declared.sweep import sweep
from cofail_lab.bounds.declared.targets import target
from tests.bounds.declared.made import exactly
from tests.bounds.pools import read_matrix


def matrix(m, n=300, seed=0):
    rng = np.random.default_rng(seed)
    difficulty = rng.random((n, 1))
    return Matrix(rng.random((n, m)) < np.clip(0.8 * difficulty + 0.2 * rng.random(m), 0, 1))


@pytest.mark.parametrize("text", ["all_wrong", "gain"])
@pytest.mark.parametrize("kind", ["triples", "conditional"])
def test_a_sweep_is_as_cold_solves(text, kind):
    source = matrix(5)
    known = Known(measured=["rates", "pairs"]).on(source)
    question = target(text, known.pool)
    truth = float(source.wrong[:, :3].all(axis=1).mean())
    one, two = event("wrong(2)", known.pool, "x"), event("wrong(0,1)", known.pool, "x")

    def fact(value):
        if kind == "triples":
            return SetRates("triples", {(0, 1, 2): exactly(value)})
        return EventRate("conditional", one, exactly(value), two)

    share = truth / float(source.wrong[:, :2].all(axis=1).mean()) if kind == "conditional" else truth
    values = [*np.linspace(max(0, share - 0.05), min(1, share + 0.05), 5), 1.0]
    swept = sweep(known, fact(share), question, values)
    for value, lower, upper in zip(values[:-1], swept.lower, swept.upper, strict=False):
        if not np.isnan(upper):
            found = known.given(fact(value)).range(question)
            assert (lower, upper) == pytest.approx((found.lower, found.upper), abs=1e-9)
    # The truth is possible; everyone wrong whenever two are is not.
    assert not np.isnan(swept.upper[2])
    assert np.isnan([swept.lower[-1], swept.upper[-1]]).all()
    assert text == "gain" or (np.diff(swept.upper[~np.isnan(swept.upper)]) != 0).any()


def test_only_one_row_can_be_moved():
    known = Known(measured=["rates"]).on(matrix(3))
    with pytest.raises(ValueError, match="more than one row"):
        sweep(
            known, SetRates("triples", {(0, 1): exactly(0.1), (1, 2): exactly(0.1)}), target("gain", known.pool), [0.1]
        )


def test_the_missing_triple_is_found():
    """Three models whose pairs are known: only the triple is open, and it is β itself."""
    known = Known(measured=["rates", "pairs"]).on(matrix(3))
    found = known.range(target("all_wrong", known.pool))
    first = next_facts(known, found)[0]
    assert first.models == (0, 1, 2)
    assert first.kind == "triples"
    assert found.lower < first.expected < found.upper
    assert first.upper - first.lower < 1e-9
    assert found.lower <= first.lower_sampled < first.lower <= first.upper < first.upper_sampled <= found.upper
    assert first.gradings == 600
    again = next_facts(known, found, queries=5000)[0]
    assert again.width_sampled < first.width_sampled


def test_nothing_is_left_to_measure():
    known = Known(n_models=2, rates=[0.2, 0.3], pairs=0.1).on()
    assert next_facts(known, known.range(target("all_wrong", known.pool))) == []


def test_what_is_known_is_not_advised():
    known = Known(measured=["rates"]).on(matrix(4))
    found = known.range(target("all_wrong", known.pool))
    kinds = {(fact.kind, fact.models) for fact in next_facts(known, found, most=30)}
    assert not any(kind == "rates" for kind, _ in kinds)
    pairs = Known(measured=["rates", "pairs"]).on(matrix(4))
    kinds = {fact.kind for fact in next_facts(pairs, pairs.range(target("all_wrong", pairs.pool)), most=30)}
    assert kinds == {"triples"}
    moments = Known(n_models=20, moments=[0.3, 0.12]).on()
    advised = next_facts(moments, moments.range(target("all_wrong", moments.pool)))
    assert {(fact.kind, fact.order) for fact in advised if fact.kind == "moments"} == {("moments", 3)}


def test_each_fact_does_what_it_promises():
    """At the value expected, and known exactly, it gives the very interval that was promised."""
    known = Known(measured=["rates", "pairs"]).on(matrix(5))
    question = target("majority", known.pool)
    for fact in next_facts(known, known.range(question), most=3):
        again = known.given(fact.fact(exactly(fact.expected))).range(question)
        assert (again.lower, again.upper) == pytest.approx((fact.lower, fact.upper), abs=1e-9)


REAL = {"cruxeval_output": [0, 4, 9, 14, 20, 26], "chembench": [0, 3, 6, 9, 12, 15]}


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize(("measured", "behind"), [("pairs", 0.05), ("rates", 0.5)])
def test_the_advice_measured_on_real_matrices(name, measured, behind):
    """The advised fact, measured, against every fact that could be: with pairs known it is the best of 20 triples.

    With error rates alone, where the law of greatest entropy is independence, at least it narrows more than half of the
    pairs and triples do (docs/bounds.md has the ranks).
    """
    source = Matrix(read_matrix(name)[:, REAL[name]])
    known = Known(measured=["rates"] if measured == "rates" else ["rates", "pairs"]).on(source)
    question = target("all_wrong", known.pool)
    found = known.range(question)
    advised = next_facts(known, found, queries=10**6)[0]

    def width(models):
        return known.given(SetRates("triples", {models: source.all_wrong(models)})).range(question).width

    sizes = (2, 3) if measured == "rates" else (3,)
    widths = np.array([width(models) for size in sizes for models in combinations(range(6), size)])
    own = width(advised.models)
    assert own < found.width - 1e-3
    assert (widths < own - 1e-9).mean() <= behind


def test_a_moment_measured_on_real_matrices():
    source = Matrix(read_matrix("chembench"))
    known = Known(measured=["moments"], order=2).on(source)
    question = target("all_wrong", known.pool)
    found = known.range(question)
    first = next(fact for fact in next_facts(known, found) if fact.kind == "moments")
    measured = known.given(Moments({first.order: source.moment(first.order)})).range(question)
    assert measured.width < found.width
    assert Limits(measured.lower, measured.upper).low <= source.wrong.all(axis=1).mean() <= measured.upper
