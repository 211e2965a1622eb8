"""The null calibration: what ratio a world without a common mode would show (theory section 4, point 3).

Matrices of the observed shape are simulated from a law, the point pipeline is rerun on each, and the observed ratio is
placed among theirs. No null is centred on 1: the fit and its pairs are estimated from the same few queries.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import brentq
from scipy.special import ndtri

from cofail_lab.fitting.estimators.pairs import Pairs, PairValues
from cofail_lab.fitting.estimators.point import PointFit, fit_counts
from cofail_lab.fitting.replicates.stages import Batch, More, Replicates, Stage, nothing
from cofail_lab.models import AtomInflated, OneFactorGaussian
from cofail_lab.numerics import bivariate_normal
from cofail_lab.numerics.streams import generator

if TYPE_CHECKING:
    from cofail_lab.models import AbstractErrorLaw

# Bounds the arrays of one batch to tens of megabytes.
_MATRICES_PER_BATCH = 32
_PAIRS_PER_BATCH = 2**18
_CELLS_PER_BATCH = 2**24
_CHUNK = 2**14

_relative_cdf = jax.jit(bivariate_normal.relative_cdf)


def simulate(
    law: "AbstractErrorLaw", n: int, pairs: Pairs, n_replicates: int, stream: tuple[int, int], more: More = nothing
) -> Stage:
    """Draw ``n_replicates`` matrices of n queries from a law and refit each.

    Replicate b depends on (stream, b) alone.

    Args:
        law: of the varying models of the pool.
        n: queries of each matrix.
        pairs: of the law's models; all of them, or some.
        n_replicates: matrices.
        stream: seed and purpose of the random numbers (`numerics.streams`).
        more: what else to keep of each.
    """
    m = law.n_models
    # The shape alone decides how many matrices come from one key, so that no replicate depends on how many there are.
    size = max(1, min(_MATRICES_PER_BATCH, _PAIRS_PER_BATCH // max(1, len(pairs.left)), _CELLS_PER_BATCH // (n * m)))

    def batch(start: int) -> Replicates:
        kept = min(size, n_replicates - start)
        drawn = _draw(law, kept * n, stream, start // size).reshape(kept, n, m)
        joint = np.empty((kept, m, m), dtype=np.int64)
        for row in range(kept):
            joint[row] = _joint_counts(drawn[row])
        # One compiled shape serves all batches: what fills the last one is thrown away.
        rows = np.minimum(np.arange(size), kept - 1)
        counts = np.diagonal(joint, axis1=1, axis2=2)[rows]
        fit, values = fit_counts(counts, joint[:, pairs.left, pairs.right][rows], n, pairs)
        values = PairValues(*(field[:kept] for field in values))
        done = Batch(start, counts[:kept], values, wrong=drawn, joint=joint)
        return Replicates(
            all_wrong=drawn.all(axis=2).mean(axis=1),
            single_best=1 - counts[:kept].min(axis=1) / n,
            fit=PointFit(*(field[:kept] for field in fit)),
            more=more(done),
        )

    return Stage(n_replicates, size, batch)


def _draw(law: "AbstractErrorLaw", n: int, stream: tuple[int, int], index: int) -> np.ndarray:
    seed, purpose = stream
    words = generator(seed, purpose, index).integers(2**32, size=2, dtype=np.uint32)
    return np.asarray(law.sample(jax.random.wrap_key_data(jnp.asarray(words)), n, chunk=_CHUNK))


def _joint_counts(wrong: np.ndarray) -> Int[np.ndarray, "m m"]:
    columns = wrong.astype(np.float32 if len(wrong) < 2**24 else np.float64)
    return (columns.T @ columns).astype(np.int64)


class NullTest(NamedTuple):
    """Where the observed ratio of one predictor falls among the simulated ones.

    Attributes:
        p_value: (1 + simulated ratios at least as large) / (1 + simulated); without a prediction a simulated matrix
            counts as one with a larger ratio.
        expected: median ratio without a common mode.
        lower, upper: the central 90% of them.
        critical: the ratio above which a test at 5% rejects.
        n_replicates: simulated matrices.
    """

    p_value: float
    expected: float
    lower: float
    upper: float
    critical: float
    n_replicates: int


@dataclass(frozen=True)
class NullCalibration:
    """A fit placed among fits of matrices without a common mode.

    Attributes:
        laws: name of a null law -> the matrices simulated from it, refitted.
        tests: (null law, predictor) -> where the observed ratio falls; empty where no query defeats every model.
        atom: size of the atom that the power is stated for.
        power: predictor -> share of matrices with that atom whose ratio a test at 5% rejects; None where there is no
            such law, nothing to test, or an interruption came first.
        joint_power: the share of them that is rejected under every null law's own test, which is when a tail is called
            unlikely to be chance; None as ``power``, and where a null law was not simulated.
        n_power: matrices with that atom behind both.
        interrupted: whether one did.
        n_asked: matrices asked for from each law.
        n_affordable: as many of them as are simulated in a pool of this size; after an interruption fewer are there.
        n_pairs: pairs behind every mean; fewer than all of them in very large pools, the observed mean included.
    """

    laws: Mapping[str, Replicates]
    tests: Mapping[tuple[str, str], NullTest]
    atom: float
    power: Mapping[str, float] | None
    joint_power: float | None
    n_power: int
    interrupted: bool
    n_asked: int
    n_affordable: int
    n_pairs: int

    @property
    def n_simulated(self) -> int:
        """Matrices simulated from each null law: the fewest of any."""
        return min(len(replicates.all_wrong) for replicates in self.laws.values())

    def own_tests(self, names: Iterable[str]) -> dict[str, NullTest]:
        """The test of each named law under itself as the null law, where there is one."""
        return {name: self.tests[name, name] for name in names if (name, name) in self.tests}


def place(observed: float, simulated: Float[np.ndarray, " replicates"]) -> NullTest | None:
    """The observed ratio among simulated ones; None without a single simulated ratio."""
    present = simulated[~np.isnan(simulated)]
    if not len(present):
        return None
    filled = np.sort(np.where(np.isnan(simulated), np.inf, simulated))
    n = len(filled)
    low, middle, high = np.quantile(present, [0.05, 0.5, 0.95])
    # The largest value whose p-value is still above 5%; with fewer than 19 replicates no value is below.
    exceeding = int(np.floor(0.05 * (n + 1) + 1e-9))
    critical = float(filled[n - exceeding]) if exceeding else np.inf
    at_least = int((filled >= observed * (1 - 1e-12)).sum())
    return NullTest((1 + at_least) / (1 + n), float(middle), float(low), float(high), critical, n)


def power(test: NullTest, simulated: Float[np.ndarray, " replicates"]) -> float:
    """Share of matrices simulated with an atom whose ratio the test at 5% rejects."""
    return float((simulated > test.critical).mean())


def with_atom(law: OneFactorGaussian, atom: float) -> "AtomInflated | None":
    """A common mode of size ``atom`` that neither an error rate nor the mean pair gives away.

    One factor plus the atom, with the error rates and the mean p_ij of ``law`` (beyond 2^16 pairs, of that many of
    them): its base has loadings smaller by one factor, which makes up for the pairs that the atom adds.

    Returns:
        None where no such law exists: a model errs less often than the atom, or the atom alone makes pairs fail
        together more often than they do.
    """
    rates, loadings = np.asarray(law.error_rates), np.asarray(law.loadings)
    if atom >= rates.min():
        return None
    base_rates = (rates - atom) / (1 - atom)
    left, right = np.triu_indices(len(rates), 1)
    if len(left) > 2**16:
        some = np.linspace(0, len(left) - 1, 2**16).astype(int)
        left, right = left[some], right[some]

    def mean_pair(rates_: np.ndarray, scale: float) -> float:
        t, correlation = ndtri(rates_), scale**2 * loadings[left] * loadings[right]
        return float(np.mean(_relative_cdf(t[left], t[right], correlation)))

    target = (mean_pair(rates, 1.0) - atom) / (1 - atom)
    largest = min(1.5, 0.999 / float(np.abs(loadings).max()))

    def excess(scale: float) -> float:
        return mean_pair(base_rates, scale) - target

    if excess(0.0) > 0 or excess(largest) < 0:
        return None
    scale = float(brentq(excess, 0.0, largest, xtol=1e-6))  # type: ignore[arg-type]
    return AtomInflated(atom, OneFactorGaussian(base_rates, scale * loadings))
