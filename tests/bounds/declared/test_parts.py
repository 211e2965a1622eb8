"""The small parts of declared classes, each by hand or by going through patterns."""

from itertools import permutations

import numpy as np
import pytest

from cofail_lab.bounds.declared import bernstein, conflict, fast
from cofail_lab.bounds.declared.answer import DeclaredRange, Law
from cofail_lab.bounds.declared.events import event
from cofail_lab.bounds.declared.facts import EventRate, Moments, Monotone, Pairs, SetRates, joint_labels, set_labels
from cofail_lab.bounds.declared.frechet_class import FrechetClass
from cofail_lab.bounds.declared.known import Known
from cofail_lab.bounds.declared.lift import Lifted, _reduced, _valid
from cofail_lab.bounds.declared.limits import Limits, limits, swappable
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.quadratics import of_fact
from cofail_lab.bounds.declared.sweep import sweep
from cofail_lab.bounds.declared.targets import Threshold, target
from cofail_lab.errors import InputError
from tests.bounds.declared.made import every_model_apart, exactly
from tests.bounds.pools import patterns

NAMED = Pool(3, ("a", "b", "7"))


def test_a_model_by_name_or_number() -> None:
    assert [NAMED.index(reference, "x") for reference in ("a", "7", 0, 2, "2", "0")] == [0, 2, 0, 2, 2, 0]
    for reference in (3, "3", -1, "c", True, 1.0, "-1"):
        with pytest.raises(
            InputError, match=r"^x: .* is no model of this pool; a name or a number in 0\.\.2 is accepted"
        ):
            NAMED.index(reference, "x")  # pyright: ignore[reportArgumentType]


def test_several_models_and_their_words() -> None:
    assert NAMED.members(["b", 0], "x") == (1, 0)
    assert NAMED.members("all", "x") == (0, 1, 2) == NAMED.members(["all"], "x")
    assert NAMED.members(2, "x") == (2,)
    for references in ([], ["a", 0], ["a", "a"]):
        with pytest.raises(InputError, match=r"^x: .*at least one model, each only once"):
            NAMED.members(references, "x")
    assert (NAMED.name(2), Pool(3).name(2)) == ("7", "2")
    assert [NAMED.listed(models) for models in ((1,), (0, 1), (2, 1, 0))] == ["b", "a and b", "7, b and a"]


def test_values_and_intervals() -> None:
    assert limits(0.3, "x") == (0.3, 0.3) and limits(0.3, "x").exact
    assert limits([0, 1], "x") == (0, 1) and not limits((0.1, 0.2), "x").exact
    assert limits(0, "x") == (0, 0) and limits([1, 1], "x") == (1, 1)
    for value in (-0.1, 1.1, [0.2, 0.1], [0.1, 1.1], [-0.1, 0.1], "0.1", None, True, [0.1], [0.1, 0.2, 0.3], np.nan):
        with pytest.raises(InputError, match=r"^x: .*; a probability, or an interval"):
            limits(value, "x")


@pytest.mark.parametrize("seed", range(12))
def test_models_that_can_be_swapped_by_swapping_them(seed: int) -> None:
    """Two have one label exactly where the table with both exchanged is the same table."""
    rng = np.random.default_rng(seed)
    m = 4
    sets = [tuple(int(i) for i in np.flatnonzero(row)) for row in patterns(m)[1:] if rng.random() < 0.6]
    table = {members: exactly(rng.choice([0.1, 0.2], p=[0.8, 0.2])) for members in sets}

    def same(a: int, b: int) -> bool:
        to = {a: b, b: a}
        return table == {tuple(sorted(to.get(i, i) for i in members)): value for members, value in table.items()}

    found = swappable(table, m)
    assert all((found[a] == found[b]) == same(a, b) for a, b in permutations(range(m), 2))


def test_one_model_of_more_sets_is_no_copy() -> None:
    """Each set of the first has its like with the second; the second has one more."""
    table = {(0, 2): exactly(0.1), (1, 2): exactly(0.1), (1, 3): exactly(0.1)}
    assert len({*swappable(table, 4)[[0, 1]].tolist()}) == 2
    assert swappable({(0,): exactly(0.1), (1,): exactly(0.1)}, 3).tolist() == [0, 0, 1]


