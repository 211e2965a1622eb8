"""No finite 0/1 matrix stops a fit: every shape, rate and kind of repetition, with and without all-wrong queries."""

from collections.abc import Iterator

import jax
import numpy as np
import pytest
from scipy.special import ndtri

import cofail_lab as cl
from tests.conftest import outcomes_from

pytestmark = pytest.mark.usefixtures("few_histograms")


def drawn(n: int, m: int, rate: float, n_all_wrong: int = 0) -> np.ndarray:
    wrong = np.random.default_rng([n, m, n_all_wrong]).random((n, m)) < rate
    wrong[:n_all_wrong] = True
    return wrong


MATRICES = {
    "one cell, right": drawn(1, 1, 0.0),
    "one cell, wrong": drawn(1, 1, 0.0, 1),
    "one query": drawn(1, 5, 0.5),
    "one model": drawn(40, 1, 0.3),
    "two queries": drawn(2, 3, 0.5),
    "nobody errs": drawn(20, 4, 0.0),
    "all err always": drawn(20, 4, 1.0),
    "three all wrong of a strong pool": drawn(300, 15, 0.02, 3),
    "three all wrong of a larger strong pool": drawn(300, 67, 0.02, 3),
    "two all wrong of a large strong pool": drawn(200, 110, 0.1, 2),
    "ratio beyond every float": drawn(2000, 120, 0.002, 1),
    "one all wrong": drawn(60, 4, 0.2, 1),
    "all but one all wrong": drawn(30, 4, 0.5, 29),
    "duplicates": np.repeat(drawn(50, 2, 0.3, 2), 3, axis=1),
    "a model and its opposite": np.hstack([drawn(40, 1, 0.5), ~drawn(40, 1, 0.5)]),
    "constant models beside two": np.hstack([drawn(40, 2, 0.4), np.zeros((40, 2), bool), np.ones((40, 1), bool)]),
    "two models, many queries": drawn(10_000, 2, 0.01, 1),
}


@pytest.fixture
def forgetful() -> Iterator[None]:
    """What JAX has compiled for one matrix is of little use for the next, and takes a third of a gigabyte."""
    yield
    jax.clear_caches()


SLOW = (
    "three all wrong of a larger strong pool",
    "two all wrong of a large strong pool",
    "ratio beyond every float",
)
LAWS = ["independent", "one_factor", "clayton"]


@pytest.mark.parametrize("name", [name for name in MATRICES if name not in SLOW])
def test_any_matrix_is_fitted(name: str) -> None:
    # Under a full Σ opposite models are never wrong together: the log of that is no number.
    more = ["atom_full_sigma"] if "opposite" in name else []
    checked(MATRICES[name], bootstrap=20, null=0, laws=[*LAWS, *more])


@pytest.mark.slow
@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("name", SLOW)
def test_any_large_strong_pool_is_fitted(name: str) -> None:
    checked(MATRICES[name], bootstrap=20, null=0, laws=LAWS)


def checked(wrong: np.ndarray, **arguments: object) -> None:
    """A fit without a warning or an error (a warning is an error), with finite numbers and words to begin with."""
    result = cl.fit(outcomes_from(wrong), folds=2 if len(wrong) > 1 else 0, **{"laws": FEW, **arguments})  # type: ignore[arg-type]
    assert result.metrics["n_all_wrong"] == wrong.all(axis=1).sum()
    numbers = [value for value in result.metrics.values() if value is not None]
    assert np.isfinite(numbers).all()
    ends = {name: value for name, value in result.metrics.items() if name.endswith("_lower") and value is not None}
    for name, low in ends.items():
        high = result.metrics.get(name.removesuffix("_lower") + "_upper")
        assert high is None or low <= high, name
    assert result.sections[0].sentences[0]


FEW = ["independent", "one_factor", "clayton", "atom_independent", "atom_one_factor"]


def any_matrix(n: int, m: int, seed: int) -> np.ndarray:
    """A 0/1 matrix of a shape: rates from never to always, alike or not, dependent or not.

    Some queries may defeat everyone, some nobody, and models may be copies, opposites or constant. Seeds 0 and 1 are
    strong pools that have all-wrong queries; in the second some models are copies, opposites or constant.
    """
    rng = np.random.default_rng([n, m, seed])
    strong = seed < 2
    rate = 0.02 if strong else rng.choice([0.0, 0.002, 0.3, 0.5, 0.9, 0.998, 1.0])
    rates = np.full(m, rate) if strong or rng.random() < 0.5 else rng.beta(0.4, 0.4, m)
    share = rng.choice([0.0, 0.4, 0.999])
    level = np.sqrt(share) * rng.standard_normal((n, 1)) + np.sqrt(1 - share) * rng.standard_normal((n, m))
    wrong = level < ndtri(rates)
    for value, least in ((False, 0), (True, min(n, 2) if strong else 0)):
        some = least if strong else rng.choice([0, 0, 1, 2, n // 2, n - 1])
        wrong[rng.permutation(n)[:some]] = value
    for _ in range(2 * seed % 3):
        i, j = rng.integers(m, size=2)
        column = rng.choice(["copy", "opposite", "right", "wrong"])
        wrong[:, i] = {"copy": wrong[:, j], "opposite": ~wrong[:, j], "right": False, "wrong": True}[column]
    return wrong


def test_models_that_are_exactly_independent_are_fitted() -> None:
    """All 60 combinations of three residues: every correlation is 0, so that no law with the same pairs has an atom."""
    rows = np.arange(60)
    wrong = np.column_stack([rows % 3 < 2, rows % 4 < 3, rows % 5 < 4])
    checked(wrong, bootstrap=6, null=19)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 3), (9, 4)])
@pytest.mark.parametrize("seed", range(3))
def test_any_small_matrix_is_fitted(shape: tuple[int, int], seed: int) -> None:
    checked(any_matrix(*shape, seed), bootstrap=6, null=3)


# A few shapes only: every matrix compiles up to 200 programs of its own, which takes most of the time.
LARGE = {(2, 2): 3, (12, 20): 2, (5, 60): 2, (52, 400): 1, (400, 52): 2, (10_000, 2): 3}
"""Shapes, and how many matrices of each."""


@pytest.mark.slow
@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize(("shape", "seed"), [(shape, seed) for shape, n in LARGE.items() for seed in range(n)])
def test_any_large_matrix_is_fitted(shape: tuple[int, int], seed: int) -> None:
    wrong = any_matrix(*shape, seed)
    checked(wrong, bootstrap=6, null=3, laws="all" if wrong.size < 300 and seed == 0 else FEW)


@pytest.mark.slow
@pytest.mark.usefixtures("forgetful")
def test_thousands_of_models_on_two_queries() -> None:
    """Two queries and 10,000 models, which have 50 million pairs."""
    checked(drawn(2, 10_000, 0.5), bootstrap=2, null=0, laws=["independent"])
