"""Draws, one by one, by Python's integers: which words of which stream decide what."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.models import AtomInflated, CommonShock, Independent, _sampling
from cofail_lab.models._latent_sampler import LatentSampler
from cofail_lab.models._samplers import (
    Alias,
    AtomSampler,
    BlockSampler,
    PositionsSampler,
    TableSampler,
    integer_threshold,
)
from cofail_lab.models._sampling import ATOM, CELL, FACTOR, N_STREAMS

KEYS = np.array([0x9C37A65B84DEF215, 0xB5AD4ECEDA1CE2A9, 0x278C5A4D8419FE6B], dtype=np.uint64)
QUERIES = np.arange(5, 45, dtype=np.uint64)


# As they are used: one program each, where one after the other their operations are fifty.
draw = eqx.filter_jit(Alias.draw)
wrong = eqx.filter_jit(lambda sampler, keys, query: sampler.wrong(keys, query))
n_wrong = eqx.filter_jit(lambda sampler, keys, query: sampler.n_wrong(keys, query))
all_wrong_given = eqx.filter_jit(lambda sampler, keys, query: sampler.all_wrong_given(keys, query))


def word(counter: int, key: int) -> int:
    """squares64 of Widynski (2020)."""
    mask = 2**64 - 1
    x = y = counter * key & mask
    z = y + key & mask
    for add in (y, z, y):
        x = x * x + add & mask
        x = x >> 32 | x << 32 & mask
    t = x = x * x + z & mask
    x = x >> 32 | x << 32 & mask
    return t ^ (x * x + y & mask) >> 32


def cell(query: int, model: int, m: int, stream: int = CELL) -> int:
    """31 bits: the upper or the lower half of the word of two models, without its last bit."""
    both = word(query * -(-m // 2) + model // 2, int(KEYS[stream]))
    return both >> 33 if model % 2 == 0 else both % 2**32 >> 1


def node(table: Alias, place: int, stream: int = FACTOR) -> int:
    keep, other = np.asarray(table.keep), np.asarray(table.other)
    if len(keep) == 1:
        return 0
    column = word(2 * place, int(KEYS[stream])) * len(keep) >> 64
    return column if word(2 * place + 1, int(KEYS[stream])) >> 32 < int(keep[column]) else int(other[column])


def test_streams_are_different_ones() -> None:
    assert sorted((FACTOR, CELL, ATOM)) == list(range(N_STREAMS))


@pytest.mark.parametrize("weights", [[1.0], [0.1, 0.9], [3, 1, 0, 2], list(range(1, 12))])
def test_an_alias_table_has_the_weights(weights: list[float]) -> None:
    """Each column is drawn with 1/n; it stands for itself with its share, else for the other."""
    table, n = Alias.build(np.array(weights)), len(weights)
    keep = np.asarray(table.keep).astype(float) / 2**32
    found = keep / n
    np.add.at(found, np.asarray(table.other), (1 - keep) / n)
    np.testing.assert_allclose(found, np.array(weights) / sum(weights), atol=1e-9)
    drawn = np.asarray(draw(table, QUERIES, KEYS[FACTOR]))
    assert drawn.tolist() == [node(table, int(q)) for q in QUERIES]


def test_thresholds_of_probabilities() -> None:
    found = integer_threshold(np.array([0.0, 1.0, 0.5, 1.5, -0.1, 0.6 / 2**31, 0.4 / 2**31]))
    assert found.tolist() == [0, 2**31, 2**30, 2**31, 0, 1, 0] and found.dtype == np.uint32


def agrees(sampler: _sampling.AbstractSampler, expected: list[list[bool]]) -> None:
    assert np.asarray(wrong(sampler, KEYS, QUERIES)).tolist() == expected
    assert np.asarray(n_wrong(sampler, KEYS, QUERIES)).tolist() == [sum(row) for row in expected]
    assert sampler.n_models == len(expected[0])
    # Some of each, so that the comparison says something.
    assert 0.1 < np.mean(expected) < 0.9


@pytest.mark.parametrize(("n_nodes", "m"), [(1, 5), (2, 4), (3, 5)])
def test_a_node_and_then_each_model(n_nodes: int, m: int) -> None:
    rng = np.random.default_rng(n_nodes)
    weights, wrong = rng.dirichlet(np.full(n_nodes, 2.0)), rng.random((n_nodes, m))
    sampler = TableSampler.build(np.log(weights), np.log(wrong))
    nodes = [node(sampler.nodes, int(q)) for q in QUERIES]
    expected = [
        [cell(int(q), i, m) < round(wrong[k, i] * 2**31) for i in range(m)] for q, k in zip(QUERIES, nodes, strict=True)
    ]
    agrees(sampler, expected)
    given = all_wrong_given(sampler, KEYS, QUERIES)
    np.testing.assert_allclose(given, wrong.prod(axis=1)[nodes], rtol=1e-12)


def test_an_atom_overrules_the_rest() -> None:
    base = TableSampler.build(np.zeros(1), np.log(np.array([[0.3, 0.6, 0.2]])))
    sampler = AtomSampler.build(0.3, base)
    struck = [word(int(q), int(KEYS[ATOM])) < 0.3 * 2**64 for q in QUERIES]
    rates = (0.3, 0.6, 0.2)
    expected = [
        [hit or cell(int(q), i, 3) < round(rate * 2**31) for i, rate in enumerate(rates)]
        for q, hit in zip(QUERIES, struck, strict=True)
    ]
    agrees(sampler, expected)
    given = np.asarray(all_wrong_given(sampler, KEYS, QUERIES))
    np.testing.assert_allclose(given, 0.3 + 0.7 * 0.036, rtol=1e-12)
    # An atom on an atom is one: 1 - .7 · .6.
    twice = AtomSampler.build(0.4, sampler)
    assert twice.base is base and float(twice.shock) / 2**64 == pytest.approx(0.58, rel=1e-12)
    np.testing.assert_allclose(np.exp(twice.log_shock), [0.58, 0.42], rtol=1e-12)
    assert int(AtomSampler.build(0.0, base).shock) == 0


def test_a_node_for_all_and_one_for_each_family() -> None:
    """Two shared nodes and three own ones; families of three, one and two models in no order."""
    rng = np.random.default_rng(4)
    family, stride, m = np.array([0, 2, 0, 1, 2, 0]), 3, 6
    shared, own = Alias.build(np.array([0.4, 0.6])), Alias.build(np.array([0.2, 0.3, 0.5]))
    rates = rng.random((m, 6))
    log_family = np.array([np.log(rates[family == f]).sum(axis=0) for f in range(3)])
    sampler = BlockSampler(
        shared, own, stride, jnp.asarray(family), jnp.asarray(integer_threshold(rates)), jnp.asarray(log_family)
    )
    expected, given = [], []
    for q in map(int, QUERIES):
        # Four places a query: the first for all, the others for the families.
        rows = [node(shared, 4 * q) * 3 + node(own, 4 * q + 1 + f) for f in range(3)]
        expected.append([cell(q, i, m) < round(rates[i, rows[family[i]]] * 2**31) for i in range(m)])
        given.append(np.prod([rates[i, rows[family[i]]] for i in range(m)]))
    agrees(sampler, expected)
    found = all_wrong_given(sampler, KEYS, QUERIES)
    np.testing.assert_allclose(found, given, rtol=1e-12)


def test_positions_of_a_number_by_selection() -> None:
    counts, m = Alias.build(np.array([0.1, 0.3, 0.3, 0.2, 0.1])), 4
    sampler = PositionsSampler(counts, m, jnp.asarray(0.1))
    expected = []
    for q in map(int, QUERIES):
        left, row = node(counts, q), []
        for i in range(m):
            row.append(cell(q, i, m) * (m - i) >> 31 < left)
            left -= row[-1]
        expected.append(row)
    agrees(sampler, expected)
    np.testing.assert_allclose(all_wrong_given(sampler, KEYS, QUERIES), 0.1)


def test_a_conditional_rate_of_scores_has_words_of_its_own_and_the_right_mean() -> None:
    """Σ = λI + BBᵀ with λ the least eigenvalue; two scores at .5 have β = 1/4 + asin(r)/2π."""
    r = 0.6
    correlation = np.array([[1, r], [r, 1]])
    sampler = LatentSampler.build(np.zeros(2), correlation)
    assert float(sampler.residual) == pytest.approx(0.4)
    loadings = np.asarray(sampler.loadings)
    np.testing.assert_allclose(0.4 * np.eye(2) + loadings @ loadings.T, correlation, atol=1e-12)
    query = np.arange(4096, dtype=np.uint64)
    given = np.asarray(all_wrong_given(sampler, KEYS, query))
    exact = 0.25 + np.arcsin(r) / (2 * np.pi)
    assert given.mean() == pytest.approx(exact, abs=5 * given.std() / 64)
    assert 0 < given.std() < np.sqrt(exact * (1 - exact))
    # The first of many are those that are asked for alone.
    np.testing.assert_array_equal(all_wrong_given(sampler, KEYS, query[:40]), given[:40])
    moved = KEYS.copy()
    moved[CELL] = KEYS[ATOM]
    np.testing.assert_array_equal(all_wrong_given(sampler, moved, query), given)
    assert (np.asarray(wrong(sampler, moved, query)) != wrong(sampler, KEYS, query)).any()
    moved = KEYS.copy()
    moved[FACTOR] = KEYS[ATOM]
    assert (np.asarray(all_wrong_given(sampler, moved, query)) != given).all()
    # Scores that determine each other leave nothing to integrate, but a root of it has to be divided by.
    assert float(LatentSampler.build(np.zeros(2), np.ones((2, 2))).residual) == 1e-12


def test_what_is_done_adds_up_to_what_was_asked_for() -> None:
    law, key = CommonShock(0.2, [0.6, 0.5, 0.7]), jax.random.key(2)
    steps: list[int] = []
    counts = law.count_wrong(key, 5_000, chunk=1_024, advance=steps.append)
    assert steps == [1_024] * 4 + [5_000 - 4 * 1_024] and counts.sum() == 5_000
    steps.clear()
    found = law.all_wrong_rate(key, 5_000, conditional=True, chunk=1_024, advance=steps.append)
    assert sum(steps) == 5_000
    sampler = law.sampler()
    keys = _sampling._Plan.of(sampler, key, 5_000, 1_024).replicas[0][1]
    each = np.asarray(all_wrong_given(sampler, keys, np.arange(5_000, dtype=np.uint64)))
    assert found.value == pytest.approx(each.mean(), rel=1e-12)
    assert found.error == pytest.approx(each.std(ddof=1) / np.sqrt(5_000), abs=1e-12)
    plain = law.all_wrong_rate(key, 5_000)
    share = counts[-1] / 5_000
    assert plain.value == share and plain.error == pytest.approx(np.sqrt(share * (1 - share) / 5_000), rel=1e-12)


def test_sizes_of_chunks() -> None:
    """A sixteenth of the memory at 64 bytes a cell, down to a power of two, from 1,024 to 2^22."""
    assert _sampling.chunk_size(None, 7) == 65_536
    assert _sampling.chunk_size(16 * 64 * 8 * 5_000, 7) == 4_096
    assert _sampling.chunk_size(16 * 64 * 8 * 4_096, 7) == 4_096
    assert _sampling.chunk_size(16 * 64 * 8 * 4_095, 7) == 2_048
    assert _sampling.chunk_size(10, 7) == 1_024 == _sampling.chunk_size(16 * 64 * 8 * 3, 7)
    assert _sampling.chunk_size(2**60, 7) == 2**22
    law, key = CommonShock(0.2, [0.6, 0.5]), jax.random.key(2)
    sampler = law.sampler()
    assert [_sampling._Plan.of(sampler, key, n, None).size for n in (1, 1_024, 1_025, 2**20)] == [
        1_024, 1_024, 2_048, 65_536,
    ]  # fmt: skip
    assert _sampling._Plan.of(sampler, key, 5_000, 300).size == 300
    for n, chunk in ((0, None), (5, 0)):
        with pytest.raises(InputError, match="at least one draw is needed"):
            _sampling._Plan.of(sampler, key, n, chunk)


def test_two_events_that_are_all_but_certain_make_one_that_is() -> None:
    """The bits below which it happens are those of the largest 64-bit number, where 1 has none."""
    base = Independent([0.5, 0.5])
    law = AtomInflated(1 - 1e-9, AtomInflated(1 - 1e-9, base))
    assert np.asarray(law.count_wrong(jax.random.key(0), 1000)).tolist() == [0, 0, 1000]