def test_labels_of_several_facts_together() -> None:
    assert joint_labels([np.array([0, 0, 1, 1]), np.array([5, 6, 5, 5])]).tolist() == [0, 1, 2, 2]
    labels = set_labels([(0, 1), (1, 2)], Pool(5))
    assert labels[3] == labels[4] and len(set(labels.tolist())) == 4
    assert set_labels([], Pool(3)).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "said",
    [
        {"rates": [0.1, 0.2], "names": ["a", "b", "c"]},
        {"rates": [0.1, 0.2, 0.3, 0.4], "names": ["a", "b", "c"]},
        {"n_models": 2, "pairs": [[0, 0.1, 0.1], [0.1, 0, 0.1], [0.1, 0.1, 0]]},
        {"n_models": 4, "pairs": [[0, 0.1, 0.1], [0.1, 0, 0.1], [0.1, 0.1, 0]]},
    ],
)
def test_sizes_must_agree_both_ways(said: dict) -> None:
    with pytest.raises(InputError, match=r"models, but known\.(names|n_models) has \d; they must agree"):
        Known(**said).on()


def test_what_is_empty_and_what_needs_a_matrix() -> None:
    assert Known().empty and not Known(n_models=3).empty and not Known(slack=0.1).empty
    assert Known(measured="rates").needs_matrix and Known(events=["P(wrong(0))"]).needs_matrix
    assert not Known(events=["P(wrong(0)) = .1"]).needs_matrix and not Known(rates=0.1).needs_matrix
    both = Known(n_models=3, rates=[0, None, 0.2]).on().facts[0]
    assert isinstance(both, SetRates) and both.table == {(0,): exactly(0), (2,): exactly(0.2)}
    ends = Known(n_models=3, pairs=[0.1, 0.2])  # an interval would be read as two of three values
    with pytest.raises(InputError, match="2 values; one number, 3 values above the diagonal"):
        ends.on()
    table = Known(pairs=[[0, [0.1, 0.2]], [[0.1, 0.2], 0]]).on().facts[0]
    assert isinstance(table, Pairs) and table.low[1, 0] == 0.1 and table.high[0, 1] == 0.2 == table.high[1, 0]


def form_value(form: object, wrong: np.ndarray, probs: np.ndarray) -> float:
    z = np.column_stack([np.ones(len(wrong)), wrong])
    return float(probs @ ((z @ form.matrix(wrong.shape[1])) * z).sum(axis=1))  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("seed", range(6))
def test_a_condition_within_limits_is_two_forms(seed: int) -> None:
    """P(a and b) - high P(b) <= 0 and P(a and b) - low P(b) >= 0, of any law and whichever ends."""
    rng = np.random.default_rng(seed)
    wrong, probs = patterns(3), rng.dirichlet(np.ones(8))
    low, high = sorted(rng.random(2))
    for given, holds, condition in (
        ("wrong(1)", wrong[:, 0] & wrong[:, 1], wrong[:, 1]),
        ("right(1)", wrong[:, 0] & ~wrong[:, 1], ~wrong[:, 1]),
        ("wrong(0,1) >= 1", wrong[:, 0], wrong[:, 0] | wrong[:, 1]),
    ):
        fact = EventRate("conditional", event("wrong(0)", Pool(3), "x"), Limits(low, high), event(given, Pool(3), "x"))
        above, below = of_fact(fact, Pool(3))
        share, base = probs @ holds, probs @ condition
        assert form_value(above, wrong, probs) == pytest.approx(share - high * base, abs=1e-12)
        assert form_value(below, wrong, probs) == pytest.approx(share - low * base, abs=1e-12)
        assert (above.limits, below.limits) == ((-1, 0), (0, 1))


