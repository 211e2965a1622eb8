"""One contract over a named table of all laws."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cofail_lab import models
from cofail_lab.errors import InputError
from cofail_lab.models import (
    AbstractErrorLaw,
    AtomInflated,
    BetaMixing,
    BlockFactor,
    Clayton,
    CommonShock,
    ExchangeableCount,
    ExchangeableMixing,
    FactorMixture,
    GaussianCopula,
    Independent,
    OneFactorGaussian,
    SkewFactor,
    StudentFactor,
)
from cofail_lab.models.base import AbstractFactorLaw
from tests.models.laws import CORRELATION, LAWS, LOADINGS, RATES

each_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())


def tolerance(law: AbstractErrorLaw, quantity: float) -> float:
    """Five standard errors where the law simulates (two-sided 6e-7 a comparison), else a relative 1e-10."""
    if isinstance(law, GaussianCopula):
        return 5 * float(law.count_probs_estimate()[1].max()) * (len(RATES) + 1) ** 2
    return 1e-10 * quantity


def test_the_table_holds_every_law() -> None:
    public = {getattr(models, name) for name in models.__all__} - {AbstractErrorLaw}
    assert {type(law) for law in LAWS.values()} == public


@each_law
def test_contract(law: AbstractErrorLaw) -> None:
    m = law.n_models
    rates, pairs, counts = (np.asarray(x) for x in (law.error_rates, law.pairwise_wrong(), law.count_probs()))
    assert rates.shape == (m,)
    assert pairs.shape == (m, m)
    assert counts.shape == (m + 1,)
    np.testing.assert_array_equal(np.diag(pairs), rates)
    np.testing.assert_allclose(pairs, pairs.T, rtol=1e-14)
    estimate = law.all_wrong_estimate()
    assert estimate.value == pytest.approx(float(law.all_wrong()), rel=1e-14)
    assert float(law.log_all_wrong()) == pytest.approx(np.log(estimate.value), rel=1e-13)
    # Three paths to the same numbers: the law of C against β, the rates and the pairs.
    j = np.arange(m + 1)
    assert (counts >= 0).all()
    assert counts.sum() == pytest.approx(1, abs=1e-11)
    allowed = tolerance(law, 1.0)
    assert counts[-1] == pytest.approx(estimate.value, rel=1e-10, abs=allowed if isinstance(law, GaussianCopula) else 0)
    assert counts @ j == pytest.approx(rates.sum(), abs=allowed * m)
    assert counts @ (j * (j - 1)) == pytest.approx(pairs.sum() - rates.sum(), abs=allowed * m * m)


@each_law
def test_subpools(law: AbstractErrorLaw) -> None:
    pairs = np.asarray(law.pairwise_wrong())
    pair = law.subpool([3, 1])
    assert type(pair) is type(law)
    np.testing.assert_allclose(pair.error_rates, np.diag(pairs)[[3, 1]], rtol=1e-14)
    assert float(pair.all_wrong()) == pytest.approx(pairs[3, 1], rel=1e-4 if isinstance(law, GaussianCopula) else 1e-10)
    assert float(law.subpool([2]).all_wrong()) == pytest.approx(float(law.error_rates[2]), rel=1e-10)
    masked = law.subpool(np.array([True, False, True, True, False]))
    assert float(masked.all_wrong()) == pytest.approx(float(law.subpool([0, 2, 3]).all_wrong()), rel=1e-12)
    # Inclusion and exclusion over sub-pools gives P(C = 0): it fails if any of the 31 sub-pools is wrong.
    if not isinstance(law, GaussianCopula):
        members = range(law.n_models)
        total = sum(
            (-1) ** size * float(law.subpool(list(subset)).all_wrong())
            for size in range(1, 6)
            for subset in itertools.combinations(members, size)
        )
        assert 1 + total == pytest.approx(float(law.count_probs()[0]), abs=1e-12)


@each_law
def test_all_sizes_at_once_are_the_pools_one_by_one(law: AbstractErrorLaw) -> None:
    sizes = np.array([1, 2, 3, 5])
    value, error = law.log_all_wrong_by_size(sizes)
    each, each_error = AbstractErrorLaw.log_all_wrong_by_size(law, sizes)
    if isinstance(law, GaussianCopula):  # other random points; five standard errors of either
        assert (np.abs(value - each) <= 5 * (error + each_error)).all()
        assert (error < 1e-3).all()
    else:
        np.testing.assert_allclose(value, each, rtol=0, atol=1e-13)
        assert (error < 1e-10).all()


@each_law
def test_immutable_pytree(law: AbstractErrorLaw) -> None:
    with pytest.raises(AttributeError):
        law.n_models = 3  # type: ignore[misc]
    leaves, tree = jax.tree.flatten(law)
    again = jax.tree.unflatten(tree, leaves)
    assert float(again.all_wrong()) == float(law.all_wrong())
    traced = eqx.filter_eval_shape(_log_all_wrong, law)
    assert (traced.shape, traced.dtype) == ((), float)


# Laws of one type and shape are one program.
_log_all_wrong = eqx.filter_jit(lambda law: law.log_all_wrong())
# Integrals inside integrals take ten seconds to compile.
_COMPILED = [
    pytest.param(law, id=name, marks=[pytest.mark.slow] * (name == "block_factor")) for name, law in LAWS.items()
]


@pytest.mark.parametrize("law", _COMPILED)
def test_compiled(law: AbstractErrorLaw) -> None:
    assert float(_log_all_wrong(law)) == pytest.approx(float(law.log_all_wrong()), rel=1e-12)


@pytest.mark.slow  # integrals inside integrals take the better part of a minute to compile
def test_the_full_matrix_has_the_slope_of_its_one_factor() -> None:
    """The derivative of a simulated β against the exact one of the same law."""

    def full(x: float) -> jax.Array:
        return GaussianCopula(RATES[:3], x * CORRELATION[:3, :3] + (1 - x) * jnp.eye(3)).log_all_wrong()

    def one_factor(x: float) -> jax.Array:
        return OneFactorGaussian(RATES[:3], jnp.sqrt(x) * LOADINGS[:3]).log_all_wrong()

    assert float(jax.grad(full)(0.8)) == pytest.approx(float(jax.grad(one_factor)(0.8)), rel=2e-3)


BAD = {
    "law.shock: 1.2 is outside [0, 1)": lambda: CommonShock(1.2, [0.3]),
    "law.error_rates[1]: 0 is outside (0, 1)": lambda: Independent([0.3, 0.0]),
    "law.error_rates[0]: nan is outside (0, 1)": lambda: Independent([float("nan")]),
    "law.loadings[0]: 1 is outside (-1, 1)": lambda: OneFactorGaussian([0.3], [1.0]),
    "law.loadings: shape 1; 2 is accepted": lambda: OneFactorGaussian([0.3, 0.4], [0.5]),
    "law.theta: -1e-300 is outside [0, 1e+300]": lambda: Clayton([0.3], -1e-300),
    "law.theta: inf is outside [0, 1e+300]": lambda: Clayton([0.3], np.inf),
    "law.a: 0 is outside (0, 1e+300]": lambda: BetaMixing(0.0, 1.0, 3),
    "law.degrees_of_freedom: 0.3 is outside [0.5, inf]": lambda: StudentFactor([0.3], [0.5], 0.3),
    "law.skewness: 5 is outside [-4, 4]": lambda: SkewFactor([0.3], [0.5], 5.0),
    "law.loadings[1]: -1 is outside (-1, 1)": lambda: SkewFactor([0.3, 0.4], [0.5, -1.0], 1.0),
    "law.points[0]: nan is outside (-inf, inf)": lambda: FactorMixture([0.3], [0.5], [np.nan], [1.0]),
    "law.weights: shape 1; 2 is accepted": lambda: FactorMixture([0.3], [0.5], [0.0, 1.0], [1.0]),
    "law.weights: the probabilities sum to 1.1": lambda: FactorMixture([0.3], [0.5], [0.0, 1.0], [0.6, 0.5]),
    "law.weights[0]: 1.2 is outside [0, 1]": lambda: FactorMixture([0.3], [0.5], [0.0, 1.0], [1.2, -0.2]),
    "law.between: 0.7 is outside [0, law.within]": lambda: BlockFactor([0.3, 0.3], [0, 1], 0.7, 0.6),
    "law.block: 1 labels for 2 models": lambda: BlockFactor([0.3, 0.3], [0], 0.1, 0.6),
    "law.correlation: smallest eigenvalue": lambda: GaussianCopula([0.3] * 3, 1.9 * np.eye(3) - 0.9),
    "law.correlation: not symmetric": lambda: GaussianCopula([0.3] * 2, [[1.0, 0.2], [0.3, 1.0]]),
    "law.weights: the probabilities sum to 0.9": lambda: ExchangeableMixing([0.2, 0.3], [0.5, 0.4], 3),
    "law.n_models: 2.5 is not a whole number": lambda: ExchangeableMixing([0.2], [1.0], 2.5),
    "law.count_probs: the probabilities sum to 2": lambda: ExchangeableCount([1.0, 1.0]),
    "law.base: 0.3 is not an error law": lambda: AtomInflated(0.1, 0.3),
    "law: 'much' is not a number": lambda: Independent(["much"]),
    "members: a model is named twice": lambda: Independent(RATES).subpool([1, 1]),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_parameters_are_named(message: str) -> None:
    with pytest.raises(InputError) as caught:
        BAD[message]()
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_shorthand_for_equal_models() -> None:
    np.testing.assert_array_equal(Independent("0.3x3").error_rates, [0.3] * 3)
    np.testing.assert_array_equal(Independent(["0.3x2", 0.5]).error_rates, [0.3, 0.3, 0.5])


FACTOR_LAWS = [name for name, law in LAWS.items() if isinstance(law, AbstractFactorLaw)]


@pytest.mark.parametrize("name", FACTOR_LAWS)
def test_nodes_say_who_is_right_as_well_as_who_is_wrong(name: str) -> None:
    """P(wrong) and P(right) at every node; P(C = 0) by the latter; the mixture is the same nodes."""
    law = LAWS[name]
    weights, wrong, right = (np.exp(np.asarray(x)) for x in law.factor_grid())
    np.testing.assert_allclose(wrong + right, 1, atol=1e-14)
    assert weights @ right.prod(axis=1) == pytest.approx(float(law.count_probs()[0]), abs=1e-12)
    for one, other in zip(law.mixture(), (weights, wrong, right), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-300)


def test_errors_of_a_simulated_rate_travel_with_it() -> None:
    """Of β, of its log, and of an atom on top of it: Δ log β = Δβ/β, and (1-ω) Δβ."""
    base = LAWS["gaussian_copula"]
    estimate = base.all_wrong_estimate()
    assert 1e-6 < estimate.error / estimate.value < 1e-2
    relative = estimate.error / estimate.value
    assert base.log_all_wrong_error(np.log(estimate.value)) == pytest.approx(relative, rel=1e-9)
    mixed = AtomInflated(0.1, base).all_wrong_estimate()
    assert mixed.error == pytest.approx(0.9 * estimate.error, rel=1e-12)
    assert AtomInflated(0.1, base).log_all_wrong_error(np.log(mixed.value)) == pytest.approx(
        mixed.error / mixed.value, rel=1e-9
    )


@each_law
def test_permuting_a_pool_permutes_its_law(law: AbstractErrorLaw) -> None:
    """Rates and pairs move with their models; β and the law of C stay."""
    order = [3, 0, 4, 2, 1]
    moved = law.subpool(order)
    allowed = tolerance(law, 1.0)
    np.testing.assert_allclose(moved.error_rates, np.asarray(law.error_rates)[order], rtol=1e-14)
    np.testing.assert_allclose(
        moved.pairwise_wrong(), np.asarray(law.pairwise_wrong())[np.ix_(order, order)], rtol=1e-12
    )
    np.testing.assert_allclose(
        moved.count_probs(), law.count_probs(), rtol=1e-10, atol=allowed if allowed > 1e-9 else 0
    )


@pytest.mark.parametrize("name", ["one_factor_gaussian", "block_factor", "student_factor"])
def test_an_error_is_that_of_the_rate_and_not_of_its_log(name: str) -> None:
    """Relative errors stay what they are where models err ten thousand times as rarely."""
    law = LAWS[name]
    rarer = eqx.tree_at(lambda law: law.error_rates, law, 1e-4 * law.error_rates)
    for one in (law, rarer):
        estimate = one.all_wrong_estimate()
        assert 1e-16 < estimate.error / estimate.value < 1e-11
        assert one.log_all_wrong_error(np.log(estimate.value)) == pytest.approx(estimate.error / estimate.value, abs=0)


def test_rounding_grows_with_the_size_of_a_log() -> None:
    """log β = -7e5: its last digit is worth 1e-10, and the error says so."""
    law = Independent(np.full(1000, 1e-300))
    values, errors = law.log_all_wrong_by_size(np.array([1, 1000]))
    assert values[1] == pytest.approx(1000 * np.log(1e-300), rel=1e-14)
    for error in (errors[1], law.log_all_wrong_error(values[1])):
        assert np.spacing(abs(values[1])) < error < 1e-8


def test_how_a_rate_was_obtained_is_said() -> None:
    kinds = {name: law.all_wrong_estimate().kind for name, law in LAWS.items()}
    assert kinds["gaussian_copula"] == "monte_carlo"
    by_quadrature = {name for name, kind in kinds.items() if kind == "quadrature"}
    assert by_quadrature == {
        *("one_factor_gaussian", "block_factor", "student_factor", "student_factor_heavy"),
        *("skew_factor", "skew_factor_easy", "factor_mixture", "atom_inflated"),
    }
    assert {kind for name, kind in kinds.items() if name not in by_quadrature} == {"monte_carlo", "exact"}


def test_both_ends_of_a_simulated_law_have_their_own_error() -> None:
    """β is known to a thousandth of itself, and so is P(C = 0), which is a hundred times as large."""
    law = GaussianCopula([0.05, 0.1, 0.08], CORRELATION[:3, :3])
    probs, errors = (np.asarray(x) for x in law.count_probs_estimate())
    assert probs[0] > 100 * probs[-1]
    for side, end in ((1, -1), (-1, 0)):
        mirrored = GaussianCopula(
            np.asarray(law.error_rates) if side > 0 else 1 - np.asarray(law.error_rates), law.correlation
        )
        estimate = mirrored.all_wrong_estimate()
        assert (probs[end], errors[end]) == (
            pytest.approx(estimate.value, rel=1e-9),
            pytest.approx(estimate.error, rel=1e-6),
        )
