"""One contract: every smooth method of every law, in every parameter, against finite differences and a loop; edges too.

The other methods need numbers, and say so by name.
"""

import inspect
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array

from cofail_lab import models
from cofail_lab.errors import TracedError
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
from cofail_lab.models.tail import tail_curve
from tests.models.laws import LAWS

SMOOTH = ("error_rates", "log_all_wrong", "all_wrong", "pairwise_wrong", "count_probs")
"""Methods that can be traced; `count_probs` not for the laws of `NO_COUNTS`."""

NO_COUNTS = (BlockFactor, GaussianCopula)

NEEDS_NUMBERS: dict[str, Callable[[AbstractErrorLaw], object]] = {
    "all_wrong_estimate": lambda law: law.all_wrong_estimate(),
    "log_all_wrong_by_size": lambda law: law.log_all_wrong_by_size(np.array([1, 2])),
    "log_all_wrong_error": lambda law: law.log_all_wrong_error(-1.0),
    "sampler": lambda law: law.sampler(),
    "sample": lambda law: law.sample(jax.random.key(0), 10),
    "sample_chunks": lambda law: next(law.sample_chunks(jax.random.key(0), 10)),
    "count_wrong": lambda law: law.count_wrong(jax.random.key(0), 10),
    "all_wrong_rate": lambda law: law.all_wrong_rate(jax.random.key(0), 10),
}

STRUCTURE = ("n_models", "subpool")
"""Members that return no number."""


class Case(NamedTuple):
    """A law as a function of a vector of its parameters.

    Attributes:
        law: from the vector.
        at: where the derivatives are taken.
        edges: places in the vector that are at the lower end of their range there.
        tolerance: of derivatives, relative to the largest, or to 1.
    """

    law: Callable[[Array], AbstractErrorLaw]
    at: tuple[float, ...]
    edges: tuple[int, ...] = ()
    tolerance: float = 1e-6


R = (0.2, 0.55, 0.7)
SIGMA = np.array([[1, 0.45, -0.15], [0.45, 1, -0.27], [-0.15, -0.27, 1]])
FAMILIES = ["a", "a", "b"]


def _rest(x: Array) -> Array:
    return jnp.append(x, 1 - x.sum())


def _full(x: Array) -> GaussianCopula:
    return GaussianCopula(x[:3], x[3] * SIGMA + (1 - x[3]) * jnp.eye(3))


CASES = {
    "independent": Case(Independent, R),
    "shock": Case(lambda x: CommonShock(x[0], x[1:]), (0.05, *R)),
    "shock 0": Case(lambda x: CommonShock(x[0], x[1:]), (0.0, *R), (0,)),
    "one factor": Case(lambda x: OneFactorGaussian(x[:3], x[3:]), (*R, 0.5, 0.9, -0.3)),
    "one factor, loading 0": Case(lambda x: OneFactorGaussian(x[:3], x[3:]), (*R, 0.0, 0.6, 0.0)),
    "one factor, loadings 0": Case(lambda x: OneFactorGaussian(x[:3], x[3:]), (*R, 0.0, 0.0, 0.0)),
    "student": Case(lambda x: StudentFactor(x[1:4], x[4:], x[0]), (3.0, *R, 0.5, 0.8, -0.3)),
    "skewed": Case(lambda x: SkewFactor(x[1:4], x[4:], x[0]), (1.5, *R, 0.5, 0.8, -0.3)),
    "points": Case(
        lambda x: FactorMixture(x[:3], x[3:6], x[6:9], _rest(x[9:])), (*R, 0.5, 0.8, -0.3, -4.0, 0.5, 1.5, 0.1, 0.6)
    ),
    "Clayton": Case(lambda x: Clayton(x[1:], x[0]), (2.0, *R)),
    "Clayton, weak": Case(lambda x: Clayton(x[1:], x[0]), (1e-4, *R)),
    "Clayton 0": Case(lambda x: Clayton(x[1:], x[0]), (0.0, *R), (0,)),
    "atom over one factor": Case(
        lambda x: AtomInflated(x[0], OneFactorGaussian(x[1:4], x[4:])), (0.1, *R, 0.5, 0.9, -0.3)
    ),
    "atom 0 over Clayton": Case(lambda x: AtomInflated(x[0], Clayton(x[2:], x[1])), (0.0, 0.0, *R), (0, 1)),
    "mixing": Case(lambda x: ExchangeableMixing(x[:3], _rest(x[3:]), 4), (0.1, 0.4, 0.9, 0.3, 0.5)),
    "mixing, ends": Case(lambda x: ExchangeableMixing(x[:3], _rest(x[3:]), 4), (0.0, 0.4, 0.9, 0.0, 0.5), (0, 3)),
    "mixing, alone": Case(lambda x: ExchangeableMixing(x[:2], _rest(x[2:]), 1), (0.0, 0.4, 0.3), (0,)),
    "beta": Case(lambda x: BetaMixing(x[0], x[1], 4), (0.7, 2.5)),
    "count": Case(lambda x: ExchangeableCount(_rest(x)), (0.1, 0.4, 0.2)),
    "count, ends": Case(lambda x: ExchangeableCount(_rest(x)), (0.0, 0.4, 0.0), (0, 2)),
    "block": Case(lambda x: BlockFactor(x[2:], FAMILIES, x[0], x[1]), (0.3, 0.6, *R)),
    "block, between 0": Case(lambda x: BlockFactor(x[2:], FAMILIES, x[0], x[1]), (0.0, 0.6, *R), (0,)),
    "block, independent": Case(lambda x: BlockFactor(x[1:], FAMILIES, 0.0, x[0]), (0.0, *R), (0,)),
    "block, one factor": Case(lambda x: BlockFactor(x[1:], FAMILIES, 0.3, 0.3 + x[0]), (0.0, *R), (0,)),
    # A derivative holds the shifts of the simulation still, a difference moves them: 1e-4 of noise between the two.
    "full": Case(_full, (*R, 0.8), tolerance=3e-4),
    "full, independent": Case(_full, (*R, 0.0), tolerance=3e-4),
}