def test_forms_of_each_kind_of_fact() -> None:
    rng = np.random.default_rng(1)
    wrong, probs, pool = patterns(3), rng.dirichlet(np.ones(8)), Pool(3)
    rate, pair = probs @ wrong, (wrong * probs[:, None]).T @ wrong
    singles = of_fact(SetRates("rates", {(0,): exactly(0.1), (0, 2): exactly(0.2), (0, 1, 2): exactly(0.3)}), pool)
    assert [form_value(form, wrong, probs) for form in singles] == pytest.approx([rate[0], pair[0, 2]])
    moments = of_fact(Moments({1: exactly(0.1), 2: Limits(0.1, 0.2), 3: exactly(0.1)}), pool)
    assert [form_value(form, wrong, probs) for form in moments] == pytest.approx(
        [rate.mean(), (pair[0, 1] + pair[0, 2] + pair[1, 2]) / 3]
    )
    assert moments[1].limits == (0.1, 0.2)
    ordered = of_fact(Monotone((2, 0, 1), Limits(0.0, 0.05)), pool)
    expected = [probs @ (wrong[:, a] & ~wrong[:, b]) for a, b in ((2, 0), (2, 1), (0, 1))]
    assert [form_value(form, wrong, probs) for form in ordered] == pytest.approx(expected)
    table = np.array([[0, 0.1, 0.2], [0.1, 0, 0.3], [0.2, 0.3, 0]])
    pairs = of_fact(Pairs(table, table + 0.1), pool)
    assert [form.limits for form in pairs] == [pytest.approx((x, x + 0.1)) for x in (0.1, 0.2, 0.3)]
    assert [form_value(form, wrong, probs) for form in pairs] == pytest.approx([pair[0, 1], pair[0, 2], pair[1, 2]])
    plain = of_fact(EventRate("events", event("right(0,1) >= 1", pool, "x"), exactly(0.1)), pool)
    assert form_value(plain[0], wrong, probs) == pytest.approx(1 - pair[0, 1])
    assert of_fact(EventRate("events", event("right(0,1,2) >= 1", pool, "x"), exactly(0.1)), pool) == []
    (one,) = of_fact(EventRate("events", event("right(1)", pool, "x"), exactly(0.1)), pool)
    assert one.terms == {(): 1.0, (1,): -1.0} and form_value(one, wrong, probs) == pytest.approx(1 - rate[1])
    celled = Pool(3, n_cells=2)
    assert of_fact(EventRate("events", event("cell(1) and wrong(0)", celled, "x"), exactly(0.1)), celled) == []


@pytest.mark.parametrize(("members", "at_least"), [((0, 1, 2), 2), ((0, 2), 1), ((1, 2, 3), 3)])
def test_valid_functions_of_the_lift_are_positive_where_they_should_be(members: tuple, at_least: int) -> None:
    """Every row is >= 0 on each pattern of its side; the event's own rows say where the side ends."""
    wrong = patterns(4)
    z = np.column_stack([np.ones(16), wrong])
    products = np.einsum("si,sj->sij", z, z).reshape(16, -1)
    event_of = wrong[:, list(members)].sum(axis=1) >= at_least
    for on in (True, False):
        table = _valid(4, Threshold(members, at_least), on).toarray() @ products.T
        assert (table[:, event_of == on] >= -1e-12).all()
        # The last four rows and the four before: the threshold times E_i, and times 1 - E_i.
        assert ((table[-8:, event_of != on] < 0).any(axis=0)).all()
        gap = (
            (wrong[:, list(members)].sum(axis=1) - at_least) if on else (at_least - 1 - wrong[:, list(members)].sum(1))
        )
        np.testing.assert_allclose(table[-8:-4], gap * wrong.T, atol=1e-12)
        np.testing.assert_allclose(table[-4:], gap * ~wrong.T, atol=1e-12)


def test_the_coefficients_of_a_form_on_zeros_and_ones() -> None:
    rng = np.random.default_rng(2)
    form = rng.standard_normal((4, 4))
    own, rest = _reduced(form)
    wrong = patterns(3)
    z = np.column_stack([np.ones(8), wrong])
    i, j = np.triu_indices(3, 1)
    found = own + np.column_stack([wrong, wrong[:, i] & wrong[:, j]]) @ rest
    np.testing.assert_allclose(found, ((z @ form) * z).sum(axis=1), atol=1e-12)


def test_a_rate_that_several_facts_know_and_tables_that_are_all_there_is() -> None:
    both = (SetRates("rates", {(0,): Limits(0.1, 0.3), (1,): exactly(0.2)}), SetRates("x", {(0,): Limits(0.2, 0.5)}))
    known = FrechetClass(Pool(3), both)
    assert [fast._rate(known, model) for model in range(3)] == [(0.2, 0.3), (0.2, 0.2), (0.0, 1.0)]
    rates = SetRates("rates", {(i,): exactly(0.1 * (i + 1)) for i in range(3)})
    table = np.full((3, 3), 0.05)
    pairs = Pairs(table, table)
    found = fast._exact_tables(FrechetClass(Pool(3), (rates, pairs)))
    assert found is not None
    np.testing.assert_allclose(found[0], [0.1, 0.2, 0.3])
    np.testing.assert_allclose(found[1], [[0.1, 0.05, 0.05], [0.05, 0.2, 0.05], [0.05, 0.05, 0.3]])
    for facts, pool in (
        ((rates,), Pool(3)),
        ((rates, pairs, Moments({1: exactly(0.2)})), Pool(3)),
        ((rates, Moments({1: exactly(0.2)})), Pool(3)),
        ((rates, Pairs(table, table + 0.1)), Pool(3)),
        ((SetRates("rates", {(0,): exactly(0.1), (1,): exactly(0.2)}), pairs), Pool(3)),
        ((SetRates("rates", {**rates.table, (2,): Limits(0.3, 0.4)}), pairs), Pool(3)),
        ((rates, pairs), Pool(3, None, 2)),
    ):
        assert fast._exact_tables(FrechetClass(pool, facts)) is None


