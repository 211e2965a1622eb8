"""Is there an atom, or does a smooth law of difficulty explain the all-wrong queries? Tests on the histogram of C.

For each family of `difficulty.FAMILIES`, and with equal loadings and with those of the tetrachoric matrix, the
statistic is the log of the likelihood ratio of "an atom over the family" to "the family". The evidence is the smallest
of them: what no family explains. Its p-value under a family is the share of histograms, drawn from the family's best
law for the data, with at least as much evidence (a parametric bootstrap).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import brentq

from cofail_lab.fitting.readings.difficulty import FAMILIES, Laws, Pool, atom_gain, near
from cofail_lab.numerics.streams import TAIL, generator

MAX_MODELS = 400
"""Larger pools are not tested: the grids would take minutes."""

ONE_SHAPE: tuple[str, ...] = ("gaussian", "student", "skew", "lognormal")
"""Families with at most one shape, which every matrix is tested against."""
TWO_SHAPES = "johnson"
"""A family that is tested where it describes the other queries better than `ONE_SHAPE` do."""

SIMULATED = 999
"""Histograms behind every p-value, which is therefore at least .001."""
_POWER, _CRITICAL, _CEILING = 500, 499, 4000
_LEVEL = 0.05
# The two-shape family is asked where its best law beside an atom is this much more likely (log) than the others'.
_BETTER = 0.2
# Likelihoods computed at a time: few enough to stay in the cache of a core.
_CELLS = 2**17
# Places of a factor, in units of its spread, that are tried.
_FAR = 9.0
_ROUNDING = 1e-9


@dataclass(frozen=True)
class TailTest:
    """The smooth laws against an atom.

    Attributes:
        p_values: family -> p-value, the larger of those with equal and with own loadings. The Gaussian one is that of
            its own likelihood ratio, the others are those of the evidence against all families. The two-shape family is
            missing where it was not asked.
        evidence: the smallest log-likelihood ratio.
        atom: size of the common mode that the powers are stated for.
        power: share of histograms with such an atom in which every family is rejected at 5%: over a Gaussian factor, or
            over the law that is likeliest beside an atom where the share is less there.
        power_base: family of the base of ``power``.
        ceiling: over a Gaussian factor, the same of the best test there is, between it and the nearest smooth law.
        nearest: family of the nearest smooth law, by Kullback-Leibler divergence.
        best: family of `ONE_SHAPE` whose law is the most likely one for the histogram.
        n_simulated: histograms behind each p-value.
    """

    p_values: Mapping[str, float]
    evidence: float
    atom: float
    power: float
    power_base: str
    ceiling: float
    nearest: str
    best: str
    n_simulated: int = SIMULATED

    @property
    def p_value(self) -> float:
        """The largest p-value of a smooth law."""
        return max(self.p_values.values())

    def explaining(self, level: float) -> tuple[str, ...]:
        """Families that explain the histogram: p-value above ``level``."""
        return tuple(name for name, p in self.p_values.items() if p > level)


Key = tuple[int, str]
"""Which loadings (0 equal, 1 own) and which family."""


def test_tail(
    error_rates: Float[np.ndarray, " m"],
    own_loadings: Float[np.ndarray, " m"],
    histogram: Int[np.ndarray, " m_plus_1"],
    *,
    atom: float,
    seed: int,
    n_simulated: int = SIMULATED,
) -> TailTest:
    """Test the histogram of C = 0..m of a matrix.

    Args:
        error_rates: observed, in (0, 1).
        own_loadings: of one factor; only their ratios matter.
        histogram: number of queries with each C.
        atom: size of the common mode that the powers are for; at most half of the least error rate is taken.
        seed: of the simulated histograms.
        n_simulated: from every law, for its p-value.
    """
    counts = histogram.astype(float)
    n = int(histogram.sum())
    atom = min(atom, float(error_rates.min()) / 2)
    size = float(np.abs(own_loadings).mean())
    patterns = (np.ones(len(error_rates)), own_loadings / size if size > 0 else np.ones(len(error_rates)))
    pools = [Pool(error_rates, pattern) for pattern in patterns]
    alternatives = alternatives_near(pools[0], counts, atom)
    references = np.stack([counts / n, *alternatives.values()])
    laws: dict[Key, Laws] = {
        (number, name): kept
        for number, pool in enumerate(pools)
        for name, kept in near(pool, ONE_SHAPE, references, n).items()
    }
    draw = Draws(n, seed)
    p_values, evidence = smooth_p_values(laws, counts, draw, n_simulated)
    if max(p_values.values()) <= _LEVEL:
        two_shapes = near(pools[0], (TWO_SHAPES,), counts[None] / n, n)[TWO_SHAPES]
        p_values |= two_shape_p_value(two_shapes, laws, counts, draw, n_simulated)
    nearest, ceiling = power_ceiling(alternatives["gaussian"], {key: laws[key] for key in laws if key[0] == 0}, draw)
    powers = {name: power(laws, alternative, draw) for name, alternative in alternatives.items()}
    least = min(powers, key=lambda name: powers[name])
    best = max(laws, key=lambda key: float(likelihoods(laws[key], counts[None])[1][0]))[1]
    return TailTest(p_values, evidence, atom, powers[least], least, ceiling, nearest, best, n_simulated)


test_tail.__test__ = False  # type: ignore[attr-defined]  # not a test of pytest


class Draws:
    """Histograms from laws; each purpose and family has a stream of its own."""

    def __init__(self, n: int, seed: int) -> None:
        self._n, self._seed = n, seed

    def __call__(
        self, probs: Float[np.ndarray, " m_plus_1"], number: int, purpose: int, key: Key = (0, "gaussian")
    ) -> Float[np.ndarray, "number m_plus_1"]:
        """``number`` histograms from the law with these probabilities."""
        stream = generator(self._seed, TAIL, 64 * purpose + 16 * key[0] + list(FAMILIES).index(key[1]))
        return stream.multinomial(self._n, probs / probs.sum(), number).astype(float)


def likelihoods(
    laws: Laws, histograms: Float[np.ndarray, "rows m_plus_1"]
) -> tuple[Float[np.ndarray, " rows"], Float[np.ndarray, " rows"], Int[np.ndarray, " rows"]]:
    """Greatest log-likelihood of each histogram with an atom and without one, and the law that is best without."""
    n = histograms.sum(axis=1)
    share, which = np.unique(histograms[:, -1] / n, return_inverse=True)
    gains = atom_gain(share[:, None], laws.probs[:, -1])
    with_, without, best = np.empty(len(n)), np.empty(len(n)), np.empty(len(n), dtype=int)
    at_once = max(1, _CELLS // len(laws.logs))
    for first in range(0, len(n), at_once):
        rows = slice(first, first + at_once)
        smooth = histograms[rows] @ laws.logs.T
        best[rows] = smooth.argmax(axis=1)
        without[rows] = np.take_along_axis(smooth, best[rows, None], axis=1)[:, 0]
        beside = n[rows, None] * gains[which[rows]]
        beside += smooth
        with_[rows] = beside.max(axis=1)
    return with_, without, best


def _ratio(laws: Laws, histograms: np.ndarray) -> np.ndarray:
    with_, without, _ = likelihoods(laws, histograms)
    return with_ - without


def _evidence(laws: Mapping[Key, Laws], first: Key, histograms: np.ndarray, floor: float) -> np.ndarray:
    """The smallest ratio of each histogram. Below ``floor`` an upper limit of it: the ratio of ``first``."""
    least = _ratio(laws[first], histograms)
    for key, others in laws.items():
        left = np.flatnonzero(least >= floor - _ROUNDING)
        if key != first and len(left):
            least[left] = np.minimum(least[left], _ratio(others, histograms[left]))
    return least


def _p_value(simulated: np.ndarray, observed: float) -> float:
    return float(1 + (simulated >= observed - _ROUNDING).sum()) / (1 + len(simulated))


def smooth_p_values(
    laws: Mapping[Key, Laws], counts: Float[np.ndarray, " m_plus_1"], draw: Draws, n_simulated: int = SIMULATED
) -> tuple[dict[str, float], float]:
    """The p-value of each of `ONE_SHAPE` for a histogram, and the evidence against all of them."""
    observed = {key: likelihoods(kept, counts[None]) for key, kept in laws.items()}
    ratios = {key: float(with_[0] - without[0]) for key, (with_, without, _) in observed.items()}
    evidence = min(ratios.values())
    p_values = dict.fromkeys(ONE_SHAPE, 0.0)
    for key, (_, _, best) in observed.items():
        drawn = draw(laws[key].probs[best[0]], n_simulated, 0, key)
        name = key[1]
        if name == "gaussian":
            p_value = _p_value(_ratio(laws[key], drawn), ratios[key])
        else:
            p_value = _p_value(_evidence(laws, key, drawn, evidence), evidence)
        p_values[name] = max(p_values[name], p_value)
    return p_values, evidence


def two_shape_p_value(
    two_shapes: Laws,
    laws: Mapping[Key, Laws],
    counts: Float[np.ndarray, " m_plus_1"],
    draw: Draws,
    n_simulated: int = SIMULATED,
) -> dict[str, float]:
    """The p-value of the two-shape family by its own ratio; empty where it describes the matrix no better."""
    with_, without, best = likelihoods(two_shapes, counts[None])
    others = max(float(likelihoods(one, counts[None])[0][0]) for one in laws.values())
    if with_[0] - others < _BETTER:
        return {}
    drawn = draw(two_shapes.probs[best[0]], n_simulated, 0, (0, TWO_SHAPES))
    return {TWO_SHAPES: _p_value(_ratio(two_shapes, drawn), float(with_[0] - without[0]))}


def alternatives_near(
    pool: Pool, counts: Float[np.ndarray, " m_plus_1"], atom: float
) -> dict[str, Float[np.ndarray, " m_plus_1"]]:
    """`with_atom` over a Gaussian factor and over the law that is likeliest beside an atom, by family."""
    bases = near(pool, ONE_SHAPE, counts[None] / counts.sum(), int(counts.sum()))
    likeliest = max(bases, key=lambda name: _beside_atom(bases[name], counts)[0])
    return {name: with_atom(pool, name, bases[name], counts, atom) for name in dict.fromkeys(("gaussian", likeliest))}


def _beside_atom(base: Laws, counts: Float[np.ndarray, " m_plus_1"]) -> tuple[float, int]:
    """The greatest log-likelihood of a histogram beside an atom of any size, and the law that has it."""
    n = counts.sum()
    values = base.logs @ counts + n * atom_gain(counts[-1] / n, base.probs[:, -1])
    return float(values.max()), int(values.argmax())


def with_atom(
    pool: Pool, family: str, base: Laws, counts: Float[np.ndarray, " m_plus_1"], atom: float
) -> Float[np.ndarray, " m_plus_1"]:
    """P(C) with an atom of the given size over the law of a family that, beside an atom of any size, fits best.

    The mean of C stays the observed one.

    Args:
        pool: the models.
        family: of the base.
        base: laws of the family near the histogram, from `near`.
        counts: the histogram.
        atom: ω.
    """
    n, m = counts.sum(), len(counts) - 1
    loading, shape, _ = base.parameters[_beside_atom(base, counts)[1]]
    counted = np.arange(m + 1) / m
    # A rate of zero has no place.
    target = max((counts @ counted / n - atom) / (1 - atom), 0.5 / (n * m))

    def base_at(place: float) -> np.ndarray:
        return pool.laws(FAMILIES[family], [loading], np.array([shape]), np.array([place]))[0, 0, 0]

    def excess(place: float) -> float:
        return float(base_at(place) @ counted) - target

    ends = excess(-_FAR), excess(_FAR)
    # A heavy tail may keep more or fewer errors than the target wherever it is.
    between = ends[0] > 0 > ends[1]
    nearest = -_FAR if ends[0] <= 0 else _FAR
    probs = base_at(float(brentq(excess, -_FAR, _FAR, xtol=1e-9)) if between else nearest)  # type: ignore[arg-type]
    law = (1 - atom) * probs / probs.sum()
    law[-1] += atom
    return law


def power_ceiling(
    alternative: Float[np.ndarray, " m_plus_1"], laws: Mapping[Key, Laws], draw: Draws
) -> tuple[str, float]:
    """The family of the smooth law nearest to ``alternative``, and the power at 5% of the likelihood ratio of the two.

    No test of the one against the other is more powerful (Neyman and Pearson).
    """
    distances = {key: -(kept.logs @ alternative) for key, kept in laws.items()}
    key = min(distances, key=lambda key: float(distances[key].min()))
    smooth = laws[key].probs[int(distances[key].argmin())]
    weights = np.log(np.maximum(alternative, 1e-300)) - np.log(smooth)
    under, beside = (draw(law, _CEILING, purpose) @ weights for purpose, law in ((1, smooth), (2, alternative)))
    return key[1], float((beside > np.quantile(under, 1 - _LEVEL)).mean())


def power(laws: Mapping[Key, Laws], alternative: np.ndarray, draw: Draws) -> float:
    """Share of histograms of ``alternative`` whose evidence is rare under the nearest law of every family."""
    floor = 0.5
    critical = floor
    for key, kept in laws.items():
        nearest = kept.probs[int((kept.logs @ alternative).argmax())]
        simulated = draw(nearest, _CRITICAL, 3, key)
        evidence = _ratio(kept, simulated) if key[1] == "gaussian" else _evidence(laws, key, simulated, floor)
        critical = max(critical, float(np.quantile(evidence, 1 - _LEVEL)))
    first = list(laws)[-1]
    return float((_evidence(laws, first, draw(alternative, _POWER, 4), critical) > critical).mean())