QUICK = ("shock 0", "one factor, loading 0", "Clayton 0", "mixing, ends", "beta", "count, ends")
"""The edge of every law that compiles within seconds; the integrals within integrals of the others take a minute."""


def outputs(case: Case, x: Array) -> dict[str, Array]:
    law = case.law(x)
    left_out = {"count_probs"} if isinstance(law, NO_COUNTS) else set()
    if type(law).all_wrong is AbstractErrorLaw.all_wrong:
        left_out.add("all_wrong")  # the exponential of `log_all_wrong`
    names = [name for name in SMOOTH if name not in left_out]
    return {name: law.error_rates if name == "error_rates" else getattr(law, name)() for name in names}


Outputs = Callable[[Array], dict[str, Array]]


def difference(values_at: Outputs, x: np.ndarray, place: int, *, edge: bool) -> dict[str, np.ndarray]:
    """Central, or one-sided of second order at an edge."""
    step = 1e-5
    steps, weights = ((0, 1, 2), (-1.5, 2.0, -0.5)) if edge else ((-1, 1), (-0.5, 0.5))
    at = [values_at(jnp.asarray(x + step * k * np.eye(len(x))[place])) for k in steps]
    return {
        name: sum(w * np.asarray(values[name]) for w, values in zip(weights, at, strict=True)) / step for name in at[0]
    }


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in CASES])
def test_gradients_and_grids(name: str) -> None:
    case = CASES[name]
    x = np.array(case.at)

    def twice(x: Array) -> tuple[dict[str, Array], dict[str, Array]]:
        values = outputs(case, x)
        return values, values

    # Compiling all operations one by one takes longer, and a third program, of the values alone, seconds for some.
    both = jax.jit(jax.jacrev(twice, has_aux=True))

    def values_at(x: Array) -> dict[str, Array]:
        return both(x)[1]

    slopes, _ = both(jnp.asarray(x))
    assert set(slopes) >= set(SMOOTH) - {"count_probs", "all_wrong"}
    for place in range(len(x)):
        for method, expected in difference(values_at, x, place, edge=place in case.edges).items():
            allowed = case.tolerance * max(1.0, float(np.abs(expected).max()))
            found = np.asarray(slopes[method])[..., place]
            np.testing.assert_allclose(found, expected, rtol=0, atol=allowed, err_msg=f"{method}, parameter {place}")
    grid = np.stack([x, x + 1e-3])
    mapped = jax.jit(jax.vmap(lambda x: outputs(case, x)))(jnp.asarray(grid))
    for row, at in enumerate(grid):
        for method, expected in values_at(jnp.asarray(at)).items():
            np.testing.assert_allclose(mapped[method][row], expected, rtol=1e-8, atol=1e-14, err_msg=method)


def test_every_law_has_a_case() -> None:
    public = {getattr(models, name) for name in models.__all__} - {AbstractErrorLaw}
    assert {type(case.law(jnp.asarray(case.at))) for case in CASES.values()} == public


def test_every_method_is_smooth_or_needs_numbers() -> None:
    members = {name for name, _ in inspect.getmembers(AbstractErrorLaw) if not name.startswith("_")}
    assert members - {"error_rates"} == (set(SMOOTH) | set(NEEDS_NUMBERS) | set(STRUCTURE)) - {"error_rates"}


@pytest.mark.parametrize("name", LAWS)
def test_what_cannot_be_traced_is_refused_by_name(name: str) -> None:
    law = LAWS[name]
    refused = dict(NEEDS_NUMBERS)
    if isinstance(law, NO_COUNTS):
        refused["count_probs"] = lambda law: law.count_probs()
    if isinstance(law, GaussianCopula):
        refused["count_probs_estimate"] = lambda law: law.count_probs_estimate()
    for method, call in refused.items():
        with pytest.raises(TracedError) as caught:
            jax.eval_shape(lambda law, call=call: call(law) and 0, law)
        message = str(caught.value)
        assert message.startswith(f"{type(law).__name__}.{method}: the parameters are traced by JAX")
        assert "; " in message
        assert "\n" not in message
    with pytest.raises(TracedError, match=r"log_all_wrong_by_size: .*; subpool"):
        jax.eval_shape(lambda law: tail_curve(law, np.array([2])) and 0, law)
