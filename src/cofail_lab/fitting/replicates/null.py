"""The null calibration: which ratios matrices without a common mode show (theory section 4, point 3).

Matrices of the observed shape are simulated from a law, the point fit is repeated on each, and the observed ratio is
compared with the simulated ratios. These are not centred on 1, because the observed β and the prediction are estimated
from the same few queries.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import brentq
from scipy.special import ndtri

from cofail_lab.exact_counts import joint_counts
from cofail_lab.fitting.estimators.pairs import Pairs, PairValues
from cofail_lab.fitting.estimators.point import PointFit, fit_counts
from cofail_lab.fitting.replicates import sequential
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


def simulate(
    law: "AbstractErrorLaw", n: int, pairs: Pairs, n_replicates: int, stream: tuple[int, int], more: More = nothing
) -> Stage:
    """Draw ``n_replicates`` matrices of n queries from a law and refit each.

    Replicate b depends on (stream, b) and the shape only.

    Args:
        law: of the varying models of the pool.
        n: queries of each matrix.
        pairs: of the law's models; all of them, or some.
        n_replicates: matrices.
        stream: seed and purpose of the random numbers (`numerics.streams`).
        more: what else to keep of each matrix.
    """
    m = law.n_models
    # How many matrices come from one key depends on their shape only, so that no replicate depends on ``n_replicates``.
    size = max(1, min(_MATRICES_PER_BATCH, _PAIRS_PER_BATCH // max(1, len(pairs.left)), _CELLS_PER_BATCH // (n * m)))

    def batch(start: int) -> Replicates:
        kept = min(size, n_replicates - start)
        drawn = _draw(law, kept * n, stream, start // size).reshape(kept, n, m)
        joint = np.empty((kept, m, m), dtype=np.int64)
        for row in range(kept):
            joint[row] = joint_counts(drawn[row])
        # The last batch is filled up, so that all batches have the one compiled shape; the extra matrices are dropped.
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
    return np.asarray(law.sample(jax.random.wrap_key_data(jax.device_put(words)), n, chunk=_CHUNK))


class NullTest(NamedTuple):
    """The observed ratio of one law compared with simulated ratios.

    Attributes:
        p_value: of ratios at least as large as the observed one (`sequential.p_value`); a simulated matrix without a
            prediction counts as one with a larger ratio.
        p_lower: of ratios at most as large; one without a prediction counts as one with a smaller ratio.
        expected: median of the simulated ratios.
        lower, upper: limits of the central 90% of the simulated ratios.
        critical: the ratio above which a test at 5% rejects.
        n_replicates: number of simulated matrices.
    """

    p_value: float
    p_lower: float
    expected: float
    lower: float
    upper: float
    critical: float
    n_replicates: int


@dataclass(frozen=True)
class NullCalibration:
    """A fit compared with fits of matrices that were simulated without a common mode.

    Attributes:
        laws: name of a null law -> the refits of the matrices simulated from it.
        tests: (null law, law of the ratio) -> test of this ratio; empty where no query defeats every model.
        atom: size of the atom that the power is computed for.
        power: law of the ratio -> share of matrices with this atom that its test at 5% rejects; None where no law with
            this atom exists, where there is nothing to test, or where the calibration was interrupted before.
        joint_power: share of these matrices that the own tests of all null laws reject, so that the tail is called
            unlikely to be chance; None where ``power`` is, and where some null law was not simulated.
        n_power: number of matrices with this atom behind both powers.
        interrupted: whether the calibration was interrupted.
        n_asked: number of matrices asked for from each law.
        n_affordable: the most matrices that are simulated from each law in a pool of this size; there are fewer where
            its p-values were decided before, and after an interruption.
        n_pairs: number of pairs behind every mean, observed or simulated; in very large pools not all pairs.
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
        """Number of matrices that were simulated from every null law (the smallest number of any law)."""
        return min(self._numbers)

    @property
    def simulated(self) -> str:
        """How many matrices were simulated from the null laws, as texts say it."""
        least, most = min(self._numbers), max(self._numbers)
        return f"{least:,}" if least == most else f"{least:,} to {most:,}"

    @property
    def ended_early(self) -> bool:
        """Whether the p-values of some law were decided before all matrices were simulated."""
        return not self.interrupted and self.n_simulated < self.n_affordable

    @property
    def _numbers(self) -> list[int]:
        return [len(replicates.all_wrong) for replicates in self.laws.values()]

    def own_tests(self, names: Iterable[str]) -> dict[str, NullTest]:
        """The tests of the ratios of the named laws under the same law as the null law; only those that exist."""
        return {name: self.tests[name, name] for name in names if (name, name) in self.tests}


def hits(
    observed: float, simulated: Float[np.ndarray, " replicates"]
) -> tuple[Bool[np.ndarray, " replicates"], Bool[np.ndarray, " replicates"]]:
    """Which simulated ratios are at least as large as the observed one, and which at most; nan is both."""
    missing = np.isnan(simulated)
    return missing | (simulated >= observed * (1 - 1e-12)), missing | (simulated <= observed * (1 + 1e-12))


def place(observed: float, simulated: Float[np.ndarray, " replicates"], most: int | None = None) -> NullTest | None:
    """Compare the observed ratio with simulated ratios, nan without a prediction; None where all are nan.

    Args:
        observed: the ratio.
        simulated: ratios in the order in which they were simulated.
        most: number of matrices at which the simulation would have ended in any case; None where it did not end
            earlier because of p-values, which then count all matrices.
    """
    present = simulated[~np.isnan(simulated)]
    if not len(present):
        return None
    filled = np.sort(np.where(np.isnan(simulated), np.inf, simulated))
    n = len(filled)
    low, middle, high = np.quantile(present, [0.05, 0.5, 0.95])
    # The largest value with a p-value above 5%; with fewer than 19 replicates every p-value is above 5%.
    exceeding = sequential.hits_needed(n)
    critical = float(filled[n - exceeding]) if exceeding else np.inf
    p_value, p_lower = (sequential.p_value(each, most) for each in hits(observed, simulated))
    return NullTest(p_value, p_lower, float(middle), float(low), float(high), critical, n)


def power(test: NullTest, simulated: Float[np.ndarray, " replicates"]) -> float:
    """Share of ratios, from matrices simulated with an atom, that the test at 5% rejects."""
    return float((simulated > test.critical).mean())


def with_atom(law: OneFactorGaussian, atom: float) -> "AtomInflated | None":
    """A law with an atom of size ``atom``, and with the error rates and the mean p_ij of ``law``.

    The atom can therefore not be detected in the error rates or in the mean pair. All loadings of the base are those of
    ``law`` times one number, which makes up for the joint errors that the atom adds. With more than 2^16 pairs the mean
    is over this many of them.

    Returns:
        None where no such law exists: a model errs less often than the atom, or the atom alone causes more joint errors
        than there are.
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
        return float(np.asarray(bivariate_normal.relative_cdf(t[left], t[right], correlation)).mean())

    target = (mean_pair(rates, 1.0) - atom) / (1 - atom)
    strongest = float(np.abs(loadings).max())
    if strongest == 0:
        # Independent models: an atom only adds joint errors, and no loading is there to make up for them.
        return None
    largest = min(1.5, 0.999 / strongest)

    def excess(scale: float) -> float:
        return mean_pair(base_rates, scale) - target

    if excess(0.0) > 0 or excess(largest) < 0:
        return None
    scale = float(brentq(excess, 0.0, largest, xtol=1e-6))  # type: ignore[arg-type]
    return AtomInflated(atom, OneFactorGaussian(base_rates, scale * loadings))