def lifted(text: str, found: Lifted, monkeypatch: pytest.MonkeyPatch, facts: tuple = ()) -> DeclaredRange:
    monkeypatch.setattr("cofail_lab.bounds.declared.lift.lifted_range", lambda *_: found)
    known = FrechetClass(Pool(3), facts)
    tables = fast._exact_tables(known)
    return fast._lifted(known, target(text, known.pool), tables)


def test_what_the_lift_says_of_each_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the event, of its complement, of the gain; limits of closed forms only tighten it."""
    found = Lifted(0.02, 0.3, 0.0, ())
    plain = lifted("at_least(2)", found, monkeypatch)
    assert (plain.lower, plain.upper, plain.sharp) == (0.02, 0.3, False)
    vote = lifted("majority", found, monkeypatch)
    assert (vote.lower, vote.upper) == pytest.approx((0.7, 0.98))
    rates = SetRates("rates", {(0,): Limits(0.35, 0.5), (1,): Limits(0.4, 0.45), (2,): exactly(0.6)})
    gain = lifted("gain", found, monkeypatch, (rates,))
    assert (gain.lower, gain.upper) == pytest.approx((0.35 - 0.3, 0.45 - 0.02))
    low = lifted("gain", Lifted(0.0, 0.9, 0.0, ("triples",)), monkeypatch, (rates,))
    assert low.lower == 0 and "without triples" in low.method
    exact = SetRates("rates", {(i,): exactly(0.5) for i in range(3)})
    table = np.full((3, 3), 0.3)
    tighter = lifted("all_wrong", Lifted(0.0, 0.9, 0.0, ()), monkeypatch, (exact, Pairs(table, table)))
    # All wrong is at most a pair, and at least what Bonferroni leaves of the three rights and their pairs.
    assert 0.09 <= tighter.lower <= tighter.upper <= 0.3 and tighter.method.endswith("and closed forms")
    kept = lifted("all_wrong", Lifted(0.2, 0.21, 0.0, ()), monkeypatch, (exact, Pairs(table, table)))
    assert (kept.lower, kept.upper) == (0.2, 0.21)


def test_the_words_of_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    fact = ("rates", "P(0 wrong)", 0.1, 0.1)
    other = ("pairs", "P(0 and 1 wrong)", 0.2, 0.3)

    def said(*of: object) -> str:
        monkeypatch.setattr(conflict, "find", lambda *_: conflict.Conflict(*of))
        return conflict.explain(None, None)  # pyright: ignore[reportArgumentType]

    two = "known: no law has P(0 wrong) = 0.1 (rates), P(0 and 1 wrong) in [0.2, 0.3] (pairs) together"
    assert said((fact, other), (), True) == f"{two}; leaving out any one of them removes this conflict"
    assert said((fact, other), (), False) == two
    assert said((fact,), (), True) == "known: no law has P(0 wrong) = 0.1 (rates) together"
    assert said((fact, other), ("a", "b"), False) == f"{two} for a and b models"
    eight = said(tuple(("rates", f"P({i} wrong)", 0.1, 0.1) for i in range(8)), (), False)
    assert "P(5 wrong)" in eight and "P(6 wrong)" not in eight and " and 2 more together" in eight
    six = said(tuple(("rates", f"P({i} wrong)", 0.1, 0.1) for i in range(6)), (), False)
    assert "P(5 wrong)" in six and "more" not in six


@pytest.mark.parametrize("seed", range(5))
def test_the_greatest_of_polynomials_on_a_grid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((3, 7))
    grid = np.linspace(0, 1, 20001)
    values = rows @ bernstein.binomial_table(6, grid)
    found = bernstein.greatest(rows)
    assert values.max() - 1e-12 <= found <= values.max() + 1e-6
    # Peaks above what the ends reach: where the derivative changes its sign.
    peaks = bernstein.peaks(rows, np.array([0.0, 1.0]))
    reached = values[:, [0, -1]].max()
    inner = (values[:, 1:-1] > values[:, :-2]) & (values[:, 1:-1] > values[:, 2:]) & (values[:, 1:-1] > reached)
    expected = np.sort(grid[1:-1][np.nonzero(inner)[1]])
    np.testing.assert_allclose(np.sort(peaks), expected, atol=1e-4)
    if peaks:
        top = (rows @ bernstein.binomial_table(6, np.array(peaks))).max()
        assert bernstein.peaks(rows, np.array([*peaks])) == () and top <= found


def test_a_search_for_the_greatest_that_is_cut_short_is_still_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """p(1-p)·2 has its peak of ½ at ½, where its one inner coefficient, 1, is twice as high; one cut at ½ finds it."""
    row = np.array([[0.0, 1.0, 0.0]])
    for halvings, expected in ((0, 1.0), (1, 0.5), (60, 0.5)):
        monkeypatch.setattr(bernstein, "_HALVINGS", halvings)
        assert bernstein.greatest(row) == pytest.approx(expected, abs=2e-11) and bernstein.greatest(row) >= expected
    monkeypatch.setattr(bernstein, "_HALVINGS", 3)
    skewed = np.array([[0.0, 1.0, 0.0, 0.0]])
    assert 4 / 9 < bernstein.greatest(skewed) < 4 / 9 + 0.01  # 3p(1-p)², at its greatest at ⅓


def test_halves_of_a_polynomial_are_the_polynomial() -> None:
    rng = np.random.default_rng(9)
    row = rng.standard_normal((1, 5))
    t = np.linspace(0, 1, 9)
    left, right = bernstein._halves(row)
    whole = row @ bernstein.binomial_table(4, np.concatenate([t / 2, (1 + t) / 2]))
    parts = [part @ bernstein.binomial_table(4, t) for part in (left, right)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-12)


def test_pairs_and_counts_of_a_law_by_hand() -> None:
    """One model, and three alike of which one or two err: two of the three with (1/3) in the second state."""
    law = Law(
        np.array([1, 3]),
        ((0,), (1, 2, 3)),
        np.array([[1, 1], [0, 2], [1, 0]]),
        np.zeros(3, dtype=int),
        np.array([0.5, 0.3, 0.2]),
        0.0,
        0.0,
    )
    np.testing.assert_allclose(law.count_probs(), [0, 0.2, 0.8, 0, 0])
    table = law.pairwise_wrong()
    assert np.isnan(table[0, 0]) and table[0, 1] == pytest.approx(0.5 / 3) == table[1, 0]
    assert table[1, 1] == pytest.approx(0.3 / 3)
    found = DeclaredRange(target("all_wrong", Pool(2)), 0.25, 0.75, True, "", None, None)
    assert found.width == 0.5


def test_a_sweep_stays_among_probabilities() -> None:
    """Alone, P(0 and 1 wrong) swept from 0 to 1: the limits of the same event are the values themselves."""
    known = FrechetClass(Pool(2), (every_model_apart(2),))
    values = [0.0, 0.3, 0.9, 1.0]
    swept = sweep(known, SetRates("some_pairs", {(0, 1): exactly(0.5)}), target("all_wrong", Pool(2)), values)
    assert swept.upper[:3] == pytest.approx(values[:3], abs=1e-7) == swept.lower[:3]
    assert (swept.lower[~np.isnan(swept.lower)] >= 0).all() and (swept.upper[~np.isnan(swept.upper)] <= 1).all()
    assert swept.values.tolist() == values
    wide = sweep(known, SetRates("rates", {(0,): exactly(0.5)}), target("right(0,1) >= 1", Pool(2)), [0.0, 0.8])
    assert wide.upper == pytest.approx([1, 1], abs=1e-6) and wide.lower == pytest.approx([1, 0.2], abs=1e-6)


def test_the_value_of_a_law_is_the_gain_of_its_best_model() -> None:
    """Rates of .2, .5 and .4: the gain is at most .2, that of the least rate, whatever the other two have."""
    known = Known(rates=[0.2, 0.5, 0.4]).on()
    question = target("gain", known.pool)
    found = known.range(question)
    assert (found.lower, found.upper) == pytest.approx((0, 0.2), abs=1e-7)
    assert found.upper_law is not None and found.upper_law.value == pytest.approx(0.2, abs=1e-7)
    even = known.least_committed(question)
    # Of the greatest entropy: everyone independent, .2 less .04.
    assert even is not None and even.value == pytest.approx(0.2 - 0.2 * 0.5 * 0.4, abs=1e-5)
    everyone = even.n_wrong_in.sum(axis=1) == 3
    assert even.probs[everyone].sum() == pytest.approx(0.04, abs=1e-5)
